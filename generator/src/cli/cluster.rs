//! Flags that say which cluster is meant, and where to write.

use crate::directory::Directory;
use clap::Args;
use std::path::{Path, PathBuf};
use sts_schemas::aws::{AccountId, Arn, BucketName, Partition, Region};
use sts_schemas::cluster::{Cluster, ClusterName, Hosting, IssuerPath, IssuerUrl, has_cloudfront};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::layout;
use sts_schemas::open::{open_account, open_issuer};

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
    /// Issuer on a web server of your own: nothing of S3 is made, and you serve the two documents yourself.
    ///
    /// With --create-private-s3-bucket and --certificate-arn it is the alias of the distribution instead.
    #[arg(long, value_name = "URL")]
    pub issuer_url: Option<IssuerUrl>,
    /// OIDC bucket, instead of NAME-oidc.
    #[arg(long, value_name = "BUCKET")]
    pub bucket_name: Option<BucketName>,
    /// Path in the bucket of --bucket-name, which is not the cluster's alone and must be there already.
    #[arg(long, value_name = "PATH", requires = "bucket_name", conflicts_with_all = ["issuer_url", "create_private_s3_bucket"])]
    pub issuer_path: Option<IssuerPath>,
    /// Private bucket behind a CloudFront distribution; AWS names the issuer when the bundle is applied.
    #[arg(long)]
    pub create_private_s3_bucket: bool,
    /// Certificate of the host of --issuer-url, of ACM in us-east-1, for a distribution that is known by it.
    #[arg(long, value_name = "ARN", requires = "create_private_s3_bucket", requires = "issuer_url")]
    pub certificate_arn: Option<Arn>,
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
        let (hosting, issuer) = self.hosting(region, partition)?;
        let account = self.account_id.clone().unwrap_or_else(open_account);
        if self.account_id.is_some() && account == open_account() {
            return Err(Failure::new(Exit::Usage, format!("--account-id {account} is no account"))
                .hint("give the account's own 12 digits, or --any-account"));
        }
        Cluster { name: self.name.clone(), account, partition, region: region.clone(), hosting, issuer }
            .checked()
            .map_err(usage)
    }

    /// Who serves the issuer, and as what.
    fn hosting(&self, region: &Region, partition: Partition) -> Result<(Hosting, IssuerUrl), Failure> {
        let usage = |error| Failure::new(Exit::Usage, error);
        let bucket = self.bucket_name.clone().unwrap_or_else(|| self.name.default_bucket());
        if self.create_private_s3_bucket {
            return self.private(bucket, partition);
        }
        if let Some(issuer) = &self.issuer_url {
            if self.bucket_name.is_some() {
                return Err(Failure::new(
                    Exit::Usage,
                    "--issuer-url is for a server of yours, --bucket-name for a bucket",
                )
                .hint("give one of them"));
            }
            return Ok((Hosting::Elsewhere, issuer.clone()));
        }
        let issuer = IssuerUrl::of_bucket(&bucket, region, partition).map_err(usage)?;
        match self.issuer_path.clone() {
            Some(path) => {
                let issuer = format!("{issuer}/{path}").parse().map_err(usage)?;
                Ok((Hosting::SharedBucket { bucket, path }, issuer))
            }
            None => Ok((Hosting::PublicBucket { bucket }, issuer)),
        }
    }

    fn private(&self, bucket: BucketName, partition: Partition) -> Result<(Hosting, IssuerUrl), Failure> {
        const ELSEWHERE: &str = "serve the two documents yourself: give --issuer-url alone";
        if !has_cloudfront(partition) {
            let error = format!("partition {partition} has no CloudFront for --create-private-s3-bucket");
            return Err(Failure::new(Exit::Usage, error).hint(ELSEWHERE));
        }
        if partition == Partition::AwsCn {
            let error =
                "in China CloudFront serves only hosts of yours, by a certificate that IAM alone can name";
            return Err(Failure::new(Exit::Usage, error).hint(ELSEWHERE));
        }
        let hosting = Hosting::PrivateBucket { bucket, certificate: self.certificate_arn.clone() };
        match (&self.issuer_url, &self.certificate_arn) {
            (Some(issuer), Some(_)) => Ok((hosting, issuer.clone())),
            (Some(_), None) => Err(Failure::new(
                Exit::Usage,
                "--create-private-s3-bucket with --issuer-url needs --certificate-arn for that host",
            )
            .hint("without --issuer-url AWS names the issuer when the bundle is applied")),
            (None, _) => Ok((hosting, open_issuer())),
        }
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
