//! Stub.

pub mod feature;
pub mod lint;
pub mod request;
