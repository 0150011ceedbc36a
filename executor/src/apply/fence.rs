//! No write to an account holds what stands for a value that is not known yet.

use crate::account::{AccountError, AccountErrorKind};
use sts_schemas::open::OpenValue;
use sts_schemas::resource::Resource;

/// Refuses what holds a stand-in, or a token, of an open value.
///
/// Whoever plans and binds has seen to that already: this is for the day when they have not.
///
/// # Errors
/// When it holds one.
pub(super) fn bound(after: &Resource) -> Result<(), AccountError> {
    let Some(value) = open_value_in(after) else { return Ok(()) };
    let message =
        format!("nothing was sent: the {value} is not known yet, and it stands in what was to be written");
    Err(AccountError::unanswered("writing", after.address().to_string(), AccountErrorKind::Other, message))
}

/// The open value that stands in a resource, if any does.
fn open_value_in(resource: &Resource) -> Option<OpenValue> {
    // Twelve digits may stand anywhere for something else; in these places only an account does.
    let account = OpenValue::Account.stand_in();
    let of_account =
        [format!(":iam::{account}:oidc-provider/"), format!(":cloudfront::{account}:distribution/")];
    let text = serde_json::to_string(resource).unwrap_or_default();
    let is_open = |value: OpenValue| {
        text.contains(value.token())
            || match value {
                OpenValue::Account => of_account.iter().any(|place| text.contains(place)),
                OpenValue::Issuer => text.contains(value.stand_in()),
            }
    };
    OpenValue::ALL.into_iter().find(|value| is_open(*value))
}
