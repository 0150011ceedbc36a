//! The program as a person runs it: whole command lines on folders of their own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::panic, reason = "a test that finds something wrong says what")]

mod accounts;
mod author;
mod cut;
mod determinism;
mod diff;
mod elsewhere;
mod flags;
mod fleet;
mod generations;
mod held;
mod keys;
mod manual;
mod moving;
mod offline;
mod private_key;
mod refusals;
mod rotation;
mod side_by_side;
mod signatures;
mod signing_keys;
mod skipped;
mod strangers;
mod upgrade;
mod written;
