//! Whether a plan may be carried out.

use super::place::Neighbours;
use super::remembered;
use crate::cli::Format;
use crate::session::{Person, Session};
use crate::show;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use sts_schemas::digest::Sha256;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::plan::{Plan, Proposal, Purpose};

/// How the person says yes. Without either flag they are asked, where there is a terminal.
#[derive(Debug, clap::Args)]
pub(crate) struct ApprovalArgs {
    /// Carry the plan out if it still is the one with this digest; at least 16 of its digits. Else say what moved, if the
    /// plan with this digest was printed here lately.
    #[arg(long, value_name = "DIGEST", conflicts_with = "yes", value_parser = hexadecimal)]
    approve: Option<String>,
    /// Carry out whatever the plan is now.
    #[arg(long)]
    yes: bool,
    /// Carry the plan out if it still is the one in this file, as `plan --format json` wrote it; else say what moved.
    ///
    /// The file is only compared with. What is done is what is planned now, or nothing.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["approve", "yes"])]
    approved_plan: Option<PathBuf>,
}

/// Digits of a digest, in either case.
fn hexadecimal(text: &str) -> Result<String, String> {
    const DIGITS: usize = 64;
    if text.len() > DIGITS || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(format!("a plan's digest is {DIGITS} hexadecimal digits, as `plan` prints it"));
    }
    Ok(text.to_ascii_lowercase())
}

impl ApprovalArgs {
    /// Names the file with the plan.
    pub(super) fn name<'a>(&'a self, neighbours: &mut Neighbours<'a>) {
        neighbours.reads("the approved plan", self.approved_plan.as_deref());
    }
}

/// Why a plan was not carried out.
#[derive(Debug, thiserror::Error)]
enum NotApproved {
    #[error("the plan was not approved")]
    NotAsked,
    #[error("the plan was declined")]
    Declined,
    #[error("{given:?} is too short for an approval: at least {} digits are needed", Sha256::SHORTEST_PREFIX)]
    TooShort { given: String },
    #[error("approved was {given}, and the plan now is {now}{}", list(moved))]
    Moved { given: String, now: Sha256, moved: Vec<String> },
    #[error(
        "approved was {given}, and the plan now is {now}, which is printed above: {steps}; no plan with the approved digest \
         was printed on this machine lately, so what moved since is told only to who gives --approved-plan FILE, with what \
         `plan --format json` printed then"
    )]
    Other { given: String, now: Sha256, steps: String },
    #[error("{0} holds no plan as `plan --format json` writes it")]
    NoPlan(String, #[source] Box<dyn std::error::Error + Send + Sync>),
}

fn list(moved: &[String]) -> String {
    let Some(first) = moved.first() else { return String::new() };
    moved[1..].iter().fold(format!("; what moved:\n  {first}"), |text, line| format!("{text}\n  {line}"))
}

/// How many steps of which kind a plan has, and on what.
fn steps(plan: &Plan) -> String {
    let mut counts = BTreeMap::<_, usize>::new();
    for step in &plan.steps {
        let address = step.address().to_string();
        let kind = address.split('/').next().unwrap_or_default().to_owned();
        *counts.entry((step.verb(), kind)).or_default() += 1;
    }
    let counts: Vec<_> = counts
        .into_iter()
        .map(|((verb, kind), count)| {
            let plural = if count == 1 { "" } else { "s" };
            format!("{count} {kind}{plural} to {verb}")
        })
        .collect();
    if counts.is_empty() { "nothing to do".into() } else { counts.join(", ") }
}

/// The plan in a file, whose digest must be its own.
fn read_proposal(path: &Path) -> Result<Proposal, Failure> {
    let no_plan = |error: Box<dyn std::error::Error + Send + Sync>| {
        Failure::new(Exit::Failed, NotApproved::NoPlan(path.display().to_string(), error))
            .hint("nothing was changed; give what `sts-executor plan BUNDLE --format json` printed")
    };
    let text = std::fs::read_to_string(path).map_err(|error| no_plan(error.into()))?;
    let proposal: Proposal = serde_json::from_str(&text).map_err(|error| no_plan(error.into()))?;
    if proposal.plan.digest() == proposal.digest {
        Ok(proposal)
    } else {
        Err(no_plan("its digest is not that of its plan".into()))
    }
}

/// Writes a plan as data.
pub(super) fn print(plan: &Plan, format: Format, session: &mut Session<'_>) -> Result<(), Failure> {
    print_with(plan, &[], format, session)
}

