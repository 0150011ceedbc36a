//! `apply`: make it so.

use super::account::{self, AccountArgs};
use super::approval::{self, ApprovalArgs};
use super::bundle::BundleArgs;
use super::carry_out::{self, Work};
use super::plan::{self, ChoiceArgs};
use super::receipt::ReceiptFile;
use crate::cli::Format;
use crate::session::Session;
use std::path::{Path, PathBuf};
use sts_schemas::bundle::VerifiedBundle;
use sts_schemas::failure::{Exit, Failure};

/// Make the account hold what a bundle wants, once its plan is approved.
///
/// On a terminal the plan is shown and a yes is asked for. Elsewhere give --approve with the digest that
/// `plan` printed, or --yes; without either, the plan is printed and nothing is changed (exit 4).
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    bundle: BundleArgs,
    #[command(flatten)]
    account: AccountArgs,
    #[command(flatten)]
    choice: ChoiceArgs,
    #[command(flatten)]
    approval: ApprovalArgs,
    /// Where the receipt goes; BUNDLE-receipt.json in the current folder, if anything was done.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Also write the installer's manifests, below this folder.
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
#[error("the installer's manifest cannot be written to {path}")]
struct Unwritable {
    path: String,
    #[source]
    source: std::io::Error,
}

pub(crate) fn run(args: &Args, format: Format, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let bundle = args.bundle.verified(session)?;
    let runtime = account::runtime()?;
    let aws = args.account.open(&runtime, &bundle.desired().cluster.region, session)?;
    let plan = plan::make(&runtime, &aws, &bundle, (&args.account, &args.choice))?;
    if !plan.foreign.is_empty() {
        approval::print(&plan, format, session)?;
    }
    plan::unobstructed(&plan)?;
    let place = if plan.is_empty() {
        session.tell("Nothing to do: the account holds what the bundle wants.");
        args.receipt.clone()
    } else {
        approval::obtain(&args.approval, &plan, format, session)?;
        Some(args.receipt.clone().unwrap_or_else(|| format!("{}-receipt.json", args.bundle.stem()).into()))
    };
    let place = place.as_deref().map(ReceiptFile::reserve).transpose()?;
    let work = Work { runtime: &runtime, account: &aws, plan: &plan, desired: Some(bundle.desired()) };
    let receipt = work.carry_out(place, session)?;
    carry_out::print(&receipt, format, session)?;
    let exit = carry_out::judge(&receipt)?;
    if let Some(folder) = &args.output_dir {
        write_manifests(&bundle, folder, session)?;
    }
    Ok(exit)
}

fn write_manifests(bundle: &VerifiedBundle, folder: &Path, session: &mut Session<'_>) -> Result<(), Failure> {
    for (name, text) in bundle.installer_manifests() {
        // The format lets only plain names below `manifests/` into a bundle.
        let path = folder.join(name);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.and_then(|()| std::fs::write(&path, text)).map_err(|source| {
            let error = Unwritable { path: path.display().to_string(), source };
            Failure::new(Exit::Failed, error).hint("the account is as wanted; run the same command again")
        })?;
    }
    let count = bundle.installer_manifests().len();
    session.tell(&format!("{count} installer manifests written below {}.", folder.display()));
    Ok(())
}
