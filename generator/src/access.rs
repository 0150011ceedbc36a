//! What requests ask for, in the form in which what bundles have is compared too.

use crate::request::CredentialsRequest;
use sts_schemas::access::{Access, AskedRole};
use sts_schemas::gather::Gather as _;

/// The program that compares.
pub const PROGRAM: &str = "sts-generator";

/// What these requests ask for.
#[must_use]
pub fn of_requests(requests: &[CredentialsRequest]) -> Access {
    Access::of_asked(requests.iter().map(|request| {
        let namespace = &request.secret_namespace;
        let accounts = request.service_accounts.iter().map(|account| format!("{namespace}/{account}"));
        AskedRole {
            secret: format!("{namespace}/{}", request.secret_name),
            service_accounts: accounts.gather(),
            statements: request.policy.statement.clone(),
        }
    }))
}
