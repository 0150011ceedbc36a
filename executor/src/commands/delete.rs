//! `delete`: planning towards nothing.

use super::account::{self, AccountArgs};
use super::approval::{self, ApprovalArgs};
use super::binding;
use super::bundle::{BundleArgs, TrustArgs, expired};
use super::carry_out::{self, SettlingArgs, Work};
use super::follow::{Found, follow};
use super::last_look;
use super::place::Neighbours;
use super::receipt::{ReceiptFile, ReceiptKeyArgs};
use super::refusal;
use crate::account::{Account, Departing, Runtime, Scope, Search};
use crate::cli::Format;
use crate::plan::{BucketContents, Target, plan_delete, private_bucket, public_bucket};
use crate::session::Session;
use crate::show::{self, printable};
use std::collections::BTreeSet;
use std::path::PathBuf;
use sts_schemas::aws::{Partition, Region};
use sts_schemas::bundle::VerifiedBundle;
use sts_schemas::cluster::{ClusterName, IssuerUrl, has_cloudfront};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::plan::Plan;
use sts_schemas::resource::Address;
use sts_schemas::state::{Observed, Unseen};

/// Delete all that bears a cluster's tag: as a bundle names it, or by name and region.
///
/// After Ctrl-C or SIGTERM nothing new begins, and what is under way comes to its end: exit 6, or 0 where that was all.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example, on a terminal, which asks:
  sts-executor delete BUNDLE --trusted-key author.key.pub
Example, where no bundle is left:
  sts-executor delete --name demo --region us-east-1")]
pub(crate) struct Args {
    /// A bundle of the cluster that shall go, an older one too: what goes is what bears the cluster's tag.
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
    settling: SettlingArgs,
    #[command(flatten)]
    approval: ApprovalArgs,
    /// Also delete what others put into the cluster's bucket; without it, that stops the delete.
    #[arg(long)]
    force_bucket: bool,
    /// Where the receipt goes; BUNDLE-delete-receipt.json in the current folder, if anything was done, or the one there is
    /// not complete.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    #[command(flatten)]
    receipt_key: ReceiptKeyArgs,
}

#[derive(Debug, thiserror::Error)]
enum DeleteError {
    #[error("the region {0} belongs to no partition this program knows")]
    UnknownRegion(Region),
}

/// What shall go, before the account has said who it is.
enum Doomed {
    Bundled(Box<VerifiedBundle>),
    Named(ClusterName, Region, Partition),
}

impl Args {
    fn check_places(&self) -> Result<(), Failure> {
        let mut neighbours = Neighbours::default();
        neighbours.reads("the bundle", self.bundle.as_deref());
        self.trust.name(&mut neighbours);
        self.account.name(&mut neighbours);
        self.approval.name(&mut neighbours);
        self.receipt_key.name(&mut neighbours);
        self.account.check_log(&neighbours)?;
        self.receipt.as_deref().map_or(Ok(()), |path| ReceiptFile::check(path, &neighbours))
    }
}