/// The same with what AWS would refuse of it. A plan that was printed is remembered.
pub(super) fn print_with(
    plan: &Plan,
    obstacles: &[String],
    format: Format,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let proposal = Proposal { digest: plan.digest(), plan: plan.clone(), obstacles: obstacles.to_vec() };
    remembered::remember(&proposal, session);
    match format {
        Format::Text => {
            let mut text = show::plan::text(plan, session.surroundings.paint);
            for obstacle in obstacles {
                text = format!("{text}\nObstacle: {}\n", show::printable(obstacle));
            }
            session.data(&text)
        }
        Format::Json => session.json(&proposal),
    }
}

/// Comes back without an error only when this very plan may be carried out.
///
/// A plan that may not is printed as data, so that it can be read and approved. While a person thinks about a plan the
/// account may move: after their yes, `again` plans once more.
pub(super) fn obtain(
    args: &ApprovalArgs,
    plan: &Plan,
    again: impl FnOnce() -> Result<Plan, Failure>,
    (format, session): (Format, &mut Session<'_>),
) -> Result<(), Failure> {
    let digest = plan.digest();
    let refuse_now = |error: NotApproved, now: &Plan, session: &mut Session<'_>| {
        print(now, format, session)?;
        let hint = format!("nothing was changed; if this plan is right, give --approve {}", now.digest());
        Err(Failure::new(Exit::NotApproved, error).hint(hint))
    };
    let refuse = |error: NotApproved, session: &mut Session<'_>| refuse_now(error, plan, session);
    if let Some(path) = &args.approved_plan {
        let approved = read_proposal(path)?;
        if approved.digest == digest {
            return Ok(());
        }
        let moved = show::moved::moved(&approved.plan, plan);
        return refuse(
            NotApproved::Moved { given: approved.digest.to_string(), now: digest.clone(), moved },
            session,
        );
    }
    match &args.approve {
        _ if args.yes => Ok(()),
        Some(given) if digest.starts_with(given) => Ok(()),
        Some(given) if given.len() < Sha256::SHORTEST_PREFIX => {
            Err(Failure::new(Exit::Usage, NotApproved::TooShort { given: given.clone() }))
        }
        Some(given) => match remembered::recall(given, session) {
            Some(approved) => {
                let moved = show::moved::moved(&approved, plan);
                let given = approved.digest().to_string();
                refuse(NotApproved::Moved { given, now: digest.clone(), moved }, session)
            }
            None => refuse(
                NotApproved::Other { given: given.clone(), now: digest.clone(), steps: steps(plan) },
                session,
            ),
        },
        None if session.surroundings.person == Person::Absent => refuse(NotApproved::NotAsked, session),
        None if ask(plan, session) => {
            session.tell("Looking at the account once more.");
            let new = again()?;
            let now = new.digest();
            if now == digest {
                return Ok(());
            }
            let moved = show::moved::moved(plan, &new);
            refuse_now(NotApproved::Moved { given: digest.to_string(), now, moved }, &new, session)
        }
        None => Err(Failure::new(Exit::NotApproved, NotApproved::Declined).hint("nothing was changed")),
    }
}

