//! Lines that fit a terminal.

#[cfg(test)]
pub(super) use sts_schemas::terminal::WIDTH;
pub(super) use sts_schemas::terminal::{cut, hanging, width, wrapped};
