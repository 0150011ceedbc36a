//! Flags that say which cluster is meant, and where to write.

use clap::Args;
use std::path::PathBuf;
use sts_schemas::aws::{AccountId, BucketName, Partition, Region};
use sts_schemas::cluster::{Cluster, ClusterName, Hosting, IssuerUrl};
use sts_schemas::failure::{Exit, Failure};

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
    #[arg(long, value_name = "ID")]
    pub account_id: AccountId,
    /// Partition of a region that this program does not know yet.
    #[arg(long)]
    pub partition: Option<Partition>,
    /// Issuer on a web server of your own: nothing of S3 is made, and you serve the two documents yourself.
    #[arg(long, value_name = "URL", conflicts_with = "bucket_name")]
    pub issuer_url: Option<IssuerUrl>,
    /// OIDC bucket, instead of NAME-oidc.
    #[arg(long, value_name = "BUCKET")]
    pub bucket_name: Option<BucketName>,
}

/// Where to write.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// Directory for everything that is made; it and those above it are made where they are missing.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub output_dir: PathBuf,
}

impl ClusterArgs {
    /// The cluster these flags describe, in this region.
    ///
    /// # Errors
    /// When the region's partition is unknown, or flags contradict each other.
    pub fn cluster(&self, region: &Region) -> Result<Cluster, Failure> {
        let partition = partition_of(region, self.partition)?;
        let usage = |error| Failure::new(Exit::Usage, error);
        let (hosting, issuer) = if let Some(issuer) = &self.issuer_url {
            (Hosting::Elsewhere, issuer.clone())
        } else {
            let bucket = self.bucket_name.clone().unwrap_or_else(|| self.name.default_bucket());
            let issuer = IssuerUrl::of_bucket(&bucket, region, partition).map_err(usage)?;
            (Hosting::PublicBucket { bucket }, issuer)
        };
        Cluster {
            name: self.name.clone(),
            account: self.account_id.clone(),
            partition,
            region: region.clone(),
            hosting,
            issuer,
        }
        .checked()
        .map_err(usage)
    }
}

/// The partition of a region: known from its name, or given for a region newer than this program.
pub(crate) fn partition_of(region: &Region, given: Option<Partition>) -> Result<Partition, Failure> {
    match (Partition::of_region(region), given) {
        (Some(known), Some(given)) if known != given => Err(Failure::new(
            Exit::Usage,
            format!("region {region} belongs to partition {known}, and --partition says {given}"),
        )),
        (Some(known), _) => Ok(known),
        (None, Some(given)) => Ok(given),
        (None, None) => {
            Err(Failure::new(Exit::Usage, format!("region {region} belongs to no partition known here"))
                .hint("check its spelling; for a region newer than this program give --partition"))
        }
    }
}
