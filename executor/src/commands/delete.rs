//! `delete`: planning towards nothing.

use super::account::{self, AccountArgs};
use super::approval::{self, ApprovalArgs};
use super::binding;
use super::bundle::BundleArgs;
use super::bundle::TrustArgs;
use super::carry_out::{self, Work};
use super::receipt::{ReceiptFile, ReceiptKeyArgs};
use super::refusal;
use crate::account::{Account, Runtime, Scope};
use crate::cli::Format;
use crate::plan::{Target, plan_delete};
use crate::session::Session;
use crate::show;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;
use sts_schemas::aws::{Partition, Region};
use sts_schemas::bundle::VerifiedBundle;
use sts_schemas::cluster::{ClusterName, IssuerUrl};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::layout::{DISCOVERY_KEY, KEYS_KEY};
use sts_schemas::plan::Plan;
use sts_schemas::resource::Address;

/// Delete all that bears a cluster's tag: as a bundle names it, or by name and region.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The bundle of the cluster that shall go.
    #[arg(required_unless_present = "name", conflicts_with = "name")]
    bundle: Option<PathBuf>,
    /// The name of the cluster that shall go, when there is no bundle.
    #[arg(long, requires = "region")]
    name: Option<ClusterName>,
    /// The region of that cluster.
    #[arg(long, requires = "name")]
    region: Option<Region>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    account: AccountArgs,
    #[command(flatten)]
    approval: ApprovalArgs,
    /// Where the receipt goes; BUNDLE-delete-receipt.json in the current folder, if anything was done.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    #[command(flatten)]
    receipt_key: ReceiptKeyArgs,
}

#[derive(Debug, thiserror::Error)]
enum DeleteError {
    #[error("the region {0} belongs to no partition this program knows")]
    UnknownRegion(Region),
    #[error("after the delete these are still there: {0}")]
    Left(String),
}

/// What shall go, before the account has said who it is.
enum Doomed {
    Bundled(Box<VerifiedBundle>),
    Named(ClusterName, Region, Partition),
}

pub(crate) fn run(args: Args, format: Format, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let Args { bundle, name, region, trust, account: reach, approval, receipt, receipt_key } = args;
    let receipt_key = receipt_key.read()?;
    let (doomed, stem) = match (bundle, name.zip(region)) {
        (Some(bundle), _) => {
            let bundle = BundleArgs { bundle, trust };
            let verified = bundle.verified(session)?;
            (Doomed::Bundled(Box::new(verified)), bundle.stem())
        }
        (None, Some((name, region))) => {
            let partition = Partition::of_region(&region)
                .ok_or_else(|| Failure::new(Exit::Usage, DeleteError::UnknownRegion(region.clone())))?;
            let stem = name.to_string();
            (Doomed::Named(name, region, partition), stem)
        }
        (None, None) => return Err(Failure::new(Exit::Usage, "neither a bundle nor a name was given")),
    };
    let runtime = account::runtime()?;
    let aws = reach.open(&runtime, doomed.region(), session)?;
    let target = doomed.target(&aws)?;
    let scope = target_scope(&target, &reach);
    let plan = look_and_plan(&runtime, &aws, &scope, &target)?;
    if !plan.foreign.is_empty() {
        session.tell("Left as they are, because they are not the cluster's:");
        session.tell(show::plan::foreign(&plan).trim_end());
    }
    let place = if plan.is_empty() {
        session.tell("Nothing to do: nothing of the cluster's is left.");
        receipt
    } else {
        approval::obtain(&approval, &plan, format, session)?;
        Some(receipt.unwrap_or_else(|| format!("{stem}-delete-receipt.json").into()))
    };
    let place = place.map(|path| ReceiptFile::reserve(&path, receipt_key)).transpose()?;
    let work = Work { runtime: &runtime, account: &aws, plan: &plan, desired: None };
    let receipt = work.carry_out(place, session)?;
    carry_out::print(&receipt, format, session)?;
    let exit = carry_out::judge(&receipt)?;
    if !plan.is_empty() {
        confirm_gone(|| look_and_plan(&runtime, &aws, &scope, &target))?;
    }
    Ok(exit)
}

impl Doomed {
    fn region(&self) -> &Region {
        match self {
            Self::Bundled(bundle) => &bundle.outline().cluster.region,
            Self::Named(_, region, _) => region,
        }
    }

    fn target(self, account: &dyn Account) -> Result<Target, Failure> {
        let (cluster, region, partition) = match self {
            Self::Bundled(bundle) => {
                let desired = binding::of_account(&bundle, account.identity())?.desired;
                return Ok(Target::of_bundle(bundle.digest(), &desired));
            }
            Self::Named(cluster, region, partition) => (cluster, region, partition),
        };
        let bucket = cluster.default_bucket();
        let issuer = IssuerUrl::of_bucket(&bucket, &region, partition)
            .map_err(|error| Failure::new(Exit::Usage, error))?;
        let wanted = BTreeSet::from([
            Address::Provider(issuer.host_and_path().to_owned()),
            Address::Object(bucket.clone(), DISCOVERY_KEY.into()),
            Address::Object(bucket.clone(), KEYS_KEY.into()),
            Address::Bucket(bucket),
        ]);
        let account = account.identity().account.clone();
        Ok(Target { bundle: None, cluster, account, partition, region, wanted })
    }
}

fn target_scope(target: &Target, reach: &AccountArgs) -> Scope {
    Scope {
        cluster: target.cluster.clone(),
        region: target.region.clone(),
        wanted: target.wanted.clone(),
        search: reach.search(),
    }
}

fn look_and_plan(
    runtime: &Runtime,
    aws: &dyn Account,
    scope: &Scope,
    target: &Target,
) -> Result<Plan, Failure> {
    let observed = account::observe(runtime, aws, scope)?;
    plan_delete(target, &observed).map_err(refusal::of_plan)
}

/// How often to look whether all is gone: IAM tells the truth with a delay of seconds.
const LOOKS: u32 = 6;

/// The pause before the second look; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Looks again until nothing of the cluster's is left.
fn confirm_gone(look: impl Fn() -> Result<Plan, Failure>) -> Result<(), Failure> {
    let mut pause = FIRST_PAUSE;
    for nth in 1.. {
        let plan = look()?;
        if plan.is_empty() {
            break;
        }
        if nth == LOOKS {
            let left: Vec<_> = plan.steps.iter().map(|step| step.address().to_string()).collect();
            return Err(Failure::new(Exit::PartlyApplied, DeleteError::Left(left.join(", ")))
                .hint("run the same command again in a minute"));
        }
        std::thread::sleep(pause);
        pause *= 2;
    }
    Ok(())
}
