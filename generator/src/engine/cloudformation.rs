//! A `CloudFormation` template. Source: AWS CloudFormation Template Reference, one page to a resource type.

use super::{
    Engine, Inexpressible, Rendering, about_the_issuer, documents_to_serve, is_open, issuer_for_the_author,
    role_label,
};
use serde_json::{Map, Value, json};
use sts_schemas::cli_input::tag_list;
use sts_schemas::cluster::Hosting;
use sts_schemas::layout;
use sts_schemas::open::OpenValue;
use sts_schemas::resource::{
    AccessControl, Bucket, BucketStatement, DISTRIBUTION_REFERENCE, Distribution, Provider, Resource, Role,
};
use sts_schemas::state::Desired;

/// Source: AWS CloudFormation User Guide, "Understand CloudFormation quotas".
const MOST_RESOURCES: usize = 500;

const BUCKET: &str = "IssuerBucket";
const BUCKET_POLICY: &str = "IssuerBucketPolicy";
const ACCESS_CONTROL: &str = "IssuerAccessControl";
const DISTRIBUTION: &str = "IssuerDistribution";
const PROVIDER: &str = "IssuerProvider";
/// The distribution's attribute that AWS makes up, and the output that shows it.
const DOMAIN: &str = "DomainName";
const OUTPUT: &str = "IssuerHost";
const FRONT_OUTPUT: &str = "DistributionHost";
/// How every issuer begins.
const SCHEME: &str = "https://";

/// The map that has an entry only for the region and account of the cluster, so that a stack anywhere else fails
/// before it makes anything.
const PLACE: &str = "IssuerByRegionAndAccount";

pub(super) fn rendering(desired: &Desired) -> Result<Rendering, Inexpressible> {
    let cluster = &desired.cluster;
    let mut resources = Map::new();
    for resource in desired.resources.values() {
        add(&mut resources, desired, resource);
    }
    let count = resources.len();
    if count > MOST_RESOURCES {
        let engine = Engine::CloudFormation;
        return Err(Inexpressible::TooMany { count, most: MOST_RESOURCES, engine });
    }
    let mut template = Map::from_iter([
        ("AWSTemplateFormatVersion".to_owned(), json!("2010-09-09")),
        ("Description".to_owned(), json!(format!("AWS resources of OpenShift cluster {}", cluster.name))),
    ]);
    let names_issuer = is_open(desired, OpenValue::Issuer);
    if !is_open(desired, OpenValue::Account) {
        let (account, region) = (cluster.account.as_str(), cluster.region.as_str());
        let url = if names_issuer { SCHEME.into() } else { json!(cluster.issuer) };
        template.insert("Mappings".into(), json!({PLACE: {region: {account: url}}}));
    }
    let has_front = resources.contains_key(DISTRIBUTION);
    template.insert("Resources".into(), resources.into());
    if has_front {
        let (name, what) = if names_issuer {
            (OUTPUT, "The issuer's host")
        } else {
            (FRONT_OUTPUT, "The distribution's host")
        };
        let output = json!({"Description": what, "Value": {"Fn::GetAtt": [DISTRIBUTION, DOMAIN]}});
        template.insert("Outputs".into(), json!({name: output}));
    }
    Ok(Rendering { document: template.into(), steps: steps(desired) })
}

