//! The installer's `install-config.yaml`, as far as it decides which requests a cluster needs.

use super::capability::{Baseline, CapabilityName};
use super::{FeatureSet, GateSwitch, switched_on};
use crate::request::document::{self, Document};
use crate::request::{Fields, Node, Problem, Selection, Source};
use std::collections::BTreeSet;
use std::fmt;
use std::io::Read as _;
use std::path::Path;
use sts_schemas::aws::Region;

/// The largest `install-config.yaml` that is read; pull secrets and trust bundles make it some 100 KiB.
pub const MAX_INSTALL_CONFIG_BYTES: u64 = 4 * 1024 * 1024;

/// What of `install-config.yaml` matters here.
///
/// Source: `InstallConfig` of openshift/installer, `pkg/types/installconfig.go`. Fields that are not named
/// here are left unread; the pull secret among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallConfig {
    /// The cluster's name.
    pub name: Option<String>,
    /// The region of `platform.aws`.
    pub region: Region,
    /// The feature set.
    pub feature_set: FeatureSet,
    /// The gates it switches on; `None` where it says nothing of gates.
    pub feature_gates: Option<BTreeSet<String>>,
    /// The capabilities that are on; `None` is all of them.
    pub capabilities: Option<BTreeSet<String>>,
    /// How operators get their credentials; `None` where it says nothing.
    pub credentials_mode: Option<CredentialsMode>,
    /// The line that says so, from 1.
    pub credentials_mode_line: Option<u64>,
}

/// How operators get their credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialsMode {
    /// A person makes them: the only mode that goes with STS.
    Manual,
    /// The cluster makes users of its own.
    Mint,
    /// The cluster hands its own credentials on.
    Passthrough,
}

impl fmt::Display for CredentialsMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Manual => "Manual",
            Self::Mint => "Mint",
            Self::Passthrough => "Passthrough",
        })
    }
}

/// Everything that is wrong with an `install-config.yaml`; its text lists all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallConfigError {
    /// What is wrong, at least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for InstallConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the installer's configuration cannot be used")?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InstallConfigError {}

impl InstallConfig {
    /// The line that STS needs in the file.
    pub const MANUAL_LINE: &str = "credentialsMode: Manual";

    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read or parsed, or a field that matters has no meaning.
    pub fn read(path: &Path) -> Result<Self, InstallConfigError> {
        let shown = path.display().to_string();
        let cannot = |message: String| InstallConfigError {
            problems: vec![Problem { source: Source::file(&shown), column: None, message }],
        };
        let text = read_text(path).map_err(cannot)?;
        Self::parse(&shown, &text)
    }

    /// Reads the text of a file of this name.
    ///
    /// # Errors
    /// When it is no YAML, or a field that matters has no meaning.
    pub fn parse(file: &str, text: &str) -> Result<Self, InstallConfigError> {
        document::with_stack(|| Self::parse_here(file, text)).unwrap_or_else(|error| {
            let message = format!("no thread could be started to read it: {error}");
            let problem = Problem { source: Source::file(file), column: None, message };
            Err(InstallConfigError { problems: vec![problem] })
        })
    }

