//! A Terraform configuration in its JSON syntax. Source: the documentation of provider hashicorp/aws, one page
//! to a resource type; Terraform Language, "JSON Configuration Syntax".

use super::{
    Rendering, about_the_issuer, documents_to_serve, fixed_front, is_open, issuer_for_the_author, role_label,
};
use serde_json::{Map, Value, json};
use sts_schemas::cluster::Hosting;
use sts_schemas::layout;
use sts_schemas::open::OpenValue;
use sts_schemas::policy::PolicyDocument;
use sts_schemas::resource::{
    AccessControl, Bucket, DISTRIBUTION_REFERENCE, Distribution, Object, Provider, PublicAccessBlock,
    Resource, Role, Tags,
};
use sts_schemas::state::Desired;

/// The oldest provider that finds thumbprints itself, and so needs none.
const PROVIDER_VERSION: &str = ">= 5.81.0";

/// The name of everything there is one of.
const ISSUER: &str = "issuer";

/// The output that shows the distribution's host where that is the issuer's.
const OUTPUT: &str = "issuer_host";

/// The same where the issuer's is told already.
const FRONT_OUTPUT: &str = "distribution_host";

/// Resources by type and name.
type Resources = Map<String, Value>;

pub(super) fn rendering(desired: &Desired) -> Rendering {
    let cluster = &desired.cluster;
    let mut resources = Resources::new();
    for resource in desired.resources.values() {
        add(&mut resources, desired, resource);
    }
    let mut provider = json!({"region": cluster.region});
    let mut document = json!({
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": PROVIDER_VERSION}}},
    });
    if cluster.open().contains(&OpenValue::Account) {
        document["data"] = json!({"aws_caller_identity": {"current": {}}});
    } else {
        provider["allowed_account_ids"] = json!([cluster.account]);
    }
    document["provider"] = json!({"aws": provider});
    document["resource"] = resources.into();
    let mut steps = about_the_issuer(desired);
    steps.extend(
        ["# as main.tf.json, in a directory of its own:", "terraform init && terraform apply"]
            .map(str::to_owned),
    );
    if cluster.bucket().is_none() {
        steps.extend(documents_to_serve(desired));
    }
    if desired.resources.values().any(|resource| matches!(resource, Resource::Distribution(_))) {
        let name = if is_open(desired, OpenValue::Issuer) { OUTPUT } else { FRONT_OUTPUT };
        document["output"] = json!({name: {"value": text(OpenValue::Issuer.stand_in())}});
    }
    if is_open(desired, OpenValue::Issuer) {
        steps.extend(issuer_for_the_author(&format!("`terraform output -raw {OUTPUT}` prints:")));
    }
    Rendering { document, steps }
}

fn add(resources: &mut Resources, desired: &Desired, resource: &Resource) {
    let mut put = |kind: &str, name: &str, arguments: Value| {
        let of_kind = resources.entry(kind).or_insert_with(|| json!({}));
        of_kind[name] = arguments;
    };
    match resource {
        Resource::Bucket(one) => {
            put("aws_s3_bucket", ISSUER, json!({"bucket": one.name, "tags": tags(&one.tags)}));
            if one.public_access_block.is_some() {
                put("aws_s3_bucket_public_access_block", ISSUER, public_access_block(one));
            }
            if let Some(policy) = &one.policy {
                put("aws_s3_bucket_policy", ISSUER, bucket_policy(policy));
            }
        }
        // The policy of a bucket that others use too is theirs; a configuration would put this in its place.
        Resource::BucketStatement(_) if matches!(desired.cluster.hosting, Hosting::SharedBucket { .. }) => {}
        Resource::BucketStatement(one) => put("aws_s3_bucket_policy", ISSUER, bucket_policy(&one.policy())),
        Resource::AccessControl(one) => {
            put("aws_cloudfront_origin_access_control", ISSUER, access_control(one));
        }
        Resource::Distribution(one) => {
            let mut arguments = distribution(one);
            if let Some(host) = fixed_front(desired) {
                arguments["lifecycle"] = json!({"postcondition": {
                    "condition": format!("${{self.domain_name == {}}}", json!(host)),
                    "error_message": format!("AWS gave the distribution another host than the bundle's issuer {host}."),
                }});
            }
            put("aws_cloudfront_distribution", ISSUER, arguments);
        }
        Resource::Object(one) => {
            let name = if one.key.ends_with(layout::KEYS_KEY) { "keys" } else { "discovery" };
            put("aws_s3_object", name, object(one, &desired.cluster.hosting));
        }
        Resource::Provider(one) => put("aws_iam_openid_connect_provider", ISSUER, provider(one)),
        Resource::Role(one) => {
            let label = role_label(one.name.as_str());
            put("aws_iam_role", &label, role(one));
            for (number, (name, policy)) in one.inline.iter().enumerate() {
                let arguments = json!({
                    "name": text(name),
                    "role": format!("${{aws_iam_role.{label}.name}}"),
                    "policy": document(policy),
                });
                put("aws_iam_role_policy", &format!("{label}_{number}"), arguments);
            }
        }
    }
}

