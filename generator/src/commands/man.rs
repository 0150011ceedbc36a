//! `sts-generator man`: the manual, in the form that `man` reads.

use clap::{Arg, ArgAction, Args, Command};
use std::fmt::Write as _;
use std::io::Write as _;
use sts_schemas::failure::{Exit, Failure};

/// Print the manual page of this program, or of one command, on stdout.
#[derive(Debug, Args)]
pub struct Man {
    /// The command; the program itself where none is given.
    command: Option<String>,
}

impl Man {
    pub(crate) fn run(self, mut program: Command) -> Result<(), Failure> {
        // Names of commands in their own pages come from here, as in `sts-generator-create-all`.
        program.build();
        let page = match &self.command {
            None => program,
            Some(name) => {
                let known = program.find_subcommand(name).cloned();
                known.ok_or_else(|| Failure::new(Exit::Usage, format!("there is no command {name:?}")))?
            }
        };
        let failed = |error| Failure::new(Exit::Failed, error);
        let mut text = Vec::new();
        clap_mangen::Man::new(page.clone()).render(&mut text).map_err(failed)?;
        let text = with_synopsis(&String::from_utf8_lossy(&text), &synopsis(&page));
        std::io::stdout().lock().write_all(text.as_bytes()).map_err(failed)
    }
}

/// The page with this line in the place of its own synopsis, which leaves out what values are called.
fn with_synopsis(page: &str, synopsis: &str) -> String {
    const HEADING: &str = "\n.SH SYNOPSIS\n";
    let Some((before, own)) = page.split_once(HEADING) else { return page.to_owned() };
    let after = own.find("\n.SH ").map_or("", |end| &own[end..]);
    format!("{before}{HEADING}{synopsis}{after}")
}

/// A command and all that it takes, as one line of roff.
fn synopsis(command: &Command) -> String {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let mut line = format!("\\fB{}\\fR", escaped(name));
    let (positional, options): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().filter(|arg| !arg.is_hide_set()).partition(|arg| arg.is_positional());
    for arg in options.into_iter().chain(positional) {
        // Writing to a String cannot fail.
        let _ = match (arg.is_required_set(), word(arg)) {
            (true, word) => write!(line, " {word}"),
            (false, word) => write!(line, " [{word}]"),
        };
        if matches!(arg.get_action(), ArgAction::Append) {
            line.push_str("...");
        }
    }
    if command.has_subcommands() {
        line.push_str(" <\\fIcommand\\fR>");
    }
    line
}

fn word(arg: &Arg) -> String {
    let dashes = |dashes: &str, name: &str| format!("\\fB{}\\fR", escaped(&format!("{dashes}{name}")));
    let short = arg.get_short().map(|short| dashes("-", &short.to_string()));
    let long = arg.get_long().map(|long| dashes("--", long));
    let mut word = short.into_iter().chain(long).collect::<Vec<_>>().join("|");
    if arg.get_action().takes_values() {
        for name in arg.get_value_names().unwrap_or_default() {
            let space = if word.is_empty() { "" } else { " " };
            let _ = write!(word, "{space}<\\fI{}\\fR>", escaped(name));
        }
    }
    word
}

/// Text as roff takes it: a bare hyphen may become another character.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}
