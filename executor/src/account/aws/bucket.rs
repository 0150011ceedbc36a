//! Buckets: making, changing and deleting them.

use super::answer::Answer;
use super::patience::{BUCKET_BUSY, BUCKET_UNKNOWN, NotYet, patiently};
use crate::account::{AccountError, AccountErrorKind, owned_alike};
use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, PublicAccessBlockConfiguration, Tag, Tagging,
};
use sts_schemas::aws::{BucketName, Region};
use sts_schemas::cli_input::CreateBucket;
use sts_schemas::policy::PolicyDocument;
use sts_schemas::resource::{Address, Bucket, PublicAccessBlock, Tags};

/// The way to one bucket, through the endpoint of its own region, and only if it is the account's.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) name: BucketName,
    /// The account that must own the bucket: S3 refuses otherwise, whatever the permissions.
    pub(super) owner: String,
}

/// Answers that pass when a bucket was made a moment ago.
pub(super) const NOT_YET: [NotYet; 2] = [BUCKET_UNKNOWN, BUCKET_BUSY];

impl Client {
    /// Makes the bucket and its settings; brings in line what is there already and ours.
    pub(super) async fn create(&self, after: &Bucket) -> Result<(), AccountError> {
        const CALL: &str = "s3:CreateBucket";
        let constrained = after.region.as_str() != CreateBucket::REGION_WITHOUT_CONSTRAINT;
        let place = constrained.then(|| {
            let constraint = BucketLocationConstraint::from(after.region.as_str());
            CreateBucketConfiguration::builder().location_constraint(constraint).build()
        });
        let ask = self.s3.create_bucket().bucket(self.name.as_str()).set_create_bucket_configuration(place);
        let answer = patiently(&[BUCKET_BUSY], || ask.clone().send()).await;
        let made = answer.or_absent(CALL, &self.on(), &["BucketAlreadyOwnedByYou"])?.is_some();
        // us-east-1 says yes to a bucket that is there already. Source: Amazon S3 API Reference, `CreateBucket`.
        let now = if made && constrained {
            bare(&after.name, &after.region)
        } else {
            Box::pin(self.what_stood_there(after, CALL)).await?
        };
        self.update(&now, after).await
    }

    /// The bucket as it is, if it is the cluster's or still bare.
    async fn what_stood_there(&self, after: &Bucket, call: &str) -> Result<Bucket, AccountError> {
        let Some(there) = Box::pin(self.read_settings(&after.region)).await? else {
            return Ok(bare(&after.name, &after.region));
        };
        if owned_alike(&there.bucket.tags, &after.tags) || there.is_bare() {
            return Ok(there.bucket);
        }
        let message = "a bucket of this name has appeared that is not the cluster's".to_owned();
        Err(AccountError { kind: AccountErrorKind::Foreign, ..self.failed(call, message) })
    }

    /// Changes what differs. Tags come first: they make the bucket ours, whatever happens next.
    pub(super) async fn update(&self, before: &Bucket, after: &Bucket) -> Result<(), AccountError> {
        if before.region != after.region {
            let message =
                format!("it stands in {}, and S3 cannot move it to {}", before.region, after.region);
            return Err(self.failed("s3:PutBucketTagging", message));
        }
        let mut tags = before.tags.clone();
        tags.extend(after.tags.clone());
        let tag = async { if tags == before.tags { Ok(()) } else { self.put_tags(&tags).await } };
        let block = async {
            if before.public_access_block == after.public_access_block {
                return Ok(());
            }
            self.put_block(after.public_access_block).await
        };
        tokio::try_join!(tag, block)?;
        let meaning = |policy: &Option<PolicyDocument>| policy.as_ref().map(PolicyDocument::meaning);
        if meaning(&before.policy) == meaning(&after.policy) {
            return Ok(());
        }
        self.put_policy(after.policy.as_ref()).await
    }

    async fn put_tags(&self, tags: &Tags) -> Result<(), AccountError> {
        const CALL: &str = "s3:PutBucketTagging";
        let tagging = tag_list(tags).and_then(|tags| Tagging::builder().set_tag_set(Some(tags)).build());
        let tagging = tagging.map_err(|error| self.failed(CALL, error.to_string()))?;
        let ask = self.s3.put_bucket_tagging().bucket(self.name.as_str()).expected_bucket_owner(&self.owner);
        let ask = ask.tagging(tagging);
        patiently(&NOT_YET, || ask.clone().send()).await.or_error(CALL, &self.on()).map(drop)
    }

    async fn put_block(&self, block: Option<PublicAccessBlock>) -> Result<(), AccountError> {
        let (name, owner) = (self.name.as_str(), &self.owner);
        let Some(block) = block else {
            let ask = self.s3.delete_public_access_block().bucket(name).expected_bucket_owner(owner);
            let answer = patiently(&NOT_YET, || ask.clone().send()).await;
            // The permission for putting one is the permission for taking it away.
            return answer.or_error("s3:PutBucketPublicAccessBlock", &self.on()).map(drop);
        };
        let switches = PublicAccessBlockConfiguration::builder()
            .block_public_acls(block.block_public_acls)
            .ignore_public_acls(block.ignore_public_acls)
            .block_public_policy(block.block_public_policy)
            .restrict_public_buckets(block.restrict_public_buckets)
            .build();
        let ask = self.s3.put_public_access_block().bucket(name).expected_bucket_owner(owner);
        let ask = ask.public_access_block_configuration(switches);
        let answer = patiently(&NOT_YET, || ask.clone().send()).await;
        answer.or_error("s3:PutBucketPublicAccessBlock", &self.on()).map(drop)
    }

    async fn put_policy(&self, policy: Option<&PolicyDocument>) -> Result<(), AccountError> {
        match policy {
            Some(policy) => self.put_policy_text(Some(policy.canonical())).await,
            None => self.strip_policy().await,
        }
    }

    /// Deletes the bucket, which must be empty.
    pub(super) async fn delete(&self) -> Result<(), AccountError> {
        let ask = self.s3.delete_bucket().bucket(self.name.as_str()).expected_bucket_owner(&self.owner);
        let answer = patiently(&[BUCKET_BUSY], || ask.clone().send()).await;
        answer.or_absent("s3:DeleteBucket", &self.on(), &["NoSuchBucket"]).map(drop)
    }

    /// The bucket's address, for messages.
    pub(super) fn on(&self) -> String {
        Address::Bucket(self.name.clone()).to_string()
    }

    pub(super) fn failed(&self, call: &str, message: String) -> AccountError {
        AccountError::unanswered(call, self.on(), AccountErrorKind::Other, message)
    }
}

/// A bucket of which nothing is known yet.
fn bare(name: &BucketName, region: &Region) -> Bucket {
    Bucket {
        name: name.clone(),
        region: region.clone(),
        tags: Tags::new(),
        public_access_block: None,
        policy: None,
    }
}

fn tag_list(tags: &Tags) -> Result<Vec<Tag>, BuildError> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}
