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
use crate::account::{Account, AccountError, AccountErrorKind, Departing, Runtime, Scope, Search};
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
/// By name every role, provider, distribution and bucket of the account is looked at, since only tags tell there what is the
/// cluster's; exit code 0 then says that none bears its tag any more. What the credentials may not look at is named, and the
/// exit code is 6 after a delete, or 1 where nothing was found.
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
    /// With --name, look only where names tell: at roles named NAME-*, the bucket NAME-oidc, providers and distributions of
    /// any name, and where these lead.
    ///
    /// Roles and buckets of other names are left then, whatever tags they bear: exit code 0 says nothing of them.
    #[arg(long, requires = "name", conflicts_with_all = ["bundle", "thorough"])]
    names_only: bool,
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
    #[error("nobody can say that nothing of {cluster} is left: {count} could not be looked at{}", .first.as_ref().map(|first| format!(", {first} among them")).unwrap_or_default())]
    NotSeen { cluster: ClusterName, count: usize, first: Option<Address> },
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
        names_only,
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
    // A bundle names what is the cluster's; without one, only tags do.
    let search = match (&name, names_only) {
        (Some(_), true) => Search::Leads,
        (Some(_), false) => Search::Thorough,
        (None, _) => reach.search(),
    };
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
    let hunt = Hunt { target: Target { contents, ..doomed.target(&aws)? }, search, notes };
    let Caught { plan, target, scope, veiled } = hunt.plan(&runtime, &aws)?;
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
        if !plan.is_empty() {
            last_look::confirm(&runtime, &aws, (&scope, time_limit), |seen| plan_delete(&target, seen))?;
        }
        hunt.whole(&veiled, if plan.is_empty() { Exit::Failed } else { Exit::PartlyApplied })
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
    /// What the credentials may not look at, and may be the cluster's.
    veiled: Vec<Address>,
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
        let Found { scope, observed, notes } = found.map_err(|error| self.refusal(error))?;
        let target = Target { wanted: scope.wanted.clone(), ..self.target.clone() };
        let mut plan = plan_delete(&target, &observed).map_err(refusal::of_plan)?;
        plan.notes.extend(self.notes.iter().cloned().chain(notes));
        plan.notes.push(self.limits(&observed));
        let denied = observed.unseen.into_iter().filter(|(_, why)| *why == Unseen::Denied);
        Ok(Caught { plan, target, scope, veiled: denied.map(|(address, _)| address).collect() })
    }

    /// Whether it may be said that nothing of the cluster's is left, where that was asked for.
    fn whole(&self, veiled: &[Address], otherwise: Exit) -> Result<(), Failure> {
        if self.search != Search::Thorough || veiled.is_empty() {
            return Ok(());
        }
        let (cluster, first) = (self.target.cluster.clone(), veiled.first().cloned());
        let error = DeleteError::NotSeen { cluster, count: veiled.len(), first };
        Err(Failure::new(otherwise, error).hint(self.narrower(
            "run this again with credentials that may look at all of the account: iam:GetRole, \
             iam:GetOpenIDConnectProvider, s3:GetBucketLocation and s3:GetBucketTagging on *, and CloudFront's lists",
        )))
    }

    /// An account that could not be looked at.
    fn refusal(&self, error: AccountError) -> Failure {
        let denied = [AccountErrorKind::AccessDenied, AccountErrorKind::DeniedAbove].contains(&error.kind);
        let advice = refusal::advice(&error).filter(|_| denied && self.search == Search::Thorough);
        let failure = refusal::of_account(error);
        match advice {
            Some(advice) => failure.hint(self.narrower(&advice)),
            None => failure,
        }
    }

    /// Advice, and the way to look less far.
    fn narrower(&self, advice: &str) -> String {
        match self.target.bundle {
            Some(_) => {
                format!("{advice}; without --thorough only what the bundle and names tell is looked at")
            }
            None => {
                format!("{advice}; --names-only looks only where names tell, and exit code 0 says less then")
            }
        }
    }

    /// What a delete does not look for, in a sentence.
    fn limits(&self, observed: &Observed) -> String {
        let name = &self.target.cluster;
        let is_veiled = |(address, why): (&Address, &Unseen)| {
            matches!(address, Address::Distribution(_)) && *why == Unseen::Denied
        };
        let (distribution, and_distribution) = if observed.unseen.iter().any(is_veiled) {
            ("", "")
        } else {
            (", distribution", " and distribution")
        };
        let others = match self.target.bundle {
            Some(_) => "roles and buckets of other names (--thorough does)",
            None => {
                "roles and buckets of other names, so that some may be left whatever the exit code (without --names-only \
                 they are)"
            }
        };
        match self.search {
            Search::Thorough => format!(
                "Looked for by the tag of {name}: every role, provider{distribution} and bucket. Not looked for: a path \
                 in a bucket of others' that no provider leads to."
            ),
            Search::Named | Search::Leads => format!(
                "Looked for by the tag of {name}: roles named {name}-*, every provider{and_distribution}, the bucket {}, \
                 and where these lead. Not looked for: {others}, and a path in a bucket of others' that no provider \
                 leads to.",
                name.default_bucket()
            ),
        }
    }
}