fn add(resources: &mut Map<String, Value>, desired: &Desired, resource: &Resource) {
    let mut put = |id: &str, kind: &str, properties: Value, after: &[&str]| {
        let mut entry = json!({"Type": kind, "Properties": whole(&properties)});
        if let (Some(entry), false) = (entry.as_object_mut(), after.is_empty()) {
            entry.insert("DependsOn".into(), json!(after));
        }
        resources.insert(id.to_owned(), entry);
    };
    match resource {
        Resource::Bucket(one) => {
            put(BUCKET, "AWS::S3::Bucket", bucket(one), &[]);
            if let Some(policy) = &one.policy {
                let properties = json!({"Bucket": one.name, "PolicyDocument": policy});
                put(BUCKET_POLICY, "AWS::S3::BucketPolicy", properties, &[BUCKET]);
            }
        }
        // The policy of a bucket that others use too is theirs; a template would put this in its place.
        Resource::BucketStatement(_) if is_shared(desired) => {}
        Resource::BucketStatement(one) => {
            put(BUCKET_POLICY, "AWS::S3::BucketPolicy", bucket_policy(one), &[BUCKET]);
        }
        Resource::AccessControl(one) => {
            put(ACCESS_CONTROL, "AWS::CloudFront::OriginAccessControl", access_control(one), &[]);
        }
        Resource::Distribution(one) => {
            put(DISTRIBUTION, "AWS::CloudFront::Distribution", distribution(one), &[BUCKET]);
        }
        Resource::Provider(one) => put(PROVIDER, "AWS::IAM::OIDCProvider", provider(one, desired), &[]),
        Resource::Role(one) => put(&role_label(one.name.as_str()), "AWS::IAM::Role", role(one), &[PROVIDER]),
        // A template cannot hold an object of S3; the steps upload it.
        Resource::Object(_) => {}
    }
}

fn bucket(bucket: &Bucket) -> Value {
    let mut properties = json!({"BucketName": bucket.name, "Tags": tag_list(&bucket.tags)});
    if let Some(block) = &bucket.public_access_block {
        properties["PublicAccessBlockConfiguration"] = json!(block);
    }
    properties
}

fn bucket_policy(one: &BucketStatement) -> Value {
    json!({"Bucket": one.bucket, "PolicyDocument": one.policy()})
}

fn access_control(control: &AccessControl) -> Value {
    json!({"OriginAccessControlConfig": {
        "Name": control.bucket,
        "Description": control.description,
        "OriginAccessControlOriginType": "s3",
        "SigningBehavior": "always",
        "SigningProtocol": "sigv4",
    }})
}

fn distribution(one: &Distribution) -> Value {
    let mut config = json!({
        "Comment": one.comment,
        "Enabled": one.enabled,
        "Origins": [{
            "Id": one.bucket,
            "DomainName": one.origin,
            "OriginAccessControlId": {"Fn::GetAtt": [ACCESS_CONTROL, "Id"]},
            "S3OriginConfig": {"OriginAccessIdentity": ""},
        }],
        "DefaultCacheBehavior": {
            "TargetOriginId": one.bucket,
            "ViewerProtocolPolicy": one.viewer_protocol,
            "CachePolicyId": one.cache_policy,
        },
    });
    if let Some(alias) = &one.alias {
        config["Aliases"] = json!([alias.host]);
        config["ViewerCertificate"] = json!({
            "AcmCertificateArn": alias.certificate,
            "SslSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
        });
    }
    json!({"DistributionConfig": config, "Tags": tag_list(&one.tags)})
}

fn provider(provider: &Provider, desired: &Desired) -> Value {
    let in_place = json!({"Fn::FindInMap": [PLACE, {"Ref": "AWS::Region"}, {"Ref": "AWS::AccountId"}]});
    let url = match (is_open(desired, OpenValue::Account), is_open(desired, OpenValue::Issuer)) {
        (true, _) => json!(provider.issuer),
        (false, false) => in_place,
        (false, true) => json!({"Fn::Join": ["", [in_place, {"Fn::GetAtt": [DISTRIBUTION, DOMAIN]}]]}),
    };
    let mut properties =
        json!({"Url": url, "ClientIdList": provider.client_ids, "Tags": tag_list(&provider.tags)});
    if !provider.thumbprints.is_empty() {
        properties["ThumbprintList"] = json!(provider.thumbprints);
    }
    properties
}

fn role(role: &Role) -> Value {
    let policies = role.inline.iter();
    let policies: Vec<_> =
        policies.map(|(name, policy)| json!({"PolicyName": name, "PolicyDocument": policy})).collect();
    let mut properties = json!({
        "RoleName": role.name,
        "Path": role.path,
        "Description": role.description,
        "AssumeRolePolicyDocument": trust(role),
        "MaxSessionDuration": role.max_session_seconds,
        "Policies": policies,
        "Tags": tag_list(&role.tags),
    });
    if let Some(boundary) = &role.boundary {
        properties["PermissionsBoundary"] = json!(boundary);
    }
    if !role.attached.is_empty() {
        properties["ManagedPolicyArns"] = json!(role.attached);
    }
    properties
}

