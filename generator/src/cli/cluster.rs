//! Flags that say which cluster is meant, and where to write.

use super::HostingArgs;
use crate::directory::Directory;
use clap::Args;
use std::path::{Path, PathBuf};
use sts_schemas::aws::{AccountId, Partition, Region};
use sts_schemas::cluster::{Cluster, ClusterName};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::layout;
use sts_schemas::open::open_account;

/// Which cluster.
#[derive(Debug, Clone, Args)]
pub struct ClusterArgs {
    /// Name for all resources made for the cluster; the installer's infrastructure name is another.
    #[arg(long)]
    pub name: ClusterName,
    /// AWS region of the cluster and its OIDC bucket.
    #[arg(long)]
    pub region: Option<Region>,
    /// The 12 digits of the AWS account.
    #[arg(long, value_name = "ID", required_unless_present = "any_account")]
    pub account_id: Option<AccountId>,
    /// Leave the account open: the bundle is for whichever account it is applied in.
    #[arg(long, conflicts_with = "account_id")]
    pub any_account: bool,
    /// Partition of a region that this program does not know yet.
    #[arg(long)]
    pub partition: Option<Partition>,
    /// Who serves the issuer.
    #[command(flatten)]
    pub hosting: HostingArgs,
}

/// Where to write.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// Directory for everything that is made; it and those above it are made where they are missing.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub output_dir: PathBuf,
}

impl OutputArgs {
    /// Refuses to read requests from the very folder that they are copied into.
    ///
    /// # Errors
    /// When it is that folder.
    pub(crate) fn is_apart_from(&self, requests: &Path) -> Result<(), Failure> {
        let copies = self.output_dir.join(layout::REQUESTS);
        match (requests.canonicalize(), copies.canonicalize()) {
            (Ok(read), Ok(written)) if read == written => Err(Failure::new(
                Exit::Usage,
                format!("the requests lie in {}, which this command writes to", copies.display()),
            )
            .hint("give another --output-dir, or copy the requests elsewhere first")),
            _ => Ok(()),
        }
    }

    /// The directory, for this run alone.
    ///
    /// # Errors
    /// When it cannot be made or locked.
    pub(crate) fn claim(&self) -> Result<Directory, Failure> {
        Directory::claim(&self.output_dir).map_err(|error| Failure::new(Exit::Failed, error))
    }
}

impl ClusterArgs {
    /// The cluster these flags describe, in this region.
    ///
    /// # Errors
    /// When the region's partition is unknown, or flags contradict each other.
    pub fn cluster(&self, region: &Region) -> Result<Cluster, Failure> {
        let partition = partition_of(region, self.partition)?;
        let usage = |error| Failure::new(Exit::Usage, error);
        let (hosting, issuer) = self.hosting.hosting(&self.name, region, partition)?;
        let account = self.account_id.clone().unwrap_or_else(open_account);
        if self.account_id.is_some() && account == open_account() {
            return Err(Failure::new(Exit::Usage, format!("--account-id {account} is no account"))
                .hint("give the account's own 12 digits, or --any-account"));
        }
        if let Some(certificate) = self.hosting.certificate_arn.as_ref().filter(|_| self.any_account) {
            let error = format!(
                "{certificate} is of the account {}, and --any-account leaves it open",
                certificate.account()
            );
            return Err(Failure::new(Exit::Usage, error).hint(format!(
                "the account is known by its certificate: give --account-id {}",
                certificate.account()
            )));
        }
        let (name, region) = (self.name.clone(), region.clone());
        Cluster { name, account, partition, region, hosting, issuer, former: None }.checked().map_err(usage)
    }
}

/// The partition of a region: known from its name, or given for a region newer than this program.
pub(crate) fn partition_of(region: &Region, given: Option<Partition>) -> Result<Partition, Failure> {
    match (Partition::of_region(region), given) {
        (Some(known), Some(given)) if known != given => Err(Failure::new(
            Exit::Usage,
            format!("region {region} belongs to partition {known}, and --partition says {given}"),
        )),
        (_, Some(given)) => Ok(given),
        (Some(known), None) if Partition::knows(region) => Ok(known),
        (likely, None) => {
            let likely = likely.map_or_else(String::new, |partition| format!(" {partition}"));
            Err(Failure::new(Exit::Usage, format!("the region {region} is none that this program knows"))
                .hint(format!(
                    "check its spelling; for a region newer than this program give --partition{likely}"
                )))
        }
    }
}
