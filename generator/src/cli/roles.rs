//! Flags that say which requests are used, and how their roles are made.

use super::LintArgs;
use crate::feature::capability;
use crate::feature::{CapabilityName, FeatureSet, GateSwitch, InstallConfig, switched_on};
use crate::render::{CLIENT_IDS, RoleNaming, RoleOptions, is_own_tag};
use crate::request::{Recursion, RewritePartition, Selection};
use clap::Args;
use std::path::PathBuf;
use sts_schemas::aws::{Arn, Partition, RolePath};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::gather::Gather as _;
use sts_schemas::open::OpenValue;
use sts_schemas::resource::Tags;

/// Which requests are used.
#[derive(Debug, Clone, Args)]
pub struct RequestArgs {
    /// Directory of CredentialsRequests, as `oc adm release extract --credentials-requests` writes it.
    #[arg(long, value_name = "DIR")]
    pub credentials_requests_dir: PathBuf,
    /// Which of them count.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Whether a finding stops it.
    #[command(flatten)]
    pub lint: LintArgs,
}

/// Which requests of a directory count, and how the directory is read.
#[derive(Debug, Clone, Args)]
pub struct SelectionArgs {
    /// Read the folders inside it too.
    #[arg(long)]
    pub recursive: bool,
    /// Take requests of technology previews; the same as `--feature-set TechPreviewNoUpgrade`.
    #[arg(long, conflicts_with = "feature_set")]
    pub enable_tech_preview: bool,
    /// The feature set that will be in force.
    #[arg(long, value_name = "SET", value_enum)]
    pub feature_set: Option<FeatureSet>,
    /// Feature gates that will be on, with commas between them; Name=true and Name=false do too.
    #[arg(long, value_name = "GATES", value_delimiter = ',')]
    pub feature_gates: Option<Vec<GateSwitch>>,
    /// Capabilities that will be on, with commas between them, as in `ImageRegistry,Ingress,Storage`.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', long_help = capabilities_help())]
    pub capabilities: Option<Vec<CapabilityName>>,
    /// Take region, feature set, gates and capabilities from the installer's configuration, and check its credentials mode.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["enable_tech_preview", "feature_set", "feature_gates", "capabilities"])]
    pub install_config: Option<PathBuf>,
    /// Rewrite ARNs of another partition inside requests, and say which, instead of refusing them.
    #[arg(long)]
    pub rewrite_partition: bool,
}

fn capabilities_help() -> String {
    format!(
        "Capabilities that will be on, with commas between them, as in `ImageRegistry,Ingress,Storage`.\n\n\
         All of them where this is not given. The names are those of install-config.yaml and of the requests; known are {}.",
        capability::names().collect::<Vec<_>>().join(", ")
    )
}

/// How roles are made.
#[derive(Debug, Clone, Args)]
pub struct RoleArgs {
    /// Permissions boundary for every role; with --any-account its account is `${account}`, or aws.
    #[arg(long, value_name = "ARN")]
    pub permissions_boundary_arn: Option<Arn>,
    /// How names longer than IAM's 64 characters are cut; as ccoctl does, where nothing else is said.
    #[arg(long, value_enum)]
    pub role_names: Option<RoleNaming>,
    /// IAM path of every role; `/` where nothing else is said.
    #[arg(long, value_name = "PATH")]
    pub role_path: Option<RolePath>,
    /// Let in only tokens made for this audience, beside the right service account.
    #[arg(long, value_name = "AUDIENCE", value_parser = CLIENT_IDS)]
    pub trust_audience: Option<String>,
    /// How long a session may last, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(3600..=43_200))]
    pub session_duration: Option<u32>,
}

/// One more tag on everything that is made.
#[derive(Debug, Clone, Args)]
pub struct TagArgs {
    /// One more tag on everything that is made; can be given several times.
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = parse_tag)]
    pub tags: Vec<(String, String)>,
}

/// S3 takes ten tags on an object, and two are the program's own. Source: Amazon S3 User Guide,
/// "Categorizing your objects using tags".
const MOST_TAGS: usize = 8;

fn parse_tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, _)) if key.to_ascii_lowercase().starts_with("aws:") => {
            Err("AWS keeps tags that begin with aws: to itself".into())
        }
        Some((key, _)) if is_own_tag(key) => {
            Err("this tag says whose the resource is, and is made by the program".into())
        }
        Some((key, value)) if !key.is_empty() => well_formed(key, value),
        _ => Err("a tag is KEY=VALUE".into()),
    }
}

