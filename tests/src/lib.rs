//! What the end-to-end tests stand on: both programs, an AWS emulator behind HTTP, and ways to do damage.
//!
//! Everything here panics with a plain message when it cannot do its part: a test that cannot run fails.
#![expect(clippy::panic, reason = "a harness that cannot go on fails its test")]
#![expect(clippy::missing_panics_doc, reason = "the crate's first lines say it for all of it")]
#![expect(clippy::disallowed_methods, reason = "a harness starts programs and reads the clock")]

pub mod account;
pub mod adversary;
pub mod aws_cli;
pub mod crossing;
pub mod emulator;
pub mod example;
pub mod guard;
pub mod handoff;
pub mod private_ccoctl;
pub mod processor;
pub mod programs;
pub mod proxy;
pub mod screen;
pub mod terminal;
pub mod tls_proxy;
pub mod tokens;
pub mod vectors;
