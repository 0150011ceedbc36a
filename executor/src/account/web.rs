//! How requests travel: whose certificates count, and which proxy stands in between.

use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector, proxy::ProxyConfig};
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpClient};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::byte_stream::ByteStream;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::error::Error;
use std::time::Duration;

/// Whose certificates count for the other side of a TLS connection.
#[derive(Debug, Clone, Default)]
pub enum Roots {
    /// Those that this machine trusts.
    #[default]
    System,
    /// Those of one file and no others, as the AWS CLI does with its `ca_bundle`.
    Only(CertificateBundle),
}

/// PEM text in which every block is a certificate that can be trusted as a root.
#[derive(Debug, Clone)]
pub struct CertificateBundle(Vec<u8>);

/// A file that is no bundle of certificates.
#[derive(Debug, thiserror::Error)]
pub enum NoCertificates {
    /// More bytes than a bundle of certificates has.
    #[error("it has more than {} bytes", CertificateBundle::LONGEST)]
    TooLong,
    /// A block that is not PEM.
    #[error("block {0} is no PEM")]
    BadPem(usize, #[source] rustls::pki_types::pem::Error),
    /// A block that is no certificate.
    #[error("block {0} is no certificate that can be trusted as a root")]
    BadCertificate(usize, #[source] rustls::Error),
    /// No block at all.
    #[error("it holds no certificate in PEM form")]
    Empty,
}

impl CertificateBundle {
    /// Twenty times what operating systems ship with.
    const LONGEST: usize = 4 << 20;

    /// Checks PEM text. The TLS library would skip what it cannot read, or panic.
    ///
    /// # Errors
    /// When there is no certificate, or something else among them.
    pub fn from_pem(pem: Vec<u8>) -> Result<Self, NoCertificates> {
        if pem.len() > Self::LONGEST {
            return Err(NoCertificates::TooLong);
        }
        let mut roots = RootCertStore::empty();
        for (index, certificate) in CertificateDer::pem_slice_iter(&pem).enumerate() {
            let certificate = certificate.map_err(|error| NoCertificates::BadPem(index + 1, error))?;
            roots.add(certificate).map_err(|error| NoCertificates::BadCertificate(index + 1, error))?;
        }
        if roots.is_empty() { Err(NoCertificates::Empty) } else { Ok(Self(pem)) }
    }
}

impl Roots {
    /// What every client of the SDK sends its requests with; proxies are those of the environment.
    pub(super) fn client(&self) -> SharedHttpClient {
        let context = self.context();
        Builder::new().build_with_connector_fn(move |settings, components| {
            let mut builder = Connector::builder().proxy_config(ProxyConfig::from_env());
            builder.set_connector_settings(settings.cloned());
            builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
            builder.tls_provider(TLS).tls_context(context.clone()).build()
        })
    }

    fn context(&self) -> TlsContext {
        let store = match self {
            Self::System => TrustStore::default(),
            Self::Only(CertificateBundle(pem)) => TrustStore::empty().with_pem_certificate(pem.clone()),
        };
        // Only a store that failed to load can make this fail, and these do not load.
        TlsContext::builder().with_trust_store(store).build().unwrap_or_default()
    }
}

const TLS: Provider = Provider::Rustls(CryptoMode::Ring);

/// A reader of public documents, over the same connections as calls to AWS but without credentials.
#[derive(Debug)]
pub struct Web(Connector);

/// A document that could not be had.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The URL is none.
    #[error("{0} is no URL")]
    BadUrl(String),
    /// Nobody answered, or not in time.
    #[error("there was no answer: {0}")]
    NoAnswer(String),
    /// Something else than the document was answered.
    #[error("the answer was HTTP {0}")]
    Status(u16),
    /// More than a document of this kind has.
    #[error("the answer has more than {} bytes", Web::LONGEST)]
    TooLong,
}

impl Web {
    /// Many times what discovery documents and key sets have.
    const LONGEST: usize = 1 << 20;

    /// How long one document may take.
    const PATIENCE: Duration = Duration::from_secs(10);

    /// A reader that trusts these certificates.
    #[must_use]
    pub fn trusting(roots: &Roots) -> Self {
        let builder = Connector::builder().proxy_config(ProxyConfig::from_env());
        Self(builder.tls_provider(TLS).tls_context(roots.context()).build())
    }

    /// Fetches the bytes at a URL; redirections count as failures.
    ///
    /// # Errors
    /// When they cannot be had, or are too many.
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, WebError> {
        let late = |_| WebError::NoAnswer(format!("{} seconds have passed", Self::PATIENCE.as_secs()));
        tokio::time::timeout(Self::PATIENCE, self.fetch(url)).await.map_err(late)?
    }

    async fn fetch(&self, url: &str) -> Result<Vec<u8>, WebError> {
        let mut request = HttpRequest::empty();
        request.set_uri(url).map_err(|_| WebError::BadUrl(url.to_owned()))?;
        let answer = self.0.call(request).await.map_err(|error| WebError::NoAnswer(causes(&error)))?;
        let status = answer.status().as_u16();
        if status != 200 {
            return Err(WebError::Status(status));
        }
        let mut body = ByteStream::new(answer.into_body());
        let mut bytes = Vec::new();
        while let Some(chunk) = body.next().await {
            bytes.extend_from_slice(&chunk.map_err(|error| WebError::NoAnswer(causes(&error)))?);
            if bytes.len() > Self::LONGEST {
                return Err(WebError::TooLong);
            }
        }
        Ok(bytes)
    }
}

/// The error and what caused it, on one line.
fn causes(error: &dyn Error) -> String {
    let mut texts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        texts.push(cause.to_string());
        next = cause.source();
    }
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate authority made for tests; its key is gone.
    const ROOT: &str = include_str!("../../tests/root.pem");

    #[test]
    fn certificates_are_taken_with_comments_around_them() {
        assert!(CertificateBundle::from_pem(ROOT.into()).is_ok());
        assert!(CertificateBundle::from_pem(format!("# Ours\n{ROOT}\n# Again\n{ROOT}").into()).is_ok());
    }

    #[test]
    fn what_is_no_certificate_is_refused_for_the_right_reason() {
        let broken = ROOT.replacen("MI", "MA", 1);
        let verdict = |pem: &str| match CertificateBundle::from_pem(pem.into()) {
            Ok(_) => "taken",
            Err(NoCertificates::TooLong) => "too long",
            Err(NoCertificates::BadPem(..)) => "no PEM",
            Err(NoCertificates::BadCertificate(..)) => "no certificate",
            Err(NoCertificates::Empty) => "empty",
        };
        for (pem, expected) in [
            ("", "empty"),
            ("not a certificate", "empty"),
            ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "empty"),
            (&format!("{ROOT}-----BEGIN CERTIFICATE-----\n@@@@\n-----END CERTIFICATE-----\n"), "no PEM"),
            (&broken, "no certificate"),
            (&format!("{ROOT}{broken}"), "no certificate"),
            (&"x".repeat(CertificateBundle::LONGEST + 1), "too long"),
        ] {
            assert_eq!(verdict(pem), expected, "{pem:.40}");
        }
    }
}