fn public_access_block(bucket: &Bucket) -> Value {
    let block = bucket.public_access_block.unwrap_or(PublicAccessBlock::ALL);
    json!({
        "bucket": format!("${{aws_s3_bucket.{ISSUER}.id}}"),
        "block_public_acls": block.block_public_acls,
        "ignore_public_acls": block.ignore_public_acls,
        "block_public_policy": block.block_public_policy,
        "restrict_public_buckets": block.restrict_public_buckets,
    })
}

/// S3 refuses a public policy for as long as the block is not lowered, so it comes after.
fn bucket_policy(policy: &PolicyDocument) -> Value {
    json!({
        "bucket": format!("${{aws_s3_bucket.{ISSUER}.id}}"),
        "policy": document(policy),
        "depends_on": [format!("aws_s3_bucket_public_access_block.{ISSUER}")],
    })
}

fn access_control(control: &AccessControl) -> Value {
    json!({
        "name": control.bucket,
        "description": text(&control.description),
        "origin_access_control_origin_type": "s3",
        "signing_behavior": "always",
        "signing_protocol": "sigv4",
    })
}

fn distribution(one: &Distribution) -> Value {
    let mut arguments = json!({
        "comment": text(&one.comment),
        "enabled": one.enabled,
        "origin": {
            "origin_id": one.bucket,
            "domain_name": one.origin,
            "origin_access_control_id": format!("${{aws_cloudfront_origin_access_control.{ISSUER}.id}}"),
        },
        "default_cache_behavior": {
            "target_origin_id": one.bucket,
            "viewer_protocol_policy": one.viewer_protocol,
            "cache_policy_id": one.cache_policy,
            "allowed_methods": ["GET", "HEAD"],
            "cached_methods": ["GET", "HEAD"],
        },
        "restrictions": {"geo_restriction": {"restriction_type": "none"}},
        "viewer_certificate": {"cloudfront_default_certificate": true},
        "tags": tags(&one.tags),
    });
    if let Some(alias) = &one.alias {
        arguments["aliases"] = json!([alias.host]);
        arguments["viewer_certificate"] = json!({
            "acm_certificate_arn": alias.certificate,
            "ssl_support_method": "sni-only",
            "minimum_protocol_version": "TLSv1.2_2021",
        });
    }
    arguments
}

fn object(object: &Object, hosting: &Hosting) -> Value {
    let bucket = match hosting {
        Hosting::SharedBucket { bucket, .. } => bucket.to_string(),
        _ => format!("${{aws_s3_bucket.{ISSUER}.id}}"),
    };
    json!({
        "bucket": bucket,
        "key": object.key,
        "content": text(&object.body),
        "content_type": object.content_type,
        "tags": tags(&object.tags),
    })
}

fn provider(provider: &Provider) -> Value {
    let mut arguments = json!({"url": text(provider.issuer.as_str()), "client_id_list": provider.client_ids, "tags": tags(&provider.tags)});
    if !provider.thumbprints.is_empty() {
        arguments["thumbprint_list"] = json!(provider.thumbprints);
    }
    arguments
}

fn role(role: &Role) -> Value {
    let mut arguments = json!({
        "name": role.name,
        "path": role.path,
        "description": text(&role.description),
        "assume_role_policy": document(&role.trust),
        "max_session_duration": role.max_session_seconds,
        "tags": tags(&role.tags),
        "depends_on": [format!("aws_iam_openid_connect_provider.{ISSUER}")],
    });
    if let Some(boundary) = &role.boundary {
        arguments["permissions_boundary"] = text(boundary.as_str());
    }
    arguments
}

fn tags(tags: &Tags) -> Value {
    tags.iter().map(|(key, value)| (literal(key), text(value))).collect::<Map<_, _>>().into()
}

fn document(policy: &PolicyDocument) -> Value {
    text(&policy.canonical())
}

/// A text that means itself, but for the account and the issuer where these are open, and the distribution.
fn text(text: &str) -> Value {
    let distribution = format!("${{aws_cloudfront_distribution.{ISSUER}.id}}");
    let issuer = format!("${{aws_cloudfront_distribution.{ISSUER}.domain_name}}");
    literal(text)
        .replace(OpenValue::Issuer.stand_in(), &issuer)
        .replace(&literal(DISTRIBUTION_REFERENCE), &distribution)
        .replace(OpenValue::Account.stand_in(), "${data.aws_caller_identity.current.account_id}")
        .into()
}

/// Terraform reads every string as a template; doubled signs are signs, as in IAM's own `${aws:username}`.
fn literal(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_terraform_would_read_as_its_own_is_kept_as_text() {
        assert_eq!(text("${aws:username} 50%{x} $5"), "$${aws:username} 50%%{x} $5");
        let source = text("arn:aws:cloudfront::000000000001:distribution/${distribution}");
        assert_eq!(
            source,
            "arn:aws:cloudfront::${data.aws_caller_identity.current.account_id}:distribution/\
             ${aws_cloudfront_distribution.issuer.id}"
        );
        let claim = text("\"known-after-apply.invalid:sub\"");
        assert_eq!(claim, "\"${aws_cloudfront_distribution.issuer.domain_name}:sub\"");
    }
}
