//! What one program of sts-handoff writes and another program, or a person's script, reads.
//!
//! ```text
//! CredentialsRequests ──generator──▶ directory ──pack, sign──▶ Bundle
//!                                                               │
//!            UnverifiedBundle ──verify(TrustStore)──▶ VerifiedBundle ──▶ Desired ─┐
//!                                                                                 ├─▶ Plan ──▶ Receipt
//!                                                      AWS account ──▶ Observed ──┘
//! ```
//!
//! Nothing here is asynchronous and nothing touches a network.

pub mod access;
pub mod alarm;
pub mod archive;
pub mod aws;
pub mod bundle;
pub mod cli_input;
pub mod cluster;
pub mod cluster_report;
#[cfg(feature = "command-line")]
pub mod command_line;
pub mod contents;
pub mod difference;
pub mod digest;
pub mod dns;
pub mod failure;
pub mod fleet;
pub mod gather;
pub mod inspection;
pub mod installer_manifest;
mod json;
pub mod layout;
pub mod lint;
pub mod manifest;
mod manual;
pub mod markdown;
pub mod moment;
pub mod oidc;
pub mod open;
mod pem;
pub mod plan;
pub mod policy;
pub mod program;
pub mod receipt;
pub mod rehearsal;
pub mod report;
pub mod resource;
pub mod sealed;
pub mod signature;
pub mod standing;
pub mod state;
pub mod terminal;
mod text;
pub mod verbosity;
pub mod version;

pub use text::InvalidText;
