//! `sts-generator check-cluster`: a running cluster against its bundle, offline.

use super::trust::{BundleArgs, ExecutorArgs, Reading};
use super::{as_json, in_file, print_line};
use crate::living::{Dump, DumpError, Expectation, check};
use clap::{Args, ValueEnum};
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use sts_schemas::bundle::VerifiedBundle;
use sts_schemas::cluster_report::{Check, ClusterReport, Finding};
use sts_schemas::contents::Contents;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::manifest::{SchemaVersion, Tool};
use sts_schemas::open::{Bound, OpenValue};
use sts_schemas::terminal::printable;

/// Say whether a running cluster uses the roles of its bundle, and no long-lived key.
///
/// Give what `oc get secrets -A -o json` and `oc get authentication cluster -o json` printed, in files or
/// through a pipe (-). Looked at: the administrator's Secret kube-system/aws-creds is absent, every Secret of
/// the bundle names its role and its token file, no Secret of the platform holds a long-lived key, and the
/// issuer is the bundle's. No value of a Secret is printed but a role's ARN. Exit code 0: all is well; 1: not.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  oc get secrets -A -o json > secrets.json
  oc get authentication cluster -o json > issuer.json
  sts-generator check-cluster --bundle BUNDLE \\
      --trusted-key author.key.pub secrets.json issuer.json")]
pub struct CheckCluster {
    #[command(flatten)]
    bundle: BundleArgs,
    /// The receipt of the apply, for a bundle that left values open.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    #[command(flatten)]
    executor: ExecutorArgs,
    /// How the report is written to standard output.
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    format: ReportFormat,
    /// What oc printed; - is standard input.
    #[arg(value_name = "FILE", required = true)]
    dumps: Vec<PathBuf>,
}

/// Who reads the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// People.
    Text,
    /// Programs: see schemas/json/cluster-report.schema.json.
    Json,
}

#[derive(Debug, thiserror::Error)]
enum CheckClusterError {
    #[error("the bundle leaves the {0} open, and only the receipt of its apply tells it")]
    Open(OpenValue),
    #[error("{failed} of {all} checks did not go well")]
    Unsound { failed: usize, all: usize },
}

impl CheckCluster {
    pub(crate) fn run(&self, reading: Reading<'_>) -> Result<(), Failure> {
        let bundle = self.bundle.verified(reading)?;
        let contents = self.contents(&bundle)?;
        let failed = |error| Failure::new(Exit::Failed, error);
        let cluster = &contents.desired.cluster;
        let expectation =
            Expectation::of(contents.issuer_in_use(), &contents.installer_manifests).map_err(|error| {
                Failure::new(Exit::Failed, error).hint("the bundle's manifests were edited; make it anew")
            })?;
        let mut dump = Dump::default();
        for path in &self.dumps {
            read(path, &mut dump)?;
        }
        let (checks, notes) = check(&expectation, &dump);
        let report = ClusterReport {
            schema_version: SchemaVersion::CURRENT,
            tool: Tool { name: "sts-generator".into(), version: env!("CARGO_PKG_VERSION").into() },
            bundle: bundle.digest().clone(),
            cluster: cluster.name.clone(),
            account: cluster.account.clone(),
            issuer: contents.issuer_in_use().clone(),
            sound: checks.iter().all(|check| check.finding == Finding::Sound),
            checks,
            notes,
        };
        match self.format {
            ReportFormat::Text => print_line(text(&report).trim_end())?,
            ReportFormat::Json => print_line(&as_json(&report)?)?,
        }
        if report.sound {
            return Ok(());
        }
        let wrong = report.checks.iter().filter(|check| check.finding != Finding::Sound).count();
        Err(failed(CheckClusterError::Unsound { failed: wrong, all: report.checks.len() }))
    }

    /// What the bundle hands on, with the receipt's values where it left any open.
    fn contents(&self, bundle: &VerifiedBundle) -> Result<Contents, Failure> {
        if let Some(path) = &self.receipt {
            let receipt = self.executor.receipt(path)?;
            return receipt.complete(bundle).map_err(|error| in_file(path, error));
        }
        if let Some(value) = bundle.outline().cluster.open().first() {
            return Err(
                Failure::new(Exit::Failed, CheckClusterError::Open(*value)).hint("give --receipt FILE")
            );
        }
        let nothing = Bound::default();
        bundle.bind(&nothing).map_err(|error| in_file(&self.bundle.bundle, error))
    }
}

fn read(path: &Path, dump: &mut Dump) -> Result<(), Failure> {
    let wrong = |error: DumpError| {
        let hint = match error {
            DumpError::Encoded(_) => {
                "give it in UTF-8 without a byte order mark, as oc prints it: some shells write it anew"
            }
            _ => "give what `oc get secrets -A -o json` and `oc get authentication cluster -o json` printed",
        };
        in_file(path, error).hint(hint)
    };
    if path == Path::new("-") {
        return dump.read(std::io::stdin().lock()).map_err(wrong);
    }
    let file = File::open(path).map_err(|error| in_file(path, error))?;
    dump.read(file).map_err(wrong)
}

/// The report for people: a line for each check, what is wrong under it.
fn text(report: &ClusterReport) -> String {
    let mut out = format!(
        "Cluster {} against bundle {}\n  account  {}\n  issuer   {}\n\n",
        report.cluster, report.bundle, report.account, report.issuer
    );
    for Check { object, finding } in &report.checks {
        let (word, detail) = match finding {
            Finding::Sound => ("ok", ""),
            Finding::Missing => ("MISSING", "it is not in what was given"),
            Finding::Wrong { what } => ("WRONG", what.as_str()),
            Finding::Unknown { why } => ("UNKNOWN", why.as_str()),
        };
        let _ = writeln!(out, "  {word:<9}{}", printable(object));
        if !detail.is_empty() {
            let _ = writeln!(out, "           {}", printable(detail));
        }
    }
    for note in &report.notes {
        let _ = writeln!(out, "\nNote: {}", printable(note));
    }
    out.push_str(if report.sound {
        "\nThe cluster uses what the bundle made.\n"
    } else {
        "\nThe cluster is NOT as the bundle wants it.\n"
    });
    out
}
