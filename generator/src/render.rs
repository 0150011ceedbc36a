//! Turns requests and a cluster into files: every AWS resource as the input of the call that makes it.
//!
//! Pure: no file, clock or randomness is touched here.

mod bucket;
mod cloudfront;
mod difference;
mod generation;
mod oidc;
mod review;
mod roles;
mod script;
mod size;

pub(crate) use difference::{CHANGES, markdown as difference_markdown, text as difference_text};
pub use generation::{generation_of, mark_generation, mark_provider};
pub use oidc::{CLIENT_IDS, identity_provider};
pub use review::{NewManifest, Upgrade, review};
pub use roles::{NamedRole, NamingError, RoleNaming, RoleOptions, is_marked, name_roles, roles};
pub(crate) use roles::{TOKEN_FILE, possible_names};
pub use script::apply_script;
pub use size::{TooLarge, check_sizes};

use serde::Serialize;
use std::collections::BTreeMap;
use sts_schemas::cluster::{Cluster, ClusterName, OWNED, OWNERSHIP_PREFIX};
use sts_schemas::gather::Gather as _;
use sts_schemas::layout::Place;
use sts_schemas::open::tokens_for_stand_ins;
use sts_schemas::resource::{OWN_TAG_PREFIX, Tags};

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

/// The files with tokens in place of the stand-ins of what is open about the cluster.
///
/// Permissions policies are the requests' own words: whatever digits stand in them are no account of ours.
pub(crate) fn with_tokens(files: Files, cluster: &Cluster) -> Files {
    let open = cluster.open();
    let token = |(path, bytes): (String, Vec<u8>)| {
        let open_here = matches!(Place::of(&path), Some(Place::Aws | Place::InstallerManifest))
            && !path.starts_with("06-");
        let bytes = if open_here { tokens_for_stand_ins(&bytes, &open) } else { bytes };
        (path, bytes)
    };
    files.into_iter().map(token).gather()
}

/// Whether the program sets this tag itself. IAM takes no account of case in keys.
pub(crate) fn is_own_tag(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key == "name" || key.starts_with(OWN_TAG_PREFIX) || key.starts_with(OWNERSHIP_PREFIX)
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
