//! Whether a plan may be carried out.

use crate::cli::Format;
use crate::session::{Person, Session};
use crate::show;
use serde::Serialize;
use sts_schemas::digest::Sha256;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::plan::{Plan, Purpose};

/// How the person says yes. Without either flag they are asked, where there is a terminal.
#[derive(Debug, clap::Args)]
pub(crate) struct ApprovalArgs {
    /// Carry the plan out if it still is the one with this digest; at least 16 of its digits.
    #[arg(long, value_name = "DIGEST", conflicts_with = "yes")]
    approve: Option<String>,
    /// Carry out whatever the plan is now.
    #[arg(long)]
    yes: bool,
}

/// A plan with its digest, as JSON.
#[derive(Serialize)]
struct PlanWithDigest<'a> {
    digest: Sha256,
    plan: &'a Plan,
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
    #[error("approved was {given}, and the plan now is {now}")]
    Moved { given: String, now: Sha256 },
}

/// Writes a plan as data.
pub(super) fn print(plan: &Plan, format: Format, session: &mut Session<'_>) -> Result<(), Failure> {
    match format {
        Format::Text => session.data(&show::plan::text(plan, session.surroundings.paint)),
        Format::Json => session.json(&PlanWithDigest { digest: plan.digest(), plan }),
    }
}

/// Comes back without an error only when this very plan may be carried out.
///
/// A plan that may not is printed as data, so that it can be read and approved.
pub(super) fn obtain(
    args: &ApprovalArgs,
    plan: &Plan,
    format: Format,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let digest = plan.digest();
    let refuse = |error: NotApproved, session: &mut Session<'_>| {
        print(plan, format, session)?;
        let hint = format!("nothing was changed; if this plan is right, give --approve {digest}");
        Err(Failure::new(Exit::NotApproved, error).hint(hint))
    };
    match &args.approve {
        _ if args.yes => Ok(()),
        Some(given) if digest.starts_with(given) => Ok(()),
        Some(given) if given.len() < Sha256::SHORTEST_PREFIX => {
            Err(Failure::new(Exit::Usage, NotApproved::TooShort { given: given.clone() }))
        }
        Some(given) => refuse(NotApproved::Moved { given: given.clone(), now: digest.clone() }, session),
        None if session.surroundings.person == Person::Absent => refuse(NotApproved::NotAsked, session),
        None if ask(plan, session) => Ok(()),
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
