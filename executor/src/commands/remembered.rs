//! Plans that were printed, kept so that whoever later approves one by its digest is told what moved since.
//!
//! Best effort: without such a folder nothing is lost but those words. A plan that is found is shown and compared with,
//! and never carried out.

use crate::session::Session;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use sts_schemas::digest::Sha256;
use sts_schemas::plan::{Plan, Proposal};

/// How many are kept, the latest.
const KEPT: usize = 20;

/// Many times what the plan of the largest cluster has.
const MOST_BYTES: u64 = 16 << 20;

/// Keeps a plan that is printed now.
pub(super) fn remember(proposal: &Proposal, session: &mut Session<'_>) {
    let Some(folder) = session.surroundings.plans.clone() else {
        return session.detail(|| "The plan is not kept: there is no home folder.".into());
    };
    match keep(&folder, proposal) {
        Ok(()) => session.detail(|| format!("The plan is kept in {}.", folder.display())),
        Err(error) => session.detail(|| format!("The plan is not kept in {}: {error}.", folder.display())),
    }
}

fn keep(folder: &Path, proposal: &Proposal) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    // Readable for nobody else from its first byte on.
    let mut draft = tempfile::Builder::new().prefix(".plan-").tempfile_in(folder)?;
    draft.write_all(&serde_json::to_vec(proposal)?)?;
    draft.persist(place(folder, proposal.digest.as_str())).map_err(|error| error.error)?;
    for (_, old) in kept(folder)?.into_iter().skip(KEPT) {
        std::fs::remove_file(old)?;
    }
    Ok(())
}

fn place(folder: &Path, digest: &str) -> PathBuf {
    folder.join(format!("{digest}.json"))
}

/// The files of plans, the latest first.
fn kept(folder: &Path) -> std::io::Result<Vec<(SystemTime, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let is_plan = digest_in(&entry.path()).is_some() && entry.file_type()?.is_file();
        if is_plan {
            found.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    found.sort_unstable_by(|one, other| other.cmp(one));
    Ok(found)
}

/// The digest that a file of a plan is named after.
fn digest_in(path: &Path) -> Option<Sha256> {
    path.file_name()?.to_str()?.strip_suffix(".json")?.parse().ok()
}

/// The plan with a digest that begins so, where one was printed here lately.
pub(super) fn recall(given: &str, session: &Session<'_>) -> Option<Plan> {
    let folder = session.surroundings.plans.as_ref()?;
    let named = |path: &Path| digest_in(path).is_some_and(|digest| digest.starts_with(given));
    let (_, path) = kept(folder).ok()?.into_iter().find(|(_, path)| named(path))?;
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    let plan = serde_json::from_slice::<Proposal>(&bytes).ok()?.plan;
    plan.digest().starts_with(given).then_some(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposal(cluster: &str) -> Proposal {
        let plan: Plan = serde_json::from_value(serde_json::json!({
            "schema_version": "1.0", "purpose": "apply", "bundle": null, "cluster": cluster,
            "account": "123456789012", "partition": "aws", "region": "eu-west-1", "steps": [],
            "foreign": {}, "orphans": [], "leftovers": {}, "notes": [],
        }))
        .unwrap();
        Proposal { digest: plan.digest(), plan, obstacles: Vec::new() }
    }

    #[test]
    fn only_the_latest_plans_are_kept_and_what_is_no_plan_is_let_alone() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("a/b");
        for number in 0..KEPT + 5 {
            keep(&folder, &proposal(&format!("c{number}"))).unwrap();
        }
        std::fs::write(folder.join("notes.json"), "mine").unwrap();
        let last = proposal("last");
        keep(&folder, &last).unwrap();
        assert_eq!(kept(&folder).unwrap().len(), KEPT);
        let path = place(&folder, last.digest.as_str());
        assert!(path.is_file() && folder.join("notes.json").is_file());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&folder), mode(&path)), (0o700, 0o600));
        }
    }
}
