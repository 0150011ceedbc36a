//! Finding the PEM block in a file that may begin with comments. Source: RFC 7468, section 2.

use super::KeyError;

/// The label of the first PEM block of a text.
pub(super) fn label(pem: &str) -> Result<&str, KeyError> {
    let start = pem.find("-----BEGIN ").ok_or(KeyError::NotPem)? + "-----BEGIN ".len();
    let end = pem[start..].find("-----").ok_or(KeyError::NotPem)?;
    Ok(&pem[start..start + end])
}

/// The block itself, without comments before it.
pub(super) fn block(pem: &str) -> Result<&str, KeyError> {
    Ok(&pem[pem.find("-----BEGIN ").ok_or(KeyError::NotPem)?..])
}
