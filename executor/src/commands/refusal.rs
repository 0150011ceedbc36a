//! From an error to what the person is told: exit code and advice.

use crate::account::{AccountError, AccountErrorKind};
use crate::plan::PlanRefused;
use crate::session::Session;
use std::path::Path;
use sts_schemas::aws::RoleName;
use sts_schemas::bundle::{Verdict, VerifyError};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::open::BindError;
use sts_schemas::signature::{KEY_FOLDER, SignatureError, TrustError};

/// An older bundle that was rejected.
#[derive(Debug, thiserror::Error)]
#[error("the older bundle {path} is not compared")]
struct PreviousRejected {
    path: String,
    #[source]
    source: VerifyError,
}

/// A bundle that was rejected.
pub(super) fn of_bundle(error: VerifyError) -> Failure {
    let (exit, hint) = advice_on_bundle(&error);
    let failure = Failure::new(exit, error);
    if let Some(hint) = hint { failure.hint(hint) } else { failure }
}

/// The same of one that was given to be compared with.
pub(super) fn of_previous(path: &Path, source: VerifyError) -> Failure {
    let (exit, _) = advice_on_bundle(&source);
    Failure::new(exit, PreviousRejected { path: path.display().to_string(), source })
        .hint("give a bundle that was taken before, or leave --previous out")
}

fn advice_on_bundle(error: &VerifyError) -> (Exit, Option<&'static str>) {
    if matches!(error, VerifyError::Unreadable(_)) {
        return (Exit::Failed, None);
    }
    let hint = match error.verdict() {
        Verdict::NotABundle => "fetch the bundle again, and compare its SHA-256 with the author's",
        Verdict::Untrusted => of_untrusted(error),
        Verdict::Inconsistent => "tell the author: the bundle must be made anew",
        Verdict::Unsupported => "use the version of this program that belongs to the bundle",
    };
    (Exit::BundleRejected, Some(hint))
}

/// What to do about a bundle that is not as somebody trusted signed it.
fn of_untrusted(error: &VerifyError) -> &'static str {
    match error {
        VerifyError::Untrusted { unknown, .. } if unknown.is_empty() => {
            "do not apply it; have the bundle signed by as many of the trusted keys as --threshold asks for"
        }
        VerifyError::Untrusted { .. } => {
            "do not apply it; ask the author which key signed it, and give that key with --trusted-key"
        }
        VerifyError::BadSignature { source: SignatureError::Expired { .. }, .. } => {
            "ask the author to sign it anew; --allow-expired takes it as it is, and that is recorded"
        }
        VerifyError::BadSignature { source: SignatureError::OtherKeyId { .. }, .. } => {
            "do not apply it; tell the author: the key is the right one, and must sign the bundle anew"
        }
        VerifyError::BadSignature { .. } => {
            "do not apply it; the signature was changed, or the key did not make it: fetch the bundle again"
        }
        VerifyError::OtherManifest { .. } => {
            "do not apply it; the manifest was changed after it was signed, or the signature is from another bundle: \
             fetch the bundle again"
        }
        VerifyError::FilesDiffer(_) => {
            "do not apply it; files were changed after the bundle was signed: fetch the bundle again"
        }
        VerifyError::ClaimsDiffer { .. } => {
            "do not apply it; tell the author: the signature is by the right key, and contradicts the bundle"
        }
        _ => "do not apply it; ask the author for the bundle with their signature",
    }
}

/// Nobody to trust, or too few.
pub(super) fn of_trust(error: TrustError, session: &Session<'_>) -> Failure {
    let folder = session.surroundings.configuration.as_ref().map(|folder| folder.join(KEY_FOLDER));
    match error {
        TrustError::NoKey => Failure::new(Exit::BundleRejected, error).hint(match folder {
            Some(folder) => {
                format!("give --trusted-key FILE, or put the author's FILE.pub into {}", folder.display())
            }
            None => "give --trusted-key FILE".into(),
        }),
        TrustError::ThresholdTooHigh { .. } => Failure::new(Exit::Usage, error)
            .hint("give --trusted-key once for each key, or a lower --threshold"),
    }
}

