//! Turns CredentialsRequests into a signed bundle, offline.
//!
//! ```text
//! request ──▶ render ──▶ directory ──▶ recognise, pack ──▶ signed bundle
//!    feature      ▲                        key
//!    lint        key                    sandbox: no network, from before the first input
//! ```

pub mod cli;
pub mod commands;
pub mod directory;
pub mod feature;
pub mod key;
pub mod lint;
pub mod pack;
pub mod recognise;
pub mod render;
pub mod request;
pub mod sandbox;
