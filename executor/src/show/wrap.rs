//! Lines that fit a terminal.

pub(super) use sts_schemas::terminal::{WIDTH, wrapped};
