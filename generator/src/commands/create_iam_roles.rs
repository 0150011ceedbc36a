//! `sts-generator create-iam-roles`: one role for each request.

use super::{is_of_roles, say, tell_findings, write_files};
use crate::cli::{OutputArgs, RequestArgs, RoleArgs, TagArgs, partition_of, region};
use crate::render::{Files, RoleNaming, check_sizes, name_roles, roles, with_tokens};
use crate::request::CredentialsRequest;
use clap::Args;
use sts_schemas::aws::{AccountId, Arn, Partition, Region};
use sts_schemas::cluster::{Cluster, ClusterName, Hosting, IssuerUrl};
use sts_schemas::contents::arn_faults;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::layout;
use sts_schemas::lint::{Own, lint_policy};
use sts_schemas::open::{OpenValue, open_issuer, stand_in_for_tokens};

/// Write one IAM role with its policies for each CredentialsRequest, and the Secret that hands it on.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  oc adm release extract --credentials-requests --included --to requests
  sts-generator create-iam-roles --name demo --region us-east-1 \\
      --credentials-requests-dir requests --output-dir demo \\
      --identity-provider-arn \\
  arn:aws:iam::123456789012:oidc-provider/demo-oidc.s3.us-east-1.amazonaws.com
Read and narrow the policies in demo/06-*.json; then create-bundle with the
same --output-dir.")]
#[command(override_usage = "sts-generator create-iam-roles [OPTIONS] --name <NAME>
         --identity-provider-arn <ARN> --credentials-requests-dir <DIR>")]
pub struct CreateIamRoles {
    /// Name for all resources made for the cluster.
    #[arg(long)]
    name: ClusterName,
    /// AWS region of the cluster; --install-config can tell it.
    #[arg(long)]
    region: Option<Region>,
    /// Partition of a region that this program does not know yet; it must be that of the provider.
    #[arg(long)]
    partition: Option<Partition>,
    /// The OIDC provider that the roles trust; account, partition and issuer follow from it.
    ///
    /// `${account}` and `${issuer}` stand for what is open, as in 04-iam-identity-provider.json.
    #[arg(long, value_name = "ARN")]
    identity_provider_arn: Arn,
    #[command(flatten)]
    requests: RequestArgs,
    #[command(flatten)]
    roles: RoleArgs,
    #[command(flatten)]
    tags: TagArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl CreateIamRoles {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        self.output.is_apart_from(&self.requests.credentials_requests_dir)?;
        let cluster = self.cluster()?;
        let files = role_files(&cluster, &self.requests, &self.roles, &self.tags)?;
        let files = with_tokens(files, &cluster);
        write_files(&self.output.claim()?, &files, &is_of_roles, "create-iam-roles")
    }

    /// The cluster as far as roles go: who hosts the issuer makes no difference to them.
    fn cluster(&self) -> Result<Cluster, Failure> {
        let given = self.identity_provider_arn.as_str().as_bytes();
        let arn = String::from_utf8_lossy(&stand_in_for_tokens(given, &OpenValue::ALL)).parse::<Arn>();
        let arn = &arn.map_err(|error| Failure::new(Exit::Usage, error))?;
        let wrong = |why: &str| {
            Failure::new(Exit::Usage, format!("--identity-provider-arn {arn}: {why}")).hint(
                "it looks like arn:aws:iam::123456789012:oidc-provider/demo-oidc.s3.us-east-1.amazonaws.com",
            )
        };
        let issuer = arn.resource().strip_prefix("oidc-provider/").filter(|_| arn.service() == "iam");
        let issuer = issuer.ok_or_else(|| wrong("it is not the ARN of an OIDC provider"))?;
        let issuer: IssuerUrl =
            format!("https://{issuer}").parse().map_err(|error| wrong(&format!("{error}")))?;
        let account: AccountId = arn.account().parse().map_err(|error| wrong(&format!("{error}")))?;
        let region = region(self.region.as_ref(), self.requests.selection.install_config.as_deref())?;
        let partition = partition_of(&region, self.partition)?;
        if partition != arn.partition() {
            return Err(wrong(&format!("region {region} is in partition {partition}")));
        }
        Cluster {
            name: self.name.clone(),
            account,
            partition,
            region,
            hosting: if issuer == open_issuer() {
                Hosting::PrivateBucket { bucket: self.name.default_bucket(), certificate: None }
            } else {
                Hosting::Elsewhere
            },
            issuer,
            former: None,
        }
        .checked()
        .map_err(|error| wrong(&error.to_string()))
    }
}

