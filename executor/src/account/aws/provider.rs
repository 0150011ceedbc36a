//! OIDC providers: reading, making, changing and deleting them.

use super::answer::Answer;
use super::patience::{BUSY, ENTITY_UNKNOWN, NotYet, patiently};
use super::role::{ABSENT, tags};
use super::role_change::{changed_tags, tag_list};
use crate::account::{AccountError, AccountErrorKind, Identity, owned_alike};
use aws_sdk_iam::Client;
use sts_schemas::aws::Arn;
use sts_schemas::cluster::IssuerUrl;
use sts_schemas::gather::Gather as _;
use sts_schemas::resource::{Address, Provider};

/// IAM could not reach the issuer's host, as when its bucket was made a moment ago.
const HOST_UNKNOWN: NotYet = ("OpenIdIdpCommunicationError", "");

/// The issuers of all providers of the account, as host and path.
pub(super) async fn issuers(iam: &Client) -> Result<Vec<IssuerUrl>, AccountError> {
    let answer = iam.list_open_id_connect_providers().send().await;
    let answer = answer.or_error("iam:ListOpenIDConnectProviders", "the account")?;
    let arns = answer.open_id_connect_provider_list().iter().filter_map(|entry| entry.arn());
    // An issuer that is not of our form cannot have come from a bundle.
    Ok(arns
        .filter_map(|arn| arn.split_once(":oidc-provider/"))
        .filter_map(|(_, issuer)| format!("https://{issuer}").parse().ok())
        .collect())
}

/// Reads a provider.
pub(super) async fn read(
    iam: &Client,
    identity: &Identity,
    issuer: &IssuerUrl,
) -> Result<Option<Provider>, AccountError> {
    let arn = arn(identity, issuer);
    let asked = iam.get_open_id_connect_provider().open_id_connect_provider_arn(arn.as_str()).send().await;
    let answer = asked.or_absent("iam:GetOpenIDConnectProvider", &address(issuer), &ABSENT)?;
    Ok(answer.map(|answer| Provider {
        issuer: issuer.clone(),
        client_ids: answer.client_id_list().iter().cloned().gather(),
        thumbprints: answer.thumbprint_list().iter().cloned().gather(),
        tags: tags(answer.tags()),
    }))
}

/// Makes a provider in one call; brings in line what is there already and ours.
pub(super) async fn create(iam: &Client, identity: &Identity, after: &Provider) -> Result<(), AccountError> {
    const CALL: &str = "iam:CreateOpenIDConnectProvider";
    let on = address(&after.issuer);
    let failed = |kind, message: String| AccountError::unanswered(CALL, &on, kind, message);
    let tags = tag_list(&after.tags).map_err(|error| failed(AccountErrorKind::Other, error.to_string()))?;
    let thumbprints: Vec<String> = after.thumbprints.iter().cloned().collect();
    let ask = iam
        .create_open_id_connect_provider()
        .url(after.issuer.as_str())
        .set_client_id_list(Some(after.client_ids.iter().cloned().collect()))
        // Absent, not empty: IAM then finds the thumbprint by itself.
        .set_thumbprint_list((!thumbprints.is_empty()).then_some(thumbprints))
        .set_tags(Some(tags));
    let answer = patiently(&[BUSY, HOST_UNKNOWN], || ask.clone().send()).await;
    if answer.or_absent(CALL, &on, &["EntityAlreadyExists"])?.is_some() {
        return Ok(());
    }
    let there = read(iam, identity, &after.issuer).await?;
    let there = there.filter(|there| owned_alike(&there.tags, &after.tags)).ok_or_else(|| {
        let message = "a provider for this issuer has appeared that is not the cluster's".to_owned();
        failed(AccountErrorKind::Foreign, message)
    })?;
    update(iam, identity, &there, after).await
}

/// Changes what differs.
pub(super) async fn update(
    iam: &Client,
    identity: &Identity,
    before: &Provider,
    after: &Provider,
) -> Result<(), AccountError> {
    const NOT_YET: [NotYet; 2] = [BUSY, ENTITY_UNKNOWN];
    let (arn, on) = (arn(identity, &after.issuer), address(&after.issuer));
    for id in after.client_ids.difference(&before.client_ids) {
        let ask = iam.add_client_id_to_open_id_connect_provider();
        let ask = ask.open_id_connect_provider_arn(arn.as_str()).client_id(id);
        let answer = patiently(&NOT_YET, || ask.clone().send()).await;
        answer.or_error("iam:AddClientIDToOpenIDConnectProvider", &on)?;
    }
    for id in before.client_ids.difference(&after.client_ids) {
        let ask = iam.remove_client_id_from_open_id_connect_provider();
        let ask = ask.open_id_connect_provider_arn(arn.as_str()).client_id(id);
        let answer = patiently(&NOT_YET, || ask.clone().send()).await;
        answer.or_error("iam:RemoveClientIDFromOpenIDConnectProvider", &on)?;
    }
    if !after.thumbprints.is_empty() && after.thumbprints != before.thumbprints {
        let ask = iam.update_open_id_connect_provider_thumbprint();
        let ask = ask.open_id_connect_provider_arn(arn.as_str());
        let ask = ask.set_thumbprint_list(Some(after.thumbprints.iter().cloned().collect()));
        let answer = patiently(&NOT_YET, || ask.clone().send()).await;
        answer.or_error("iam:UpdateOpenIDConnectProviderThumbprint", &on)?;
    }
    let changed = changed_tags(&before.tags, &after.tags);
    if changed.is_empty() {
        return Ok(());
    }
    let tags = tag_list(&changed).map_err(|error| {
        const CALL: &str = "iam:TagOpenIDConnectProvider";
        AccountError::unanswered(CALL, &on, AccountErrorKind::Other, error.to_string())
    })?;
    let ask = iam.tag_open_id_connect_provider().open_id_connect_provider_arn(arn.as_str());
    let ask = ask.set_tags(Some(tags));
    let answer = patiently(&NOT_YET, || ask.clone().send()).await;
    answer.or_error("iam:TagOpenIDConnectProvider", &on).map(drop)
}

/// Deletes a provider.
pub(super) async fn delete(iam: &Client, identity: &Identity, before: &Provider) -> Result<(), AccountError> {
    let arn = arn(identity, &before.issuer);
    let ask = iam.delete_open_id_connect_provider().open_id_connect_provider_arn(arn.as_str());
    let answer = patiently(&[BUSY], || ask.clone().send()).await;
    answer.or_absent("iam:DeleteOpenIDConnectProvider", &address(&before.issuer), &ABSENT).map(drop)
}

fn arn(identity: &Identity, issuer: &IssuerUrl) -> Arn {
    Arn::oidc_provider(identity.partition, &identity.account, issuer.host_and_path())
}

fn address(issuer: &IssuerUrl) -> String {
    Address::Provider(issuer.host_and_path().to_owned()).to_string()
}
