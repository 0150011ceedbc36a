//! The issuer that a living cluster is moved away from.

use super::{Cluster, Hosting, IssuerUrl, hosting};
use crate::open::OpenValue;
use crate::text::InvalidText;
use serde::{Deserialize, Serialize};

/// The issuer that a living cluster is moved away from: while a bundle names it, tokens of it count beside those of
/// the cluster's own.
///
/// A bundle wants nothing of what serves it, and has it stay as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormerIssuer {
    /// Who serves its documents.
    pub hosting: Hosting,
    /// The issuer; it is never open.
    pub issuer: IssuerUrl,
}

impl Cluster {
    /// The cluster with the issuer that it is moved away from, where it is moved.
    #[must_use]
    pub fn before_move(&self) -> Option<Self> {
        let FormerIssuer { hosting, issuer } = self.former.clone()?;
        Some(Self { hosting, issuer, former: None, ..self.clone() })
    }
}

/// Holds the former issuer against the cluster: it could be the cluster's own, and is another than that.
pub(super) fn check(cluster: &Cluster) -> Result<(), InvalidText> {
    let Some(before) = cluster.before_move() else { return Ok(()) };
    let wrong =
        |rule: String| InvalidText::new("former issuer of this cluster", before.issuer.as_str(), rule);
    if before.open().contains(&OpenValue::Issuer) {
        return Err(wrong("whoever made its bundle knows it by now".into()));
    }
    if before.issuer == cluster.issuer {
        return Err(wrong("it is the cluster's issuer".into()));
    }
    hosting::check(&before)?;
    // A bucket of the cluster's own serves one issuer: its documents and its switches are that one's.
    let is_own =
        |cluster: &Cluster| !matches!(cluster.hosting, Hosting::SharedBucket { .. } | Hosting::Elsewhere);
    match before.bucket().filter(|bucket| cluster.bucket() == Some(*bucket)) {
        Some(bucket) if is_own(&before) || is_own(cluster) => {
            Err(wrong(format!("its bucket {bucket} would serve the cluster's issuer too")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(own: &str, former: &str) -> Result<Cluster, String> {
        let text = format!(
            r#"{{"name":"demo","account":"123456789012","partition":"aws","region":"eu-west-1",{own},"former":{{{former}}}}}"#
        );
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }

    const ELSEWHERE: &str = r#""hosting":{"kind":"elsewhere"},"issuer":"https://oidc.example.org""#;
    const PUBLIC: &str = r#""hosting":{"kind":"public-bucket","bucket":"demo-oidc"},"issuer":"https://demo-oidc.s3.eu-west-1.amazonaws.com""#;
    const PRIVATE: &str =
        r#""hosting":{"kind":"private-bucket","bucket":"demo-oidc"},"issuer":"https://d1.cloudfront.net""#;

    fn shared(path: &str) -> String {
        format!(
            r#""hosting":{{"kind":"shared-bucket","bucket":"demo-oidc","path":"{path}"}},"issuer":"https://demo-oidc.s3.eu-west-1.amazonaws.com/{path}""#
        )
    }

    #[test]
    fn a_cluster_is_moved_between_any_two_issuers_that_do_not_get_into_each_others_way() {
        for (own, former) in
            [(ELSEWHERE, PUBLIC), (PUBLIC, ELSEWHERE), (PRIVATE, ELSEWHERE), (&shared("a"), &shared("b"))]
        {
            let cluster = moved(own, former).unwrap();
            let before = cluster.before_move().unwrap();
            assert_eq!((&before.name, before.before_move()), (&cluster.name, None));
            assert_ne!(before.provider_arn(), cluster.provider_arn());
        }
        for (own, former, why) in [
            (ELSEWHERE, ELSEWHERE, "it is the cluster's issuer"),
            (PRIVATE, PUBLIC, "its bucket demo-oidc would serve"),
            (PUBLIC, PRIVATE, "its bucket demo-oidc would serve"),
            (PUBLIC, &shared("a"), "its bucket demo-oidc would serve"),
            (ELSEWHERE, &PUBLIC.replace("eu-west-1", "eu-west-2"), "is served as"),
            (ELSEWHERE, &PRIVATE.replace("d1.cloudfront.net", "${issuer}"), "is no issuer URL"),
            (ELSEWHERE, &PRIVATE.replace("d1.cloudfront.net", "known-after-apply.invalid"), "by now"),
            (ELSEWHERE, &format!("{PUBLIC},\"more\":1"), "unknown field"),
        ] {
            let error = moved(own, former).unwrap_err();
            assert!(error.contains(why), "{own} {former}: {error}");
        }
    }
}