/// Everything that requests turn into: roles, policies, Secrets, and the requests themselves.
pub(crate) fn role_files(
    cluster: &Cluster,
    requests: &RequestArgs,
    options: &RoleArgs,
    tags: &TagArgs,
) -> Result<Files, Failure> {
    let selection = requests.selection.selection(cluster.partition)?;
    fits(cluster, options.boundary().as_ref())?;
    let folder = super::requests(&requests.credentials_requests_dir, &selection, "")?;
    stay_within(cluster, &folder.used)?;
    let naming = options.role_names.unwrap_or_default();
    let named = name_roles(&cluster.name, naming, &folder.used).map_err(|error| {
        let shorter = if error.is_of_the_cut() { "a shorter --name may do; " } else { "" };
        let failure = Failure::new(Exit::Failed, error);
        match naming {
            RoleNaming::Ccoctl => failure.hint(format!("{shorter}--role-names hashed tells them apart")),
            RoleNaming::Hashed => failure,
        }
    })?;
    let options = options.options(tags.tags()?);
    let made = named.iter().map(|role| (&options.path, &role.name));
    let own = Own::of(cluster, made, options.boundary.as_ref());
    let lint = |request: &CredentialsRequest| lint_policy(&request.name, &request.policy, &own);
    let findings: Vec<_> = folder.used.iter().flat_map(lint).collect();
    tell_findings(&findings);
    requests.lint.judge(&findings)?;
    let notes = check_sizes(cluster, &options, &named).map_err(|error| {
        Failure::new(Exit::Failed, error).hint("shorten the requests, or split each into several")
    })?;
    for note in notes {
        say(&format!("note: {note}"));
    }
    let mut files = roles(cluster, &options, &named);
    for file in folder.files {
        files.insert(format!("{}/{}", layout::REQUESTS, file.name), file.bytes);
    }
    Ok(files)
}

/// Refuses what is no policy, or one of another account, before anything is written.
///
/// Source: IAM User Guide, "Permissions boundaries for IAM entities": a managed policy, AWS's or the account's own.
fn fits(cluster: &Cluster, boundary: Option<&Arn>) -> Result<(), Failure> {
    let Some(arn) = boundary else { return Ok(()) };
    let open = cluster.open().contains(&OpenValue::Account);
    let account = if open { OpenValue::Account.token() } else { cluster.account.as_str() };
    let wrong = |why: String| {
        let error = format!("--permissions-boundary-arn {arn}: {why}");
        Err(Failure::new(Exit::Usage, error).hint(format!(
            "it looks like 'arn:{}:iam::{account}:policy/NAME', or has aws in the place of the account",
            cluster.partition
        )))
    };
    if arn.service() != "iam" || !arn.resource().starts_with("policy/") {
        return wrong("it is not the ARN of a managed policy".into());
    }
    if arn.partition() != cluster.partition {
        return wrong(format!("the cluster is in partition {}", cluster.partition));
    }
    if ["aws", cluster.account.as_str()].contains(&arn.account()) {
        return Ok(());
    }
    wrong(if open {
        "the cluster's account is open, and this would be a policy of one account alone".to_owned()
    } else {
        format!("the cluster is in account {account}")
    })
}

/// Requests that reach into other accounts or partitions, each with its place.
#[derive(Debug, thiserror::Error)]
#[error("{} of the requests' ARNs lead out of the cluster's account or partition:{}", .0.len(), .0.iter().fold(
    String::new(),
    |text, fault| format!("{text}\n  {fault}")
))]
struct Astray(Vec<String>);

/// Refuses what no bundle takes, before anything is written.
fn stay_within(cluster: &Cluster, requests: &[CredentialsRequest]) -> Result<(), Failure> {
    let faults = requests.iter().flat_map(|request| {
        let faults = arn_faults(cluster, &request.policy).into_iter();
        faults.map(move |fault| format!("{}: {}: {fault}", request.source, request.name))
    });
    let faults: Vec<_> = faults.collect();
    if faults.is_empty() {
        return Ok(());
    }
    let account = if cluster.open().contains(&OpenValue::Account) {
        "*, for the account is open".to_owned()
    } else {
        format!("{}, or *", cluster.account)
    };
    Err(Failure::new(Exit::Failed, Astray(faults)).hint(format!(
        "in the requests, let each of these ARNs name its service and have in the place of the account {account}"
    )))
}
