//! The report of a verification as text, for a file that a person signs off.

use super::plan::account_and_issuer;
use super::wrap::{cut, hanging, wrapped};
use super::{printable, utc};
use std::fmt::Write as _;
use sts_schemas::open::OpenValue;
use sts_schemas::report::{Report, ReportVerdict, ReportedBundle};

/// The first lines that reports have as text.
pub(crate) const HEADS: [&str; 3] = [
    "VERIFIED",
    "REJECTED: this bundle is not to be used",
    "NOT VERIFIED: no trusted key was given, so nothing was checked",
];

/// The report as text.
#[must_use]
pub fn text(report: &Report) -> String {
    let [verified, rejected, not_verified] = HEADS;
    let mut out = match report.verdict {
        ReportVerdict::Verified => format!("{verified}\n"),
        ReportVerdict::Rejected => format!("{rejected}\n"),
        ReportVerdict::NotVerified => format!("{not_verified}\n"),
    };
    for line in report.rejected.iter().flatten() {
        out.push_str(&wrapped("  ", &printable(line)));
    }
    out.push_str("\nfile\n");
    line(&mut out, "  name", &report.file.name);
    line(&mut out, "  length", &format!("{} bytes", report.file.length));
    line(&mut out, "  SHA-256", report.file.sha256.as_str());
    if report.file.goes_on {
        line(
            &mut out,
            "",
            "of these bytes; the file goes on behind them, longer than any bundle, and was read no further",
        );
    }
    out.push_str("\nchecked\n");
    line(&mut out, "  at", &utc(report.verified_at));
    line(&mut out, "  by", &format!("{} {}", report.verified_by.name, report.verified_by.version));
    line(
        &mut out,
        "  against",
        &match report.trusted_keys.len() {
            1 => format!("1 trusted key, {} must have signed", report.threshold),
            keys => format!("{keys} trusted keys, {} must have signed", report.threshold),
        },
    );
    for key in &report.trusted_keys {
        let until = key.expires.map_or_else(String::new, |end| format!(", counts until {}", utc(end)));
        let signed = if key.signed { "signed" } else { "did not sign" };
        line(&mut out, "  key", key.key.as_str());
        line(&mut out, "", &format!("{}, {signed}{until}", key.kind));
    }
    for flag in &report.overridden {
        line(&mut out, "  let pass", flag);
    }
    if !report.warnings.is_empty() {
        out.push_str("\nWARNINGS\n");
        for warning in &report.warnings {
            out.push_str(&wrapped("  ", &printable(warning)));
        }
    }
    if let Some(bundle) = &report.bundle {
        let _ = writeln!(out, "\nWhat holds (sections of FORMAT.md)");
        for (number, check) in report.checks.iter().enumerate() {
            out.push_str(&wrapped("  ", &format!("{}. {check}", number + 1)));
        }
        describe(&mut out, bundle);
    }
    out
}

fn line(out: &mut String, name: &str, value: &str) {
    out.push_str(&hanging(&format!("{name:<11}"), "             ", &printable(value)));
}

fn describe(out: &mut String, bundle: &ReportedBundle) {
    let cluster = &bundle.cluster;
    out.push_str("\nbundle\n");
    line(out, "  digest", bundle.digest.as_str());
    line(out, "  cluster", cluster.name.as_str());
    let (account, issuer) = account_and_issuer(cluster);
    line(out, "  account", &format!("{account} in {} ({})", cluster.region, cluster.partition));
    line(out, "  issuer", &issuer);
    line(
        out,
        "  made",
        &format!("{} by {} {}", utc(bundle.generation), bundle.made_by.name, bundle.made_by.version),
    );
    for key in &bundle.unknown_signatures {
        line(out, "  unknown", key.as_str());
    }
    for key in &bundle.token_keys {
        line(out, "  tokens", key.sha256.as_str());
        line(out, "", &format!("signed with the key of this SHA-256, kid {}", key.kid));
    }
    let _ = writeln!(out, "\nAWS resources");
    for address in &bundle.resources {
        let address = OpenValue::ALL.into_iter().fold(address.clone(), |text, value| {
            text.replace(value.token(), &format!("(open: the {value})"))
        });
        let _ = writeln!(out, "  {}", printable(&address));
    }
    let _ = writeln!(out, "\nFiles");
    for file in &bundle.files {
        let _ = writeln!(out, "  {:>7}  {}", file.length, cut(11, "             ", &printable(&file.path)));
        let _ = writeln!(out, "           {}", file.sha256);
    }
}