    fn parse_here(file: &str, text: &str) -> Result<Self, InstallConfigError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut found = None;
        for document in document::split(text) {
            let node = document::parse(document.text).map_err(|malformed| {
                let (line, column) = malformed.position.unwrap_or((1, 1));
                let line = line + document.lines_before;
                let source = Source { file: file.to_owned(), document: document.number, line };
                let problem = Problem { source, column: Some(column), message: malformed.message };
                InstallConfigError { problems: vec![problem] }
            })?;
            if node.what() == "a mapping" && found.is_none() {
                found = Some((document, node));
            }
        }
        let Some((document, node)) = found else {
            let message = "it holds no configuration".to_owned();
            let problem = Problem { source: Source::file(file), column: None, message };
            return Err(InstallConfigError { problems: vec![problem] });
        };
        Self::of(file, document, &node)
    }

    fn of(file: &str, document: Document<'_>, node: &Node) -> Result<Self, InstallConfigError> {
        let mut fields = Fields::of(file, document);
        let name = node.get("metadata").and_then(|metadata| {
            fields.optional_text(metadata, "metadata.", "name").map(|(name, _)| name.to_owned())
        });
        let region = region(&mut fields, node);
        let feature_set = feature_set(&mut fields, node);
        let feature_gates = feature_gates(&mut fields, node, feature_set);
        let capabilities = capabilities(&mut fields, node);
        let credentials_mode = credentials_mode(&mut fields, node);
        let credentials_mode_line = node.get("credentialsMode").map(|node| fields.source(node).line);
        let problems = fields.into_problems();
        match region {
            Some(region) if problems.is_empty() => Ok(Self {
                name,
                region,
                feature_set,
                feature_gates,
                capabilities,
                credentials_mode,
                credentials_mode_line,
            }),
            _ => Err(InstallConfigError { problems }),
        }
    }

    /// Puts what the file says into a selection.
    pub fn select(&self, selection: &mut Selection) {
        selection.feature_set = self.feature_set;
        selection.feature_gates.clone_from(&self.feature_gates);
        selection.capabilities.clone_from(&self.capabilities);
    }

    /// What a person has to do so that the cluster uses the roles; `None` where nothing is to be done.
    #[must_use]
    pub fn mode_advice(&self) -> Option<String> {
        match (self.credentials_mode, self.credentials_mode_line) {
            (Some(CredentialsMode::Manual), _) => None,
            (Some(mode), Some(line)) => Some(format!(
                "line {line} says credentialsMode: {mode}; replace it by: {}",
                Self::MANUAL_LINE
            )),
            _ => Some(format!("add this line at the left margin: {}", Self::MANUAL_LINE)),
        }
    }
}

