//! How roles and provider are made in an upgrade: as in the bundle before, unless a flag says otherwise.

use crate::cli::{RoleArgs, TagArgs};
use crate::commands::{say, warn};
use crate::previous::Previous;
use crate::render::{RoleNaming, is_marked};
use clap::Args;
use std::collections::BTreeSet;
use sts_schemas::access::audiences;
use sts_schemas::gather::Gather as _;
use sts_schemas::open::OpenValue;
use sts_schemas::resource::Role;

/// Whether an upgrade makes its roles as those before it.
#[derive(Debug, Clone, Args)]
pub(crate) struct KeptArgs {
    /// Make the roles of an upgrade by the flags given here alone.
    ///
    /// Without it, where no flag says otherwise, path, permissions boundary, audience, session duration and the manner of
    /// cutting names are those of the roles in the previous bundle, tags those of all that it makes, and thumbprints those
    /// of its provider.
    #[arg(long, requires = "previous")]
    fresh_role_settings: bool,
}

/// The flags as they count for what an upgrade makes anew.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) roles: RoleArgs,
    pub(crate) tags: TagArgs,
    pub(crate) thumbprints: Vec<String>,
}

/// These flags, and a sentence for each thing that a person should know of them.
pub(crate) struct Kept {
    made: Made,
    /// What was taken over, each as the flag that says the same.
    taken: Vec<String>,
    /// What could not be, each a sentence.
    unlike: Vec<String>,
}

impl Kept {
    /// The flags, once a person was told what was taken over and what was not.
    pub(crate) fn told(self) -> Made {
        if !self.taken.is_empty() {
            say(&format!(
                "all is made as in the previous bundle: {}; give a flag for another value, or --fresh-role-settings for \
                 none of this",
                self.taken.join(" ")
            ));
        }
        for sentence in &self.unlike {
            warn(&format!("WARNING: {sentence}"));
        }
        self.made
    }
}

impl KeptArgs {
    /// These flags, and for each one that was not given what all roles of the bundle before have in common.
    pub(crate) fn following(&self, given: Made, previous: &Previous) -> Kept {
        let mut kept = Kept { made: given, taken: Vec::new(), unlike: Vec::new() };
        if self.fresh_role_settings {
            return kept;
        }
        let roles: Vec<&Role> = previous.roles().collect();
        let RoleArgs { permissions_boundary_arn, role_names, role_path, trust_audience, session_duration } =
            &mut kept.made.roles;
        let mut news = (&mut kept.taken, &mut kept.unlike);
        let boundary = |role: &Role| role.boundary.clone();
        take(permissions_boundary_arn, "--permissions-boundary-arn", &roles, boundary, &mut news);
        let path = |role: &Role| Some(role.path.clone()).filter(|path| path.as_str() != "/");
        take(role_path, "--role-path", &roles, path, &mut news);
        let audience = |role: &Role| audiences(role).into_iter().next();
        take(trust_audience, "--trust-audience", &roles, audience, &mut news);
        let session = |role: &Role| {
            Some(role.max_session_seconds).filter(|seconds| *seconds != Role::DEFAULT_SESSION_SECONDS)
        };
        take(session_duration, "--session-duration", &roles, session, &mut news);
        // Only a name that was cut tells in which manner.
        let is_hashed = |(long, name): &(String, String)| is_marked(long, name);
        if role_names.is_none() && previous.role_names().any(|names| is_hashed(&names)) {
            *role_names = Some(RoleNaming::Hashed);
            kept.taken.push("--role-names hashed".to_owned());
        }
        if kept.made.tags.tags.is_empty() {
            kept.made.tags.tags = previous.author_tags();
            let tags = kept.made.tags.tags.iter();
            kept.taken
                .extend(tags.map(|(key, value)| format!("--tag {}", in_quotes(&format!("{key}={value}")))));
        }
        if kept.made.thumbprints.is_empty() {
            kept.made.thumbprints = previous.thumbprints();
            kept.taken
                .extend(kept.made.thumbprints.iter().map(|thumbprint| format!("--thumbprint {thumbprint}")));
        }
        kept
    }
}

/// Takes over what all roles have, where nothing was given: `value` is none for a role that has the usual.
fn take<T: Clone + Ord + ToString>(
    given: &mut Option<T>,
    flag: &str,
    roles: &[&Role],
    value: impl Fn(&Role) -> Option<T>,
    (taken, unlike): &mut (&mut Vec<String>, &mut Vec<String>),
) {
    if given.is_some() {
        return;
    }
    let values: BTreeSet<Option<T>> = roles.iter().map(|role| value(role)).gather();
    match values.iter().collect::<Vec<_>>().as_slice() {
        [] | [None] => {}
        [Some(only)] => {
            taken.push(format!("{flag} {}", as_given(&only.to_string())));
            *given = Some(only.clone());
        }
        several => {
            let shown = |value: &&Option<T>| {
                value.as_ref().map_or("none".to_owned(), |value| as_given(&value.to_string()))
            };
            unlike.push(format!(
                "the roles of the previous bundle are not all alike ({flag}: {}); none of it is taken over, so give the flag, \
                 or edit the files of the roles before they are bundled",
                several.iter().map(shown).collect::<Vec<_>>().join(", ")
            ));
        }
    }
}

/// A value as a person gives it to a shell: an account that is open by its token.
fn as_given(value: &str) -> String {
    let account = OpenValue::Account;
    if value.contains(account.stand_in()) {
        in_quotes(&value.replace(account.stand_in(), account.token()))
    } else {
        value.to_owned()
    }
}

/// A value as a shell takes it for one word: what a tag or an ARN may hold has no quote in it.
fn in_quotes(value: &str) -> String {
    let is_plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:/=+-@".contains(&b));
    if is_plain { value.to_owned() } else { format!("'{value}'") }
}
