//! What a bundle is, in lines of a name and a value: the head of every way to show one.

use super::KNOWN_AFTER_APPLY;
use super::plan::account_and_issuer;
use super::verification::claims;
use super::{printable, utc};
use sts_schemas::bundle::VerifiedBundle;
use sts_schemas::cluster::Hosting;
use sts_schemas::contents::PrivateKeyForm;
use sts_schemas::open::OpenValue;

/// Who the bundle is for, who made it and who signed it.
pub(super) fn facts(bundle: &VerifiedBundle) -> Vec<(&'static str, String)> {
    let manifest = bundle.manifest();
    let cluster = &manifest.cluster;
    let (account, issuer) = account_and_issuer(cluster);
    let tool = format!("{} {}", manifest.tool.name, manifest.tool.version);
    let mut facts = vec![
        ("bundle", bundle.digest().to_string()),
        ("cluster", cluster.name.to_string()),
        ("account", format!("{account} in {} ({})", cluster.region, cluster.partition)),
        ("issuer", issuer),
        ("hosting", hosting(&cluster.hosting)),
        ("made", format!("{} by {tool}", utc(manifest.generation))),
        ("generation", manifest.generation.to_string()),
    ];
    if let Some(former) = &cluster.former {
        let kept = format!("{}, {}: still trusted, and kept", former.issuer, hosting(&former.hosting));
        let in_use = open_places_named(bundle, bundle.contents().issuer_in_use().as_str());
        facts.extend([("former", kept), ("tokens of", in_use)]);
    }
    for signer in bundle.signers() {
        facts.push(("signed by", signer.key.to_string()));
        facts.push(("key type", signer.kind.to_string()));
        facts.extend(claims(signer.holder.as_ref()).map(|claim| ("claimed", claim)));
    }
    facts.extend(bundle.unknown_signatures().iter().map(|key| ("unknown key", key.to_string())));
    for key in &bundle.outline().token_keys {
        facts.extend([("token key", key.sha256.to_string()), ("its kid", key.kid.clone())]);
    }
    for (path, form) in bundle.private_keys() {
        let form = private_key_form(*form);
        facts.push(("key inside", format!("the cluster's private key, {form}, in {path}")));
    }
    facts.into_iter().map(|(name, value)| (name, printable(&value))).collect()
}

/// How a private key lies in a bundle, in words.
pub(super) fn private_key_form(form: PrivateKeyForm) -> &'static str {
    match form {
        PrivateKeyForm::Plaintext => "IN PLAIN TEXT",
        PrivateKeyForm::Encrypted => "encrypted",
    }
}

fn hosting(hosting: &Hosting) -> String {
    match hosting {
        Hosting::PublicBucket { bucket } => format!("public S3 bucket {bucket}"),
        Hosting::PrivateBucket { bucket, .. } => format!("private S3 bucket {bucket} behind CloudFront"),
        Hosting::SharedBucket { bucket, path } => format!("the path {path} in S3 bucket {bucket}"),
        Hosting::Elsewhere => "a web server of the author's".to_owned(),
    }
}

/// A text with words in the places that the bundle leaves open.
pub(super) fn open_places_named(bundle: &VerifiedBundle, text: &str) -> String {
    places_named(&bundle.manifest().cluster.open(), text)
}

/// A text with words in the places of these values.
pub(super) fn places_named(open: &[OpenValue], text: &str) -> String {
    open.iter().fold(text.to_owned(), |text, value| {
        let words = match value {
            OpenValue::Account => "(any account)",
            OpenValue::Issuer => KNOWN_AFTER_APPLY,
        };
        text.replace(value.stand_in(), words)
    })
}
