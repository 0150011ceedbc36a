//! The proof that the private key in a directory is the one whose public half gets published.

use super::in_file;
use crate::directory::{Directory, FileError};
use crate::render::Files;
use crate::token::{self, TokenError};
use std::thread::{Builder, JoinHandle};
use sts_schemas::cluster::IssuerUrl;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::layout;
use zeroize::Zeroizing;

/// A token that is being signed with a directory's private key, while other work goes on.
///
/// An RSA-4096 signature takes longer than all else that a small cluster needs.
pub(crate) struct BegunProof {
    key: Zeroizing<Vec<u8>>,
    issuer: String,
    signing: JoinHandle<Result<String, TokenError>>,
}

impl BegunProof {
    /// Begins it, where there is a key and a thread for it; what was not begun is done when it is needed.
    pub(crate) fn begin(directory: &Directory, issuer: &IssuerUrl) -> Result<Option<Self>, Failure> {
        let Some(key) = read(directory, layout::PRIVATE_KEY)? else { return Ok(None) };
        let issuer = issuer.to_string();
        let theirs = (key.clone(), issuer.clone());
        let signing = Builder::new().spawn(move || sign(&theirs.0, &theirs.1));
        Ok(signing.ok().map(|signing| Self { key, issuer, signing }))
    }

    /// The token, if it is one of this key and issuer.
    fn token(self, key: &[u8], issuer: &str) -> Option<Result<String, TokenError>> {
        let is_meant = self.key.as_slice() == key && self.issuer == issuer;
        self.signing.join().ok().filter(|_| is_meant)
    }
}

/// The documents by which a token is verified.
pub(crate) struct Published {
    discovery: Vec<u8>,
    keys: Vec<u8>,
}

impl Published {
    /// Those among files.
    pub(crate) fn of(files: &Files) -> Self {
        let published = |path: &str| files.get(path).cloned().unwrap_or_default();
        Self { discovery: published(layout::DISCOVERY), keys: published(layout::KEYS) }
    }

    /// Holds the private keys in a directory, where there are any, against these documents.
    ///
    /// # Errors
    /// When one of them is another cluster's, or no key.
    pub(crate) fn prove_keys(
        &self,
        directory: &Directory,
        mut begun: Option<BegunProof>,
    ) -> Result<(), Failure> {
        let mut proven = None;
        for path in [layout::PRIVATE_KEY, layout::TLS_KEY] {
            let Some(key) = read(directory, path)? else { continue };
            // Both are the same key in two places, as a rule.
            if proven.as_ref() == Some(&key) {
                continue;
            }
            self.prove(&key, begun.take()).map_err(|error| {
                in_file(&directory.path().join(path), error)
                    .hint("the cluster would get no credentials: put the right key there, or move it away")
            })?;
            proven = Some(key);
        }
        Ok(())
    }

    fn prove(&self, key: &[u8], begun: Option<BegunProof>) -> Result<(), TokenError> {
        let issuer = token::issuer(&self.discovery)?;
        let token = begun.and_then(|begun| begun.token(key, &issuer));
        token::verify(&token.unwrap_or_else(|| sign(key, &issuer))?, &issuer, &self.keys)
    }
}

fn sign(key: &[u8], issuer: &str) -> Result<String, TokenError> {
    token::sign(std::str::from_utf8(key).unwrap_or_default(), issuer)
}

fn read(directory: &Directory, path: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let read = directory.read(path).map_err(|error: FileError| Failure::new(Exit::Failed, error))?;
    Ok(read.map(Zeroizing::new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pkcs1::{EncodeRsaPrivateKey as _, LineEnding};
    use spki::EncodePublicKey as _;
    use sts_schemas::oidc::{DiscoveryDocument, Jwk, Jwks};

    /// A private key, and the documents that publish its public half.
    fn pair(issuer: &IssuerUrl) -> (String, Published) {
        let key = crate::key::make_rsa(2048).unwrap();
        let public = key.to_public_key().to_public_key_pem(LineEnding::LF).unwrap();
        let keys = Jwks { keys: vec![Jwk::of_pem(&public).unwrap()] };
        let discovery = serde_json::to_vec(&DiscoveryDocument::of(issuer)).unwrap();
        let published = Published { discovery, keys: serde_json::to_vec(&keys).unwrap() };
        (key.to_pkcs1_pem(LineEnding::LF).unwrap().to_string(), published)
    }

    #[test]
    fn a_proof_is_of_the_key_that_is_there_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::claim(folder.path()).unwrap();
        let issuer = "https://oidc.example.org".parse().unwrap();
        let ((ours, published), (theirs, _)) = (pair(&issuer), pair(&issuer));
        assert!(BegunProof::begin(&directory, &issuer).unwrap().is_none());

        let put = |key: &str| directory.write(layout::PRIVATE_KEY, key.as_bytes()).unwrap();
        put(&ours);
        let proof_of = |issuer: &IssuerUrl| BegunProof::begin(&directory, issuer).unwrap();
        let elsewhere = "https://elsewhere.example.org".parse().unwrap();
        for begun in [None, proof_of(&issuer), proof_of(&elsewhere)] {
            published.prove_keys(&directory, begun).unwrap();
        }
        let begun = proof_of(&issuer);
        put(&theirs);
        for begun in [None, begun, proof_of(&issuer)] {
            let refused = published.prove_keys(&directory, begun).unwrap_err();
            let told = format!("{refused:?}");
            assert!(told.contains("OtherKey"), "{told}");
        }
    }
}