pub(crate) fn run(args: Args, format: Format, session: &mut Session<'_>) -> Result<Exit, Failure> {
    args.check_places()?;
    let Args {
        bundle,
        name,
        region,
        trust,
        account: reach,
        settling,
        approval,
        force_bucket,
        receipt,
        receipt_key,
    } = args;
    let contents = if force_bucket { BucketContents::Remove } else { BucketContents::Refuse };
    let receipt_key = receipt_key.read()?;
    let mut notes = Vec::new();
    let (doomed, stem) = match (bundle, name.zip(region)) {
        (Some(bundle), _) => {
            let bundle = BundleArgs { bundle, trust };
            let verified = bundle.verified(session)?;
            notes.extend(expired(&verified));
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
    let hunt = Hunt { target: Target { contents, ..doomed.target(&aws)? }, search: reach.search(), notes };
    let Caught { plan, target, scope } = hunt.plan(&runtime, &aws)?;
    if !plan.foreign.is_empty() {
        session.warn("Left as they are, because they are not the cluster's:");
        session.warn(show::plan::foreign(&plan).trim_end());
    }
    let is_asked_for = receipt.is_some();
    let place = receipt.unwrap_or_else(|| format!("{stem}-delete-receipt.json").into());
    let place = if plan.is_empty() {
        session.tell("Nothing to do: nothing of the cluster's was found where it was looked for.");
        for note in &plan.notes {
            session.tell(&format!("Note: {}", printable(note)));
        }
        Some(place).filter(|path| is_asked_for || ReceiptFile::is_owed(path))
    } else {
        let again = || hunt.plan(&runtime, &aws).map(|caught| caught.plan);
        approval::obtain(&approval, &plan, again, (format, session))?;
        Some(place)
    };
    let place = place.map(|path| ReceiptFile::reserve(&path, receipt_key)).transpose()?;
    let time_limit = reach.time_limit();
    let work = Work {
        runtime: &runtime,
        account: &aws,
        plan: &plan,
        contents: None,
        front: None,
        settling: settling.settling(),
        time_limit,
    };
    let mut carried = work.carry_out(place, session, |_, _| {
        if plan.is_empty() {
            return Ok(());
        }
        last_look::confirm(&runtime, &aws, (&scope, time_limit), |seen| plan_delete(&target, seen))
    })?;
    carry_out::print(&carried.receipt, format, session)?;
    let exit = carry_out::judge(&mut carried)?;
    // The last note says what was not looked for.
    if let Some(limits) = plan.notes.last().filter(|_| !plan.is_empty()) {
        session.tell(&format!("Nothing of what was looked for is left. {}", printable(limits)));
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
        let mut wanted = public_bucket(&bucket);
        wanted.insert(Address::Provider(issuer.host_and_path().to_owned()));
        let account = account.identity().account.clone();
        let contents = BucketContents::default();
        let mut target = Target { bundle: None, cluster, account, partition, region, wanted, contents };
        if has_cloudfront(partition) {
            target.wanted.extend(private_bucket(&target.cluster, &bucket));
        }
        Ok(target)
    }
}

/// What shall go, and how far to look for it.
struct Hunt {
    target: Target,
    search: Search,
    /// What the plan must say besides, each a sentence.
    notes: Vec<String>,
}

/// A plan to delete, with all that was found where the tag led.
struct Caught {
    plan: Plan,
    target: Target,
    scope: Scope,
}

impl Hunt {
    /// Looks at the account and plans.
    fn plan(&self, runtime: &Runtime, account: &dyn Account) -> Result<Caught, Failure> {
        let scope = Scope {
            cluster: self.target.cluster.clone(),
            region: self.target.region.clone(),
            wanted: self.target.wanted.clone(),
            led: BTreeSet::new(),
            // A bundle tells where its own resources are, and nothing of those before it: only their tags do.
            search: if self.search == Search::Named { Search::Leads } else { self.search },
            departing: Departing::Everything,
        };
        let found = runtime.block_on(follow(account, scope));
        let Found { scope, observed, notes } = found.map_err(refusal::of_account)?;
        let target = Target { wanted: scope.wanted.clone(), ..self.target.clone() };
        let mut plan = plan_delete(&target, &observed).map_err(refusal::of_plan)?;
        plan.notes.extend(self.notes.iter().cloned().chain(notes));
        plan.notes.push(limits_of(self.search, &target.cluster, &observed));
        Ok(Caught { plan, target, scope })
    }
}

/// What a delete does not look for, in a sentence.
fn limits_of(search: Search, name: &ClusterName, observed: &Observed) -> String {
    let is_veiled = |(address, why): (&Address, &Unseen)| {
        matches!(address, Address::Distribution(_)) && *why == Unseen::Denied
    };
    let (distribution, and_distribution) = if observed.unseen.iter().any(is_veiled) {
        ("", "")
    } else {
        (", distribution", " and distribution")
    };
    match search {
        Search::Thorough => format!(
            "Looked for by the tag of {name}: every role, provider{distribution} and bucket. Not looked for: a path in a \
             bucket of others' that no provider leads to."
        ),
        Search::Named | Search::Leads => format!(
            "Looked for by the tag of {name}: roles named {name}-*, every provider{and_distribution}, the bucket {}, and \
             where these lead. Not looked for: roles and buckets of other names (--thorough does), and a path in a \
             bucket of others' that no provider leads to.",
            name.default_bucket()
        ),
    }
}