/// A call to AWS that failed before anything was changed.
pub(super) fn of_account(error: AccountError) -> Failure {
    let hint = advice(&error);
    let exit = if error.kind == AccountErrorKind::Foreign { Exit::Foreign } else { Exit::Failed };
    let failure = Failure::new(exit, error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// What to do about it, as the beginning of a sentence; nothing where there is no telling.
pub(super) fn advice(error: &AccountError) -> Option<String> {
    const POLICY: &str = "`sts-executor permissions BUNDLE --for plan|apply|delete` prints a policy";
    let permission = error.permission();
    Some(match error.kind {
        AccountErrorKind::AccessDenied if permission.starts_with("cloudfront:List") => format!(
            "the credentials in use need the permission {permission}; {POLICY}: the one for delete has it wherever there is \
             CloudFront, the others where the bundle is behind it"
        ),
        AccountErrorKind::AccessDenied => format!(
            "the credentials in use need the permission {permission}; {POLICY} with all that is needed"
        ),
        AccountErrorKind::DeniedAbove => format!(
            "no policy for the credentials in use helps here: ask whoever made the denial to except {permission} on {}",
            error.on
        ),
        AccountErrorKind::Certificate => {
            "where a proxy signs certificates of its own, give its root as a PEM file with --ca-bundle or AWS_CA_BUNDLE"
                .into()
        }
        AccountErrorKind::Credentials => "give credentials as the AWS CLI takes them: AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or a role of this machine; log in again where they expired"
            .into(),
        AccountErrorKind::NoProfile => {
            "`aws configure list-profiles` prints the profiles there are: set AWS_PROFILE to one of them, or unset it to \
             take credentials from elsewhere"
                .into()
        }
        AccountErrorKind::Busy => {
            "AWS is busy: run the same command again later, or raise --call-attempts and --retry-budget".into()
        }
        AccountErrorKind::Unreachable => {
            "look at the network, at HTTPS_PROXY, and at AWS_ENDPOINT_URL and the profile's endpoint_url; \
             where another host than AWS's is meant, give --allow-foreign-endpoints"
                .into()
        }
        AccountErrorKind::Intercepted => {
            "whatever stands between here and AWS answered instead: ask those who run the proxy to let these calls through, \
             and look at HTTPS_PROXY, NO_PROXY, AWS_ENDPOINT_URL and the profile's endpoint_url"
                .into()
        }
        AccountErrorKind::Unlogged => {
            "make room where the log is, or give --log another FILE: no call is made that cannot be written down".into()
        }
        AccountErrorKind::HostTaken => "another distribution of CloudFront answers for the issuer's host: give the host up there, or \
             ask the author for a bundle with another --issuer-url"
            .into(),
        AccountErrorKind::InUse => "take it out of whatever uses it".into(),
        AccountErrorKind::Quota => {
            "ask AWS to raise the quota, or remove what the account no longer needs".into()
        }
        AccountErrorKind::Foreign if error.call == "s3:CreateBucket" => {
            "all accounts of AWS share the names of buckets: ask the author for a bundle with another bucket, or find out \
             who of yours has this one"
                .into()
        }
        AccountErrorKind::Foreign => {
            "plan again: something that is not the cluster's has come in the way".into()
        }
        AccountErrorKind::Overtaken => "plan again, and look at what somebody else changed".into(),
        AccountErrorKind::Other => return None,
    })
}

/// Values that do not fit what a bundle leaves open.
pub(super) fn of_binding(error: BindError) -> Failure {
    Failure::new(Exit::BundleRejected, error)
        .hint("tell the author: the bundle must be made anew for this account")
}

/// No plan could be right.
pub(super) fn of_plan(error: PlanRefused) -> Failure {
    if let PlanRefused::Fronted { cluster, .. } = &error {
        let hint = format!(
            "nothing was deleted; put the tag {} = owned on the distribution (aws cloudfront tag-resource) and run this \
             again: it then goes with the rest, and its origin access identity too",
            cluster.ownership_tag()
        );
        return Failure::new(Exit::Foreign, error).hint(hint);
    }
    if let PlanRefused::Lent { lent } = &error {
        let out = |(role, profile): (&RoleName, &String)| {
            format!(
                "\n  aws iam remove-role-from-instance-profile --role-name {role} --instance-profile-name {profile}"
            )
        };
        let pairs = lent.iter().flat_map(|(role, profiles)| profiles.iter().map(move |one| (role, one)));
        let hint = format!(
            "nothing was deleted; find out what runs with the role, and take it out:{}",
            pairs.map(out).collect::<String>()
        );
        return Failure::new(Exit::Foreign, error).hint(hint);
    }
    let (exit, hint) = match &error {
        PlanRefused::WrongAccount { .. } => {
            (Exit::Failed, "use credentials of the cluster's account, as with AWS_PROFILE")
        }
        PlanRefused::Older { .. } => (
            Exit::BundleRejected,
            "take the newer bundle; if going back is what you want, or the date that the account holds never was, as a \
             wrong clock or a stolen key makes it, say so with --roll-back",
        ),
        PlanRefused::OfOneGeneration { .. } => (
            Exit::BundleRejected,
            "ask the author which of the two is meant, and for one of a later generation; if this one is to take the \
             other's place as it is, say so with --roll-back",
        ),
        PlanRefused::Immovable { .. } => (
            Exit::Failed,
            "remove the resource yourself once nothing uses it any more, then run this again: it is made anew",
        ),
        PlanRefused::OtherRegion { .. } => (
            Exit::Failed,
            "nothing was deleted; if that cluster is meant, name its region, or give its own bundle",
        ),
        PlanRefused::AdoptUnwanted { .. } => {
            (Exit::Usage, "`plan` lists the foreign addresses to adopt from")
        }
        PlanRefused::Veiled { .. } => (
            Exit::Failed,
            "nothing was deleted; the credentials need the permission s3:GetBucketLocation there, or s3:ListAllMyBuckets \
             to see that it is another account's; `sts-executor permissions BUNDLE --for delete` prints a policy with \
             all that is needed",
        ),
        PlanRefused::Fronted { .. } | PlanRefused::Lent { .. } | PlanRefused::Leftovers { .. } => (
            Exit::Foreign,
            "nothing was deleted; remove these objects yourself, or let them go with the bucket: --force-bucket",
        ),
    };
    Failure::new(exit, error).hint(hint)
}
