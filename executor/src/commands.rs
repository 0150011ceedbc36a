//! The commands, one file each, and what several of them do alike.

mod account;
pub(crate) mod apply;
mod approval;
mod binding;
mod bundle;
mod carry_out;
pub(crate) mod completions;
pub(crate) mod delete;
mod denial;
mod follow;
pub(crate) mod inspect;
mod installer;
mod issuer;
mod last_look;
pub(crate) mod man;
pub(crate) mod permissions;
mod place;
pub(crate) mod plan;
mod receipt;
mod record;
mod refusal;
pub(crate) mod rehearse;
mod remembered;
pub(crate) mod status;
pub(crate) mod verify;

use std::num::{IntErrorKind, ParseIntError};
use std::str::FromStr;

/// A number that is not 0, with the rule in our words where it is.
fn at_least_one<N: FromStr<Err = ParseIntError>>(text: &str) -> Result<N, String> {
    text.parse().map_err(|error: ParseIntError| match error.kind() {
        IntErrorKind::Zero => "at least 1 is needed".into(),
        _ => error.to_string(),
    })
}
