//! Stub.

pub mod feature;
pub mod request;
