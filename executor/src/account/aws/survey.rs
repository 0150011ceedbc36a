//! Looking at what the account as a whole allows, each look within a limit of its own.
//!
//! What tells of obstacles is asked for as patiently as all else; the simulator, which only warns, is asked once.

use super::Aws;
use super::answer::Answer;
use super::bucket_read::read_block;
use crate::account::survey::{Denied, Known, Quotas, Survey, Wish};
use crate::account::{AccountError, AccountErrorKind};
use aws_config::retry::RetryConfig;
use aws_sdk_iam::types::{PolicyEvaluationDecisionType, SummaryKeyType};
use aws_sdk_s3::error::SdkError;
use futures_util::future::try_join_all;
use std::collections::BTreeSet;
use std::time::Duration;
use sts_schemas::aws::{Arn, Partition, Region};
use sts_schemas::gather::Gather as _;
use sts_schemas::resource::PublicAccessBlock;

/// Looks at all of it side by side.
pub(super) async fn survey(aws: &Aws, wishes: &[Wish]) -> Survey {
    let public_access = within(PATIENCE, PUBLIC_ACCESS, public_access(aws));
    if wishes.is_empty() {
        return Survey { public_access: Some(public_access.await), ..Survey::default() };
    }
    let quotas = within(PATIENCE, SUMMARY, quotas(aws));
    let denied = tokio::time::timeout(HASTE, denied(aws, wishes));
    let (public_access, quotas, denied) = tokio::join!(public_access, quotas, denied);
    Survey { public_access: Some(public_access), quotas: Some(quotas), denied: denied.unwrap_or_default() }
}

const PUBLIC_ACCESS: &str = "s3:GetAccountPublicAccessBlock";
const SUMMARY: &str = "iam:GetAccountSummary";

/// For a look that may find an obstacle: as long as the usual attempts take where AWS is busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// For a look that only warns.
const HASTE: Duration = Duration::from_secs(10);

/// What a look found, or that it took too long.
async fn within<T>(limit: Duration, call: &str, look: impl Future<Output = Known<T>>) -> Known<T> {
    let message = || format!("there was no answer in {} seconds", limit.as_secs());
    let late =
        |_| Err(AccountError::unanswered(call, "the account", AccountErrorKind::Unreachable, message()));
    tokio::time::timeout(limit, look).await.unwrap_or_else(late)
}

fn once(config: &aws_sdk_iam::Config) -> aws_sdk_iam::Client {
    aws_sdk_iam::Client::from_conf(config.to_builder().retry_config(RetryConfig::disabled()).build())
}

async fn quotas(aws: &Aws) -> Known<Quotas> {
    let (answer, providers) =
        tokio::join!(aws.iam.get_account_summary().send(), aws.iam.list_open_id_connect_providers().send());
    let answer = answer.or_error(SUMMARY, "the account")?;
    // The summary counts providers of SAML too, which have a quota of their own.
    let providers = providers.or_error("iam:ListOpenIDConnectProviders", "the account")?;
    let number = |key: SummaryKeyType| {
        let value = answer.summary_map().and_then(|map| map.get(&key)).copied();
        value.and_then(|value| u32::try_from(value).ok())
    };
    Ok(Quotas {
        roles: number(SummaryKeyType::from("Roles")).unwrap_or_default(),
        most_roles: number(SummaryKeyType::from("RolesQuota")),
        providers: u32::try_from(providers.open_id_connect_provider_list().len()).unwrap_or(u32::MAX),
    })
}

/// Where S3 keeps settings of an account; the SDK has a crate of its own for it, as large as that for IAM.
///
/// Source: Amazon S3 API Reference, "Amazon S3 Control": `GetPublicAccessBlock`, and its endpoints.
pub(super) fn control_url(redirected: Option<&str>, account: &str, region: &Region, fips: Fips) -> String {
    const PATH: &str = "/v20180820/configuration/publicAccessBlock";
    if let Some(url) = redirected {
        return format!("{}{PATH}", url.trim_end_matches('/'));
    }
    let suffix = Partition::of_region(region).unwrap_or(Partition::Aws).dns_suffix();
    let service = match fips {
        Fips::Wanted => "s3-control-fips",
        Fips::NotAsked => "s3-control",
    };
    format!("https://{account}.{service}.{region}.{suffix}{PATH}")
}

/// Whether the person asked for endpoints with validated cryptography.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fips {
    Wanted,
    NotAsked,
}