/// The text of the installer's configuration, or of a manifest that holds it.
///
/// # Errors
/// What is wrong with the file, without its name: a file that does not end is as much too large as a large one.
pub(crate) fn read_text(path: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("it cannot be read: {error}");
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    file.take(MAX_INSTALL_CONFIG_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_INSTALL_CONFIG_BYTES {
        return Err(format!("it is larger than {MAX_INSTALL_CONFIG_BYTES} bytes"));
    }
    Ok(text)
}

fn region(fields: &mut Fields<'_>, node: &Node) -> Option<Region> {
    let platform = fields.mapping(node, "", "platform")?;
    let aws = fields.mapping(platform, "platform.", "aws")?;
    let (text, at) = fields.text(aws, "platform.aws.", "region")?;
    text.parse().map_err(|error| fields.wrong(at, format!("platform.aws.region: {error}"))).ok()
}

fn feature_set(fields: &mut Fields<'_>, node: &Node) -> FeatureSet {
    match fields.optional_text(node, "", "featureSet") {
        None | Some(("", _)) => FeatureSet::Default,
        Some((text, at)) => text.parse().unwrap_or_else(|error| {
            fields.wrong(at, format!("featureSet: {error}"));
            FeatureSet::Default
        }),
    }
}

/// The installer takes `Name=true` and `Name=false`, and gates in a set of the author's own alone.
/// Source: openshift/installer, `pkg/types/validation`.
fn feature_gates(fields: &mut Fields<'_>, node: &Node, set: FeatureSet) -> Option<BTreeSet<String>> {
    let list = node.get("featureGates")?;
    let mut switches: Vec<GateSwitch> = Vec::new();
    for (text, at) in fields.texts(node, "", "featureGates") {
        match text.parse() {
            Ok(switch) if text.contains('=') => switches.push(switch),
            _ => fields.wrong(at, format!("featureGates holds {text:?}; write Name=true or Name=false")),
        }
    }
    if !switches.is_empty() && set != FeatureSet::CustomNoUpgrade {
        fields.wrong(list, "featureGates are taken with featureSet: CustomNoUpgrade alone".to_owned());
    }
    switched_on(&switches)
        .map_err(|both| fields.wrong(list, format!("featureGates switches {both} both on and off")))
        .ok()
}

/// The capability without which no component gets credentials. Source: openshift/installer, `pkg/types/validation`.
const CLOUD_CREDENTIAL: &str = "CloudCredential";

fn capabilities(fields: &mut Fields<'_>, node: &Node) -> Option<BTreeSet<String>> {
    let node = node.get("capabilities")?;
    let path = "capabilities.";
    let additional: Vec<_> = fields.texts(node, path, "additionalEnabledCapabilities");
    let (name, at) = fields.optional_text(node, path, "baselineCapabilitySet")?;
    match Baseline::of(name) {
        Some(Baseline::Everything) => None,
        Some(Baseline::Only(mut names)) => {
            for (text, at) in additional {
                match text.parse::<CapabilityName>() {
                    Ok(name) => drop(names.insert(name.0)),
                    Err(error) => fields.wrong(at, format!("{path}additionalEnabledCapabilities: {error}")),
                }
            }
            if !names.contains(CLOUD_CREDENTIAL) {
                let message = format!("{path}{CLOUD_CREDENTIAL} is off, and the installer wants it on AWS");
                fields.wrong(node, message);
            }
            Some(names)
        }
        None => {
            let known = Baseline::names().join(", ");
            let advice = "for a newer set give --capabilities";
            fields.wrong(
                at,
                format!("{path}baselineCapabilitySet {name:?} is unknown: known are {known}; {advice}"),
            );
            None
        }
    }
}

fn credentials_mode(fields: &mut Fields<'_>, node: &Node) -> Option<CredentialsMode> {
    let (text, at) = fields.optional_text(node, "", "credentialsMode")?;
    match text {
        "" => None,
        "Manual" => Some(CredentialsMode::Manual),
        "Mint" => Some(CredentialsMode::Mint),
        "Passthrough" => Some(CredentialsMode::Passthrough),
        other => {
            fields.wrong(
                at,
                format!("credentialsMode {other:?} is unknown: Manual, Mint and Passthrough are known"),
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "apiVersion: v1\nplatform:\n  aws:\n    region: eu-west-1\n";

    fn parse(rest: &str) -> Result<InstallConfig, InstallConfigError> {
        InstallConfig::parse("install-config.yaml", &format!("{HEAD}{rest}"))
    }

    #[test]
    fn what_the_file_says_becomes_the_selection() {
        let config = parse(
            "metadata: {name: demo}\ncredentialsMode: Manual\nfeatureSet: CustomNoUpgrade\n\
             featureGates: [A=true, B=false]\ncapabilities:\n  baselineCapabilitySet: None\n  \
             additionalEnabledCapabilities: [MachineAPI, CloudCredential]\n",
        )
        .unwrap();
        assert_eq!(config.region.as_str(), "eu-west-1");
        assert_eq!(config.name.as_deref(), Some("demo"));
        assert_eq!(config.mode_advice(), None);
        let mut selection = Selection::like_ccoctl(sts_schemas::aws::Partition::Aws);
        config.select(&mut selection);
        assert_eq!(selection.feature_set, FeatureSet::CustomNoUpgrade);
        assert_eq!(selection.feature_gates, Some(["A".to_owned()].into()));
        assert_eq!(selection.capabilities, Some(["MachineAPI", "CloudCredential"].map(str::to_owned).into()));
    }

    #[test]
    fn a_file_that_says_nothing_takes_the_installers_defaults() {
        let config = parse("pullSecret: x\n").unwrap();
        assert_eq!(config.feature_set, FeatureSet::Default);
        assert_eq!((config.feature_gates.as_ref(), config.capabilities.as_ref()), (None, None));
        assert!(config.mode_advice().unwrap().ends_with("margin: credentialsMode: Manual"));
        let mint = parse("credentialsMode: Mint\n").unwrap();
        assert!(mint.mode_advice().unwrap().contains("line 5 says credentialsMode: Mint"));
        let current = parse("capabilities: {baselineCapabilitySet: vCurrent}\n").unwrap();
        assert_eq!(current.capabilities, None);
    }

    #[test]
    fn everything_without_meaning_is_reported_at_once() {
        let text = "featureSet: Preview\ncredentialsMode: manual\nfeatureGates: [A]\n\
                    capabilities: {baselineCapabilitySet: v4.10}\n";
        let error = parse(text).unwrap_err();
        let lines: Vec<_> = error.problems.iter().map(|problem| problem.source.line).collect();
        assert_eq!(lines, [5, 7, 8, 6], "{error}");
        let text = "featureGates: [A=true, A=false, B=on]\ncapabilities:\n  baselineCapabilitySet: None\n  \
                    additionalEnabledCapabilities: [A+B]\n";
        let error = parse(text).unwrap_err().to_string();
        let parts = [
            "\"B=on\"",
            "switches A both on and off",
            "additionalEnabledCapabilities",
            "featureSet: CustomNoUpgrade alone",
            "CloudCredential is off",
        ];
        for part in parts {
            assert!(error.contains(part), "{part}: {error}");
        }
        for text in ["", "platform: {azure: {}}\n", "platform: {aws: {region: nowhere}}\n", "a: [", "- a\n"] {
            assert!(InstallConfig::parse("x", text).is_err(), "{text}");
        }
    }
}