/// What S3 and IAM both take. Source: IAM User Guide, "Rules for tagging in IAM and AWS STS", and Amazon S3
/// User Guide, "Categorizing your objects using tags".
fn well_formed(key: &str, value: &str) -> Result<(String, String), String> {
    const LONGEST_KEY: usize = 128;
    const LONGEST_VALUE: usize = 256;
    let taken = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    if let Some(strange) = key.chars().chain(value.chars()).find(|c| !taken(*c)) {
        return Err(format!(
            "AWS takes letters, digits, spaces and _ . : / = + - @ in tags, not {strange:?}"
        ));
    }
    let mut stand_ins = OpenValue::ALL.into_iter().map(OpenValue::stand_in);
    if let Some(reserved) = stand_ins.find(|text| key.contains(text) || value.contains(text)) {
        return Err(format!("{reserved} stands for what AWS alone can name, and would not stay as it is"));
    }
    if key.chars().count() > LONGEST_KEY || value.chars().count() > LONGEST_VALUE {
        return Err(format!(
            "AWS takes at most {LONGEST_KEY} characters as a tag's key, {LONGEST_VALUE} as its value"
        ));
    }
    Ok((key.to_owned(), value.to_owned()))
}

impl TagArgs {
    /// The tags; a key given twice is refused, and more than AWS takes.
    ///
    /// # Errors
    /// Names the key, or the limit.
    pub fn tags(&self) -> Result<Tags, Failure> {
        let mut tags = Tags::new();
        for (key, value) in &self.tags {
            let twice = tags.keys().any(|known: &String| known.eq_ignore_ascii_case(key));
            if twice || tags.insert(key.clone(), value.clone()).is_some() {
                return Err(Failure::new(Exit::Usage, format!("--tag {key}=... is given twice")));
            }
        }
        if tags.len() > MOST_TAGS {
            return Err(Failure::new(
                Exit::Usage,
                format!(
                    "--tag is given {} times, and at most {MOST_TAGS} fit on an object of S3",
                    tags.len()
                ),
            ));
        }
        Ok(tags)
    }
}

impl SelectionArgs {
    /// What these flags select, for a cluster in this partition.
    ///
    /// # Errors
    /// When the installer's configuration cannot be used, or flags contradict each other.
    pub fn selection(&self, partition: Partition) -> Result<Selection, Failure> {
        let mut selection = Selection::like_ccoctl(partition);
        selection.recursion = if self.recursive { Recursion::Nested } else { Recursion::TopOnly };
        if self.rewrite_partition {
            selection.rewrite = RewritePartition::Rewrite;
        }
        if self.enable_tech_preview {
            selection.feature_set = FeatureSet::TechPreviewNoUpgrade;
        }
        if let Some(feature_set) = self.feature_set {
            selection.feature_set = feature_set;
        }
        selection.feature_gates =
            self.feature_gates.as_deref().map(switched_on).transpose().map_err(|both| {
                Failure::new(Exit::Usage, format!("--feature-gates switches {both} both on and off"))
            })?;
        let names = |names: &Vec<CapabilityName>| names.iter().map(|name| name.0.clone()).gather();
        selection.capabilities = self.capabilities.as_ref().map(names);
        if let Some(path) = &self.install_config {
            let config = InstallConfig::read(path).map_err(|error| Failure::new(Exit::Failed, error))?;
            config.select(&mut selection);
        }
        Ok(selection)
    }
}

impl RoleArgs {
    /// The permissions boundary, with the stand-in of an open account for its token.
    pub(crate) fn boundary(&self) -> Option<Arn> {
        let given = self.permissions_boundary_arn.as_ref()?;
        let account = OpenValue::Account;
        let bound = given.as_str().replace(account.token(), account.stand_in());
        Some(bound.parse().unwrap_or_else(|_| given.clone()))
    }

    /// What these flags choose for roles, with these tags.
    #[must_use]
    pub fn options(&self, tags: Tags) -> RoleOptions {
        RoleOptions {
            boundary: self.boundary(),
            path: self.role_path.clone().unwrap_or_default(),
            audience: self.trust_audience.clone(),
            session_seconds: self.session_duration,
            tags,
        }
    }
}
