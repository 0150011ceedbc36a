//! The cluster a directory is for, read from the files in it.

use crate::render::Files;
use serde::de::DeserializeOwned;
use sts_schemas::aws::{Arn, BucketName, Region};
use sts_schemas::cli_input::{
    CreateBucket, CreateDistribution, CreateOpenIdConnectProvider, CreateRole, PutObject,
};
use sts_schemas::cluster::{Cluster, ClusterName, Hosting, OWNED, OWNERSHIP_PREFIX};
use sts_schemas::contents::{Problem, Problems};
use sts_schemas::layout;
use sts_schemas::open::{OpenValue, stand_in_for_tokens};
use sts_schemas::policy::Principal;

/// The cluster that files are for: name and issuer from the provider, account and partition from the first
/// role's trust policy, region from the bucket, or from `region` where there is none.
///
/// # Errors
/// What is missing to tell, file by file; and a region that is not the bucket's.
pub fn cluster_of(files: &Files, region: Option<&Region>) -> Result<Cluster, Problems> {
    let mut problems = Vec::new();
    let mut problem = |file: &str, what: String| problems.push(Problem { file: file.to_owned(), what });

    let provider = parse::<CreateOpenIdConnectProvider>(files, layout::PROVIDER)
        .map_err(|what| problem(layout::PROVIDER, what))
        .ok();
    let name = provider.as_ref().and_then(|provider| {
        let prefix = OWNERSHIP_PREFIX;
        let owned = provider.tags.iter().find(|tag| tag.key.starts_with(prefix) && tag.value == OWNED);
        let name = owned.and_then(|tag| tag.key.strip_prefix(prefix)?.parse::<ClusterName>().ok());
        if name.is_none() {
            problem(layout::PROVIDER, format!("no tag {prefix}<name> = {OWNED} tells the cluster's name"));
        }
        name
    });
    let first_role = files.keys().find(|path| path.starts_with("05-") && path.ends_with("-role.json"));
    if first_role.is_none() {
        problem("05-*-role.json", "there are no roles: run create-iam-roles first".into());
    }
    let arn = first_role.and_then(|path| {
        let role = parse::<CreateRole>(files, path);
        role.and_then(|role| provider_arn(&role).ok_or("its trust policy names no OIDC provider".into()))
            .map_err(|what| problem(path, what))
            .ok()
    });
    let shared = shared_bucket(files, provider.as_ref());
    let bucket = if files.contains_key(layout::BUCKET) {
        parse::<CreateBucket>(files, layout::BUCKET).map_err(|what| problem(layout::BUCKET, what)).ok()
    } else {
        None
    };
    let served = shared.as_ref().map(|(_, region)| region.clone());
    let told = bucket.as_ref().map(bucket_region).or(served);
    if let (Some(told), Some(given)) = (&told, region)
        && told != given
    {
        let file = if bucket.is_some() { layout::BUCKET } else { layout::PROVIDER };
        problem(file, format!("its bucket is in {told}, and --region says {given}"));
        return Err(Problems(problems));
    }
    let region = told.or_else(|| region.cloned());
    if region.is_none() {
        problem(layout::BUCKET, "without a bucket nothing tells the region: give --region".into());
    }
    let (Some(provider), Some(name), Some(arn), Some(region)) = (provider, name, arn, region) else {
        return Err(Problems(problems));
    };
    let hosting = match (bucket, shared) {
        (Some(input), _) => own_bucket(files, input.bucket)?,
        (None, Some((hosting, _))) => hosting,
        (None, None) => Hosting::Elsewhere,
    };
    let account = arn.account().parse();
    let cluster = account.and_then(|account| {
        Cluster {
            name,
            account,
            partition: arn.partition(),
            region,
            hosting,
            issuer: provider.url,
            former: None,
        }
        .checked()
    });
    cluster.map_err(|error| {
        Problems(vec![Problem { file: layout::PROVIDER.to_owned(), what: error.to_string() }])
    })
}

fn parse<T: DeserializeOwned>(files: &Files, path: &str) -> Result<T, String> {
    let bytes = files.get(path).ok_or("the file is missing")?;
    let bytes = stand_in_for_tokens(bytes, &OpenValue::ALL);
    serde_json::from_slice(&bytes).map_err(|error| error.to_string())
}

/// The cluster's own bucket is a private one exactly where a distribution is made.
fn own_bucket(files: &Files, bucket: BucketName) -> Result<Hosting, Problems> {
    if !files.contains_key(layout::DISTRIBUTION) {
        return Ok(Hosting::PublicBucket { bucket });
    }
    let input = parse::<CreateDistribution>(files, layout::DISTRIBUTION)
        .map_err(|what| Problems(vec![Problem { file: layout::DISTRIBUTION.to_owned(), what }]))?;
    let certificate = input.distribution_config_with_tags.distribution_config.viewer_certificate;
    Ok(Hosting::PrivateBucket { bucket, certificate: certificate.map(|known| known.acm_certificate_arn) })
}

/// Documents go into a bucket that is not made: it is shared, and the issuer tells its region and the path.
fn shared_bucket(files: &Files, provider: Option<&CreateOpenIdConnectProvider>) -> Option<(Hosting, Region)> {
    let input = parse::<PutObject>(files, layout::KEYS_OBJECT).ok()?;
    let path = input.key.strip_suffix(layout::KEYS_KEY)?.strip_suffix('/')?.parse().ok()?;
    let host = provider?.url.host_and_path().strip_prefix(&format!("{}.s3.", input.bucket))?.to_owned();
    let region = host.split('.').next()?.parse().ok()?;
    Some((Hosting::SharedBucket { bucket: input.bucket, path }, region))
}

fn bucket_region(input: &CreateBucket) -> Region {
    match &input.create_bucket_configuration {
        Some(configuration) => configuration.location_constraint.clone(),
        None => default_region(),
    }
}

#[expect(clippy::expect_used, reason = "the constant is a region")]
fn default_region() -> Region {
    CreateBucket::REGION_WITHOUT_CONSTRAINT.parse().expect("us-east-1 is a region")
}

fn provider_arn(role: &CreateRole) -> Option<Arn> {
    let statement = role.assume_role_policy_document.statement.first()?;
    let Some(Principal::Named(kinds)) = &statement.principal else { return None };
    kinds.get("Federated")?.iter().next()?.parse().ok()
}