/// The call has the form of the one for a bucket but for its address, and is signed and read alike.
async fn public_access(aws: &Aws) -> Known<Option<PublicAccessBlock>> {
    let (url, account) = (aws.control.clone(), aws.identity.account.to_string());
    let ask = aws.s3.get_public_access_block().bucket(format!("account-{account}")).customize();
    let ask = ask.mutate_request(move |request| {
        // Both are made of checked text; what cannot be set would be refused by the other side.
        let _ = request.set_uri(url.as_str());
        request.headers_mut().insert("x-amz-account-id", account.clone());
    });
    match ask.send().await {
        // S3 has no such configuration for the account. Its answer is not in the form of a bucket's.
        Err(SdkError::ServiceError(error)) if error.raw().status().as_u16() == 404 => Ok(None),
        answer => Ok(answer
            .or_error(PUBLIC_ACCESS, "the account")?
            .public_access_block_configuration
            .map(|it| read_block(&it))),
    }
}

/// What IAM's simulator says is not allowed; none where it cannot be asked about this caller.
async fn denied(aws: &Aws, wishes: &[Wish]) -> Option<Known<BTreeSet<Denied>>> {
    let iam = once(aws.iam.config());
    let principal = principal(aws, &iam).await?;
    let asked = try_join_all(wishes.iter().map(|wish| simulate(&iam, &principal, wish))).await;
    Some(asked.map(|denied| denied.into_iter().flatten().gather()))
}

/// The identity whose policies count: a user, or the role behind a session.
async fn principal(aws: &Aws, iam: &aws_sdk_iam::Client) -> Option<String> {
    let caller: Arn = aws.identity.caller.parse().ok()?;
    let (kind, name) = caller.resource().split_once('/')?;
    match (caller.service(), kind) {
        ("iam", "user") => Some(caller.to_string()),
        ("sts", "assumed-role") => {
            // The session's ARN lacks the role's path.
            let name = name.split('/').next()?;
            let asked = iam.get_role().role_name(name).send().await.ok();
            let guess =
                || format!("arn:{}:iam::{}:role/{name}", aws.identity.partition, aws.identity.account);
            Some(asked.and_then(|answer| answer.role.map(|role| role.arn)).unwrap_or_else(guess))
        }
        _ => None,
    }
}

async fn simulate(iam: &aws_sdk_iam::Client, principal: &str, wish: &Wish) -> Known<Vec<Denied>> {
    const CALL: &str = "iam:SimulatePrincipalPolicy";
    let mut pages = iam
        .simulate_principal_policy()
        .policy_source_arn(principal)
        .set_action_names(Some(wish.actions.clone()))
        .set_resource_arns(Some(wish.resources.clone()))
        .into_paginator()
        .items()
        .send();
    let mut denied = Vec::new();
    while let Some(result) = pages.next().await {
        let result = result.or_error(CALL, principal).map_err(not_offered)?;
        // A condition whose facts only the call itself has: nothing can be said before it.
        let open = !result.missing_context_values().is_empty();
        if result.eval_decision() != &PolicyEvaluationDecisionType::Allowed && !open {
            let resource = result.eval_resource_name().unwrap_or("*").to_owned();
            denied.push(Denied { action: result.eval_action_name().to_owned(), resource });
        }
    }
    Ok(denied)
}

/// A simulator that is not there, as behind an emulator, is as good as one that may not be asked.
fn not_offered(error: AccountError) -> AccountError {
    AccountError { kind: AccountErrorKind::AccessDenied, ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accounts_settings_have_an_endpoint_in_every_partition() {
        for (region, fips, host) in [
            ("eu-central-1", Fips::NotAsked, "1.s3-control.eu-central-1.amazonaws.com"),
            ("us-gov-west-1", Fips::Wanted, "1.s3-control-fips.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", Fips::NotAsked, "1.s3-control.cn-north-1.amazonaws.com.cn"),
        ] {
            let url = control_url(None, "1", &region.parse().unwrap(), fips);
            assert_eq!(url, format!("https://{host}/v20180820/configuration/publicAccessBlock"));
        }
        let url =
            control_url(Some("http://127.0.0.1:5000/"), "1", &"eu-west-1".parse().unwrap(), Fips::NotAsked);
        assert_eq!(url, "http://127.0.0.1:5000/v20180820/configuration/publicAccessBlock");
    }
}
