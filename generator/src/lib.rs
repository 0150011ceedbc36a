//! Stub.

pub mod commands;
pub mod feature;
pub mod lint;
pub mod request;