fn ask(plan: &Plan, session: &mut Session<'_>) -> bool {
    let text = show::plan::text(plan, session.surroundings.paint_err);
    let what = match plan.purpose {
        Purpose::Apply => "Apply this plan",
        Purpose::Delete => "Delete all of this",
    };
    let _ = write!(session.err, "{text}\n{what} in account {}? Type yes: ", plan.account);
    let _ = session.err.flush();
    let mut answer = String::new();
    session.input.read_line(&mut answer).is_ok() && answer.trim() == "yes"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Surroundings;
    use crate::show::Paint;
    use sts_schemas::verbosity::Verbosity;

    fn plan() -> Plan {
        serde_json::from_value(serde_json::json!({
            "schema_version": "1.0", "purpose": "apply", "bundle": null, "cluster": "demo",
            "account": "123456789012", "partition": "aws", "region": "eu-west-1", "steps": [],
            "foreign": {}, "orphans": [], "leftovers": {}, "notes": [],
        }))
        .unwrap()
    }

    /// How it ended, what went to standard output, and what else was said.
    fn obtained(args: &ApprovalArgs, person: Person, answer: &str) -> (Exit, String, String) {
        obtained_while(args, person, answer, &plan())
    }

    /// The same where the account moves until this is its plan.
    fn obtained_while(
        args: &ApprovalArgs,
        person: Person,
        answer: &str,
        moved: &Plan,
    ) -> (Exit, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let surroundings = Surroundings {
            clock: || 0,
            plans: None,
            configuration: None,
            ca_bundle: None,
            proxies: Vec::new(),
            profile: None,
            person,
            paint: Paint::Plain,
            paint_err: Paint::Plain,
            verbosity: Verbosity::default(),
        };
        let input = &mut answer.as_bytes();
        let mut session = Session { out: &mut out, err: &mut err, input, surroundings };
        let again = || Ok(moved.clone());
        let exit = match obtain(args, &plan(), again, (Format::Text, &mut session)) {
            Ok(()) => Exit::Done,
            Err(failure) => failure.exit(),
        };
        (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    fn digest_given(digest: &str) -> ApprovalArgs {
        ApprovalArgs { approve: Some(digest.into()), yes: false, approved_plan: None }
    }

    const NOTHING: ApprovalArgs = ApprovalArgs { approve: None, yes: false, approved_plan: None };

    #[test]
    fn a_digest_is_hexadecimal_in_either_case() {
        assert_eq!(hexadecimal("0123ABCDef").as_deref(), Ok("0123abcdef"));
        assert!(hexadecimal("xyz").is_err() && hexadecimal(&"0".repeat(65)).is_err());
    }

    #[test]
    fn only_the_digest_of_this_very_plan_approves_it() {
        let digest = plan().digest();
        for given in [digest.as_str(), &digest.as_str()[..16]] {
            assert_eq!(obtained(&digest_given(given), Person::Absent, "").0, Exit::Done);
        }
        assert_eq!(obtained(&digest_given(&digest.as_str()[..15]), Person::Absent, "").0, Exit::Usage);
        assert_eq!(obtained(&digest_given(""), Person::Absent, "").0, Exit::Usage);
        let (exit, out, _) = obtained(&digest_given(&"0".repeat(64)), Person::Present, "yes\n");
        assert_eq!(exit, Exit::NotApproved, "a wrong digest is not asked about again");
        assert!(out.contains(digest.as_str()), "what the plan is now is printed: {out}");
    }

    #[test]
    fn a_digest_that_is_not_the_plans_is_answered_with_what_the_plan_has_and_where_it_stands() {
        let mut plan = plan();
        assert_eq!(steps(&plan), "nothing to do");
        let object = |key: &str| {
            serde_json::json!({ "kind": "object", "bucket": "demo-oidc", "key": key,
            "content_type": "application/json", "body": "", "tags": {} })
        };
        let step = |action: &str, side: &str, key: &str| {
            serde_json::from_value(serde_json::json!({ "action": action, side: object(key) })).unwrap()
        };
        plan.steps =
            vec![step("create", "after", "a"), step("create", "after", "b"), step("delete", "before", "c")];
        assert_eq!(steps(&plan), "2 objects to create, 1 object to delete");
        let (given, now) = ("0".repeat(64), plan.digest());
        let words = NotApproved::Other { given, now, steps: steps(&plan) }.to_string();
        assert!(
            words.contains("printed above: 2 objects to create") && words.contains("--approved-plan FILE")
        );
    }

    #[test]
    fn where_nobody_can_be_asked_the_plan_is_printed_and_not_carried_out() {
        let (exit, out, err) = obtained(&NOTHING, Person::Absent, "yes\n");
        assert_eq!(exit, Exit::NotApproved);
        assert!(out.contains("Digest: ") && err.is_empty());
        let yes = ApprovalArgs { approve: None, yes: true, approved_plan: None };
        assert_eq!(obtained(&yes, Person::Absent, ""), (Exit::Done, String::new(), String::new()));
    }

    #[test]
    fn a_yes_counts_only_while_the_plan_is_still_the_one_that_was_shown() {
        let mut moved = plan();
        moved.foreign.insert("role/demo-x".parse().unwrap(), "it lacks the tag".into());
        let (exit, out, _) = obtained_while(&NOTHING, Person::Present, "yes\n", &moved);
        assert_eq!(exit, Exit::NotApproved);
        assert!(out.contains(moved.digest().as_str()), "what the plan is now is printed: {out}");
        let yes = ApprovalArgs { approve: None, yes: true, approved_plan: None };
        assert_eq!(obtained_while(&yes, Person::Absent, "", &moved).0, Exit::Done, "nobody was waited for");
    }

    #[test]
    fn only_a_whole_yes_is_a_yes() {
        let (exit, out, err) = obtained(&NOTHING, Person::Present, "yes\n");
        assert_eq!(exit, Exit::Done);
        assert!(out.is_empty() && err.contains("account 123456789012? Type yes: "), "{err}");
        for answer in ["y\n", "YES\n", "no\n", "\n", "", "yes, but\n"] {
            assert_eq!(obtained(&NOTHING, Person::Present, answer).0, Exit::NotApproved, "{answer:?}");
        }
    }
}
