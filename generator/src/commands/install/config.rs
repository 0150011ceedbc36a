//! The installer's own configuration, held against the bundle's.

use super::Format;
use crate::feature::InstallConfig;
use crate::feature::install_config::read_text;
use crate::request::{Node, document};
use std::path::Path;
use sts_schemas::aws::Region;

/// The installer's configuration.
pub(crate) const CONFIG: &str = "install-config.yaml";
/// Where the configuration stands once `openshift-install create manifests` has consumed the file.
/// Source: openshift/installer, `pkg/asset/manifests`.
const CONSUMED: &str = "manifests/cluster-config.yaml";

/// Checks credentials mode and region.
pub(super) fn check(
    install_dir: &Path,
    format: Format,
    region: Option<&Region>,
    problems: &mut Vec<String>,
    notes: &mut Vec<String>,
) {
    let shown = install_dir.display();
    let config = match find(install_dir) {
        Ok(Some(config)) => config,
        Ok(None) if format == Format::Hive => {
            notes.push(format!(
                "no {CONFIG} in {shown} to check; the one you give Hive must say {}",
                InstallConfig::MANUAL_LINE
            ));
            return;
        }
        Ok(None) => {
            problems.push(format!(
                "{shown} holds neither {CONFIG} nor {CONSUMED}: is it the directory of openshift-install?"
            ));
            return;
        }
        Err(problem) => return problems.push(problem),
    };
    let file = config.file;
    if let Some(advice) = config.config.mode_advice() {
        problems.push(format!("{file} does not ask for manual credentials: {advice}"));
    }
    if let Some(region) = region.filter(|region| **region != config.config.region) {
        problems.push(format!(
            "{file} installs into {}, the OIDC bucket is made in {region}",
            config.config.region
        ));
    }
    if file == CONFIG && format == Format::Installer && !install_dir.join("manifests").is_dir() {
        notes
            .push("openshift-install create manifests has not run here; run it before create cluster".into());
    }
}

struct Found {
    file: &'static str,
    config: InstallConfig,
}

fn find(install_dir: &Path) -> Result<Option<Found>, String> {
    let path = install_dir.join(CONFIG);
    if path.exists() {
        let config = InstallConfig::read(&path).map_err(|error| error.to_string())?;
        return Ok(Some(Found { file: CONFIG, config }));
    }
    let path = install_dir.join(CONSUMED);
    if !path.exists() {
        return Ok(None);
    }
    let text = read_text(&path).map_err(|what| format!("{CONSUMED}: {what}"))?;
    let node = document::with_stack(|| document::parse(&text))
        .map_err(|error| error.to_string())?
        .map_err(|malformed| format!("{CONSUMED}: {}", malformed.message))?;
    let inner = node.get("data").and_then(|data| data.get("install-config")).and_then(Node::as_text);
    let inner = inner.ok_or_else(|| format!("{CONSUMED} holds no install-config"))?;
    let config = InstallConfig::parse(CONSUMED, inner).map_err(|error| error.to_string())?;
    Ok(Some(Found { file: CONSUMED, config }))
}
