//! What both command lines say alike: of a wrong one, and in the manual.

use crate::manual;
use crate::program::Program;
use clap::Command;
use clap::error::{ContextKind, ContextValue};
use std::io;

/// Clap's error, without the advice that is wrong here, and with whose the command is where it is the `other` program's.
#[must_use]
pub fn advised(mut error: clap::Error, other: &Program) -> clap::Error {
    let mut tips = match error.remove(ContextKind::Suggested) {
        Some(ContextValue::StyledStrs(tips)) => tips,
        _ => Vec::new(),
    };
    // No value of these programs begins with a dash: who gives such a word means a flag.
    tips.retain(|tip| !tip.to_string().contains(" as a value, "));
    let command = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(command)) => other.claim(command),
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

/// A page of the manual that there is not.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// No command has this title.
    #[error("there is no page {0}")]
    Unknown(String),
    /// It could not be rendered.
    #[error("the page could not be rendered")]
    Render(#[from] io::Error),
}

/// The page of the command that these words lead to, or of the whole program where there are none.
///
/// # Errors
/// When they lead to no command.
pub fn manual_page(mut command: Command, program: &Program, words: &[String]) -> Result<String, PageError> {
    // Names of commands in their own pages come from here, as in `sts-executor-apply`.
    command.build();
    let title = words.iter().fold(program.name.to_owned(), |title, word| title + "-" + word);
    let mut command = titled(&mut command, &title).map(std::mem::take).ok_or(PageError::Unknown(title))?;
    let usage = command.render_usage().to_string();
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let source = format!("{} {}", program.name, env!("CARGO_PKG_VERSION"));
    let mut rendered = Vec::new();
    clap_mangen::Man::new(command).source(source).render(&mut rendered)?;
    Ok(manual::page(&String::from_utf8_lossy(&rendered), &usage, &examples))
}

/// The command whose page has this title: all the words that lead to it, with hyphens between them.
fn titled<'a>(command: &'a mut Command, title: &str) -> Option<&'a mut Command> {
    if command.get_display_name().unwrap_or_else(|| command.get_name()) == title {
        return Some(command);
    }
    command.get_subcommands_mut().find_map(|below| titled(below, title))
}
