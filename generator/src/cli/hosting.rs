//! Flags that say who serves the issuer's two documents.

use clap::Args;
use sts_schemas::aws::{Arn, BucketName, Partition, Region};
use sts_schemas::cluster::{ClusterName, Hosting, IssuerPath, IssuerUrl, has_cloudfront};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::open::open_issuer;

/// Who serves the issuer; a public bucket of the cluster's own where no flag says otherwise.
#[derive(Debug, Clone, Args)]
pub struct HostingArgs {
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

impl HostingArgs {
    /// Who serves the issuer of the cluster of this name, and as what.
    ///
    /// # Errors
    /// When flags contradict each other, or the partition has no such hosting.
    pub fn hosting(
        &self,
        name: &ClusterName,
        region: &Region,
        partition: Partition,
    ) -> Result<(Hosting, IssuerUrl), Failure> {
        let usage = |error| Failure::new(Exit::Usage, error);
        let bucket = self.bucket_name.clone().unwrap_or_else(|| name.default_bucket());
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
