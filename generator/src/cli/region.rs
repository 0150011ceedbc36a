//! Which region is meant, by a flag or by the installer's configuration.

use crate::commands::{expect_manual, in_file};
use crate::feature::InstallConfig;
use std::path::Path;
use sts_schemas::aws::Region;
use sts_schemas::failure::{Exit, Failure};

/// The region that was given, or else that of the installer's configuration; where both tell, they must agree.
///
/// # Errors
/// When neither tells it, they differ, or the configuration cannot be used or wants other credentials.
pub(crate) fn region(given: Option<&Region>, install_config: Option<&Path>) -> Result<Region, Failure> {
    let Some(path) = install_config else {
        return given.cloned().ok_or_else(missing);
    };
    let config = InstallConfig::read(path).map_err(|error| Failure::new(Exit::Failed, error))?;
    expect_manual(&config, path)?;
    let configured = config.region;
    match given {
        Some(given) if *given != configured => {
            Err(in_file(path, Differs { configured, given: given.clone() })
                .hint("give one of them, or mend the one that is wrong"))
        }
        _ => Ok(configured),
    }
}

fn missing() -> Failure {
    Failure::new(Exit::Usage, "the region is missing")
        .hint("give --region, like --region us-east-1, or --install-config, which tells it too")
}

/// The flag says one region, the configuration another.
#[derive(Debug, thiserror::Error)]
#[error("its region is {configured}, and --region says {given}")]
struct Differs {
    configured: Region,
    given: Region,
}
