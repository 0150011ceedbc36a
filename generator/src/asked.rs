//! Whether a directory's roles are those that the requests in it ask for: nothing besides, and nothing left out.
//!
//! What a role may do is the author's to narrow; which roles there are, and who may take them on, is not.

use crate::access;
use crate::render::{Files, TOKEN_FILE, possible_names};
use crate::request::{Asked, AskedRequest, CredentialsRequest, Need, asked};
use std::collections::{BTreeMap, BTreeSet};
use sts_schemas::access::{Access, beyond, subjects};
use sts_schemas::aws::{Partition, RoleName};
use sts_schemas::cli_input::CreateRole;
use sts_schemas::cluster::ClusterName;
use sts_schemas::contents::{Contents, Problem, Problems};
use sts_schemas::gather::Gather as _;
use sts_schemas::installer_manifest::SecretManifest;
use sts_schemas::layout::{self, Place};
use sts_schemas::open::{OpenValue, stand_in_for_tokens};
use sts_schemas::policy::PolicyDocument;
use sts_schemas::resource::Resource;

/// Reads the requests among a directory's files, and does something else meanwhile: YAML takes its time.
///
/// # Errors
/// When no thread can be started to read them.
pub(crate) fn read<T>(
    files: &Files,
    partition: Partition,
    meanwhile: impl FnOnce() -> T,
) -> Result<(Asked, T), Problems> {
    let texts: Vec<_> = files
        .iter()
        .filter(|(path, _)| Place::of(path) == Some(Place::Request))
        .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
        .collect();
    asked(&texts, partition, meanwhile)
        .map_err(|error| Problems(vec![Problem::of(layout::REQUESTS, error.to_string())]))
}

/// Holds files that agree with each other against the requests among them; gives what a person should know.
///
/// # Errors
/// Every role, Secret and service account that no request asks for, and every one that is asked for and not there.
pub(crate) fn check(asked: &Asked, files: &Files, contents: &Contents) -> Result<Vec<String>, Problems> {
    let mut check = Check::of(&asked.requests);
    let silent =
        files.keys().filter(|path| Place::of(path) == Some(Place::Request) && !asked.knows(path.as_str()));
    check.problems.extend(silent.map(|path| {
        Problem::of(
            path,
            "no request is in it, and all that is here goes into the bundle: move it away".into(),
        )
    }));
    check.all(&handed(contents, &role_paths(files)), Some(&contents.desired.cluster.name));
    check.widened(contents);
    check.end(asked)
}

/// Holds the Secrets of a directory, each with the role it hands on, against the requests in it.
///
/// # Errors
/// Those of [`check`].
pub(crate) fn check_handed(
    asked: &Asked,
    handed: &Handed<'_>,
    cluster: Option<&ClusterName>,
) -> Result<Vec<String>, Problems> {
    let mut check = Check::of(&asked.requests);
    check.all(handed, cluster);
    check.end(asked)
}

/// The Secrets of a directory by `(namespace, name)`.
pub(crate) type Handed<'a> = BTreeMap<(&'a str, &'a str), HandedRole<'a>>;

/// A Secret, and the role that it hands on.
#[derive(Clone, Copy)]
pub(crate) struct HandedRole<'a> {
    /// The Secret's file.
    pub(crate) manifest: &'a str,
    /// Where the component looks for its token.
    pub(crate) token_file: &'a str,
    /// The file that makes the role.
    pub(crate) file: &'a str,
    pub(crate) name: &'a RoleName,
    pub(crate) trust: &'a PolicyDocument,
}

fn handed<'a>(contents: &'a Contents, paths: &BTreeMap<String, &'a str>) -> Handed<'a> {
    let arns = contents.desired.role_arns();
    let by_arn: BTreeMap<_, _> = contents
        .desired
        .resources
        .values()
        .filter_map(|resource| match resource {
            Resource::Role(role) => Some((arns.get(&role.name)?.as_str(), role)),
            _ => None,
        })
        .gather();
    let mut handed = Handed::new();
    for (path, text) in &contents.installer_manifests {
        if let Some(secret) = SecretManifest::of_text(text)
            && let Some(role) = by_arn.get(secret.role_arn)
        {
            let role = HandedRole {
                manifest: path,
                token_file: secret.token_file,
                file: paths.get(role.name.as_str()).copied().unwrap_or(path),
                name: &role.name,
                trust: &role.trust,
            };
            handed.insert((secret.namespace, secret.name), role);
        }
    }
    handed
}

/// The files that make the roles, by name.
fn role_paths(files: &Files) -> BTreeMap<String, &str> {
    let roles = files.iter().filter(|(path, _)| path.starts_with("05-"));
    roles
        .filter_map(|(path, bytes)| {
            let bytes = stand_in_for_tokens(bytes, &OpenValue::ALL);
            let role: CreateRole = serde_json::from_slice(&bytes).ok()?;
            Some((role.role_name.to_string(), path.as_str()))
        })
        .gather()
}

/// A comparison half done.
struct Check<'a> {
    requests: &'a [AskedRequest],
    /// The same by the Secrets they ask for, `(namespace, name)`.
    by_secret: BTreeMap<(&'a str, &'a str), Vec<&'a CredentialsRequest>>,
    /// Those for which there is just the role they ask for.
    matched: Vec<CredentialsRequest>,
    problems: Vec<Problem>,
    notes: Vec<String>,
}