/// A template takes no reference as the name of a member, as a condition on an issuer's claim would need where AWS
/// names that issuer: there the document is its own text, with the reference in it.
fn trust(role: &Role) -> Value {
    let text = role.trust.canonical();
    if text.contains(OpenValue::Issuer.stand_in()) { text.into() } else { json!(role.trust) }
}

/// Every text that names the account or the issuer where these are open, or the distribution, as a reference.
fn whole(value: &Value) -> Value {
    match value {
        Value::String(text) => reference(text).unwrap_or_else(|| value.clone()),
        Value::Array(values) => values.iter().map(whole).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, value)| (key.clone(), whole(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// `Fn::Sub` for a text that needs it: one that is a plain text keeps what looks like a reference, as IAM's
/// own `${aws:username}`.
fn reference(text: &str) -> Option<Value> {
    let (account, issuer) = (OpenValue::Account.stand_in(), OpenValue::Issuer.stand_in());
    if ![account, issuer, DISTRIBUTION_REFERENCE].iter().any(|open| text.contains(open)) {
        return None;
    }
    let literal = |text: &str| text.replace("${", "${!");
    let text = literal(text).replace(&literal(DISTRIBUTION_REFERENCE), &format!("${{{DISTRIBUTION}}}"));
    let text = text.replace(issuer, &format!("${{{DISTRIBUTION}.{DOMAIN}}}"));
    Some(json!({"Fn::Sub": text.replace(account, "${AWS::AccountId}")}))
}

fn is_shared(desired: &Desired) -> bool {
    matches!(desired.cluster.hosting, Hosting::SharedBucket { .. })
}

fn steps(desired: &Desired) -> Vec<String> {
    let (cluster, region) = (&desired.cluster, &desired.cluster.region);
    let account = if is_open(desired, OpenValue::Account) {
        "any account".to_owned()
    } else {
        format!("account {}", cluster.account)
    };
    let stack = format!("--region {region} --stack-name sts-handoff-{}", cluster.name);
    let mut steps = about_the_issuer(desired);
    steps.extend([
        format!("# in {account}, region {region}; a template above 51,200 bytes also wants --s3-bucket:"),
        format!(
            "aws cloudformation deploy {stack} --template-file TEMPLATE --capabilities CAPABILITY_NAMED_IAM"
        ),
    ]);
    if cluster.bucket().is_none() {
        steps.extend(documents_to_serve(desired));
        return steps;
    }
    steps.push("# then, in the unpacked bundle:".into());
    let mut discovery = layout::DISCOVERY.to_owned();
    if is_open(desired, OpenValue::Issuer) {
        discovery = format!("{}.bound", layout::DISCOVERY);
        let query = format!("Stacks[0].Outputs[?OutputKey=='{OUTPUT}'].OutputValue");
        steps.extend([
            format!("ISSUER=$(aws cloudformation describe-stacks {stack} --query \"{query}\" --output text)"),
            format!(
                "sed \"s/\\{}/$ISSUER/g\" {} > {discovery}",
                OpenValue::Issuer.token(),
                layout::DISCOVERY
            ),
        ]);
    }
    for (input, body) in [(layout::DISCOVERY_OBJECT, discovery.as_str()), (layout::KEYS_OBJECT, layout::KEYS)]
    {
        steps.push(format!(
            "aws s3api put-object --region {region} --cli-input-json file://{input} --body {body}"
        ));
    }
    if is_open(desired, OpenValue::Issuer) {
        steps.extend(issuer_for_the_author(&format!("the stack's output {OUTPUT} shows:")));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_with_a_reference_is_substituted_and_the_rest_of_it_stays_text() {
        assert_eq!(whole(&json!({"a": ["${aws:username}"]})), json!({"a": ["${aws:username}"]}));
        assert_eq!(
            whole(&json!("arn:aws:cloudfront::000000000001:distribution/${distribution} ${aws:username}")),
            json!({"Fn::Sub":
                "arn:aws:cloudfront::${AWS::AccountId}:distribution/${IssuerDistribution} ${!aws:username}"})
        );
    }
}
