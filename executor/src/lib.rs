//! The AWS admin's half: what a verified bundle asks for, made so in an account.

pub mod account;
pub mod apply;
pub mod changes;
pub mod cli;
mod commands;
pub mod issuer;
pub mod permissions;
pub mod plan;
pub mod preflight;
pub mod session;
pub mod show;
