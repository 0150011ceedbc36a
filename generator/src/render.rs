//! Turns requests and a cluster into files: every AWS resource as the input of the call that makes it.
//!
//! Pure: no file, clock or randomness is touched here.

mod bucket;
mod manifests;
mod oidc;
mod review;
mod roles;
mod script;
mod size;

pub use manifests::secret;
pub use oidc::identity_provider;
pub use review::review;
pub use roles::{NamedRole, NamingError, RoleNaming, RoleOptions, name_roles, roles};
pub use script::apply_script;
pub use size::{TooLarge, check_sizes};

use serde::Serialize;
use std::collections::BTreeMap;
use sts_schemas::cluster::{ClusterName, OWNED};
use sts_schemas::resource::Tags;

/// Files by their path below the output directory.
pub type Files = BTreeMap<String, Vec<u8>>;

/// JSON as people read it, with a newline at the end.
///
/// # Panics
/// Never: only types with string keys are rendered.
#[expect(clippy::expect_used, reason = "only types with string keys are rendered")]
pub(crate) fn json(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("it has a JSON form");
    bytes.push(b'\n');
    bytes
}

/// The tags that mark a resource as the cluster's, and those the author adds.
///
/// The author's own come first, so that none can take the place of the two that ownership rests on.
fn cluster_tags(name: &ClusterName, extra: &Tags) -> Tags {
    let mut tags = extra.clone();
    tags.insert(name.ownership_tag(), OWNED.into());
    tags.insert("Name".into(), name.to_string());
    tags
}
