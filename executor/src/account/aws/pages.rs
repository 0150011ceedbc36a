//! Lists that AWS gives page by page, and that some day must end.

use crate::account::{AccountError, AccountErrorKind};

/// More pages than any list has that is read here: of roles or versions, a thousand to a page, ten million.
pub(super) const MOST: usize = 10_000;

/// What is said of a list of which so many pages were read, and none was the last.
pub(super) fn endless(call: &str, on: impl Into<String>, pages: usize) -> AccountError {
    let message = format!("the list does not end: page {pages} is not the last");
    AccountError::unanswered(call, on, AccountErrorKind::Other, message)
}
