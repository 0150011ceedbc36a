//! What people read: plans, receipts, reports and progress, as text in 80 columns.
//!
//! It says everything without colour; colour only helps the eye.

mod access;
mod changes;
pub mod contents;
mod facts;
pub mod fleet;
mod grant;
mod keys;
pub mod markdown;
pub mod moved;
pub mod page;
mod paint;
pub mod plan;
mod powers;
pub mod progress;
pub mod receipt;
pub mod report;
pub mod standing;
mod value;
pub mod verification;
mod wrap;

pub use paint::{Paint, Tone};
pub use sts_schemas::moment::utc;
pub use sts_schemas::open::{KNOWN_AFTER_APPLY, hide_stand_ins};
pub use sts_schemas::terminal::printable;