impl<'a> Check<'a> {
    fn of(requests: &'a [AskedRequest]) -> Self {
        let mut by_secret = BTreeMap::<_, Vec<_>>::new();
        for AskedRequest { request, .. } in requests {
            let secret = (request.secret_namespace.as_str(), request.secret_name.as_str());
            by_secret.entry(secret).or_default().push(request);
        }
        Self { requests, by_secret, matched: Vec::new(), problems: Vec::new(), notes: Vec::new() }
    }

    fn all(&mut self, handed: &Handed<'_>, cluster: Option<&ClusterName>) {
        let names = cluster.map(|cluster| self.possible_names(cluster)).unwrap_or_default();
        for (secret, role) in handed {
            self.role(*secret, role);
            self.swapped(*secret, role, &names);
        }
        self.left_out(handed);
    }

    fn end(self, asked: &Asked) -> Result<Vec<String>, Problems> {
        let Self { mut problems, notes, .. } = self;
        if problems.is_empty() {
            return Ok(notes);
        }
        // What could not be read asked for nothing.
        problems.extend(
            asked.unread.iter().map(|problem| Problem::of(&problem.source.file, problem.to_string())),
        );
        problems.sort();
        Err(Problems(problems))
    }

    /// The Secrets by the names that their roles may have.
    fn possible_names(&self, cluster: &ClusterName) -> BTreeMap<String, BTreeSet<(&'a str, &'a str)>> {
        let mut names = BTreeMap::<_, BTreeSet<_>>::new();
        for AskedRequest { request, .. } in self.requests {
            for name in possible_names(cluster, request) {
                let secret = (request.secret_namespace.as_str(), request.secret_name.as_str());
                names.entry(name).or_default().insert(secret);
            }
        }
        names
    }

    /// A role that bears the name of another Secret's alone does another's work.
    fn swapped(
        &mut self,
        secret: (&str, &str),
        role: &HandedRole<'_>,
        names: &BTreeMap<String, BTreeSet<(&str, &str)>>,
    ) {
        let Some(whose) = names.get(role.name.as_str()).filter(|whose| !whose.contains(&secret)) else {
            return;
        };
        if let Some((namespace, name)) = whose.first() {
            let what = format!(
                "it hands the role {} to the Secret {}/{}, and that is the role of the Secret {namespace}/{name}",
                role.name, secret.0, secret.1
            );
            self.problems.push(Problem::of(role.manifest, what));
        }
    }

    fn role(&mut self, (namespace, name): (&str, &str), role: &HandedRole<'_>) {
        let HandedRole { manifest, file: path, .. } = *role;
        let asking = self.by_secret.get(&(namespace, name)).map(Vec::as_slice).unwrap_or_default();
        let Some(first) = asking.first() else {
            let what = format!(
                "no request in {} asks for the Secret {namespace}/{name}, nor so for its role {}: put the request \
                 there, or take away this file and the role's two",
                layout::REQUESTS,
                role.name
            );
            self.problems.push(Problem::of(manifest, what));
            return;
        };
        let token_file = first.token_path.as_deref().unwrap_or(TOKEN_FILE);
        if asking.iter().all(|request| request.token_path.as_deref().unwrap_or(TOKEN_FILE) != role.token_file)
        {
            let what = format!(
                "its web_identity_token_file is {}, and by {} ({}) it is {token_file}",
                role.token_file, first.name, first.source
            );
            self.problems.push(Problem::of(manifest, what));
        }
        let found: BTreeSet<_> = subjects(role.trust).into_iter().gather();
        let wanted = |accounts: &[String]| -> BTreeSet<_> {
            accounts.iter().map(|account| format!("{namespace}/{account}")).gather()
        };
        if let Some(same) = asking.iter().find(|request| wanted(&request.service_accounts) == found) {
            self.matched.push((*same).clone());
            return;
        }
        let wanted = wanted(&first.service_accounts);
        let who = format!("{} ({})", first.name, first.source);
        for account in found.difference(&wanted) {
            let what = format!("it lets in the service account {account}, and {who} does not ask for it");
            self.problems.push(Problem::of(path, what));
        }
        for account in wanted.difference(&found) {
            let what = format!("it does not let in the service account {account}, which {who} asks for");
            self.problems.push(Problem::of(path, what));
        }
    }

    /// Tells what roles may do beyond their requests: edits that a reviewer must see.
    fn widened(&mut self, contents: &Contents) {
        let made = Access::of_contents(contents);
        let asked = access::of_requests(&self.matched);
        // What is open has no value that anybody wrote.
        let open = contents.desired.cluster.open();
        for (secret, actions) in beyond(&asked, &made) {
            let actions = open
                .iter()
                .fold(actions.join(", "), |text, value| text.replace(value.stand_in(), value.token()));
            self.notes.push(format!(
                "the role of the Secret {secret} may do more than its request asks for: {actions}"
            ));
        }
    }

    /// Requests that no role was made for.
    fn left_out(&mut self, handed: &Handed<'_>) {
        for AskedRequest { request, need } in self.requests {
            let (namespace, name) = (request.secret_namespace.as_str(), request.secret_name.as_str());
            if handed.contains_key(&(namespace, name)) {
                continue;
            }
            let who = format!("{} (line {})", request.name, request.source.line);
            match need {
                Need::Always => {
                    let what = format!(
                        "{who} asks for the Secret {namespace}/{name}, and neither it nor its role is there"
                    );
                    self.problems.push(Problem::of(&request.source.file, what));
                }
                Need::Depends => self.notes.push(format!(
                    "no role is there for {} ({}), which depends on feature set, gates or capabilities",
                    request.name, request.source
                )),
            }
        }
    }
}
