//! What is said of a command line that is wrong.

use clap::error::{ContextKind, ContextValue};
use sts_schemas::program::GENERATOR;

/// Clap's error, without the advice that is wrong here, and with whose the command is where it is the other program's.
pub(super) fn advised(mut error: clap::Error) -> clap::Error {
    let mut tips = match error.remove(ContextKind::Suggested) {
        Some(ContextValue::StyledStrs(tips)) => tips,
        _ => Vec::new(),
    };
    // No value of this program begins with a dash: who gives such a word means a flag.
    tips.retain(|tip| !tip.to_string().contains(" as a value, "));
    let command = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(command)) => GENERATOR.claim(command),
        _ => None,
    };
    if let Some(claim) = command {
        // What is alike by chance is not what was meant.
        error.remove(ContextKind::SuggestedSubcommand);
        tips.push(claim.into());
    }
    if !tips.is_empty() {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    error
}
