//! Turns CredentialsRequests into a signed bundle, offline.
//!
//! ```text
//! request ──▶ render ──▶ directory ──▶ recognise, pack ──▶ signed bundle
//!    feature      ▲                        key
//!                key                    sandbox: no network, from before the first input
//!
//! bundle ──▶ rotation ──▶ pack               the next signing key's bundles
//! bundle ──▶ moving ──▶ pack                 the next issuer's bundles
//! bundle ──▶ engine ──▶ a CloudFormation template, a Terraform configuration
//! receipt, bundle ──▶ finalize ──▶ install        what `oc` printed, bundle ──▶ living ──▶ report
//! ```

pub mod access;
mod asked;
mod bundled;
pub mod cli;
pub mod commands;
pub mod countersign;
mod credentials;
pub mod directory;
pub mod engine;
pub mod feature;
mod fleet;
pub mod key;
mod living;
mod made;
pub mod moving;
pub mod pack;
pub mod previous;
mod progress;
pub mod recognise;
pub mod render;
pub mod request;
pub mod rotation;
pub mod sandbox;
pub mod token;
mod unfinished;
mod voice;
