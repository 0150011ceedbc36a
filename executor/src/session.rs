//! One run's ties to the world outside: streams, terminal, clock and environment, each read once.

use crate::show::Paint;
use serde::Serialize;
use std::ffi::OsString;
use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::terminal::{notices, printable_json, printable_lines};
use sts_schemas::verbosity::Verbosity;

/// What a command may read from and write to.
pub struct Session<'a> {
    /// For data: what another program or a file takes in.
    pub out: &'a mut dyn Write,
    /// For everything else.
    pub err: &'a mut dyn Write,
    /// Where a person's answer comes from.
    pub input: &'a mut dyn BufRead,
    /// The rest of the world.
    pub surroundings: Surroundings,
}

/// What a run knows of where it runs.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Gives the time, in seconds since 1970.
    pub clock: fn() -> u64,
    /// The user's configuration folder, where there is one.
    pub configuration: Option<PathBuf>,
    /// Where plans that were printed are kept, where there is a home.
    pub plans: Option<PathBuf>,
    /// The file of certificates to trust that `AWS_CA_BUNDLE` names.
    pub ca_bundle: Option<PathBuf>,
    /// The variables that name a proxy, each with what it says, for messages; passwords may stand in them.
    pub proxies: Vec<(&'static str, String)>,
    /// The profile that `AWS_PROFILE` names, for messages.
    pub profile: Option<NamedProfile>,
    /// Whether somebody is there to be asked.
    pub person: Person,
    /// Colour for `out`.
    pub paint: Paint,
    /// Colour for `err`.
    pub paint_err: Paint,
    /// How much goes to `err`.
    pub verbosity: Verbosity,
}

/// A profile that the environment names, and where profiles are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedProfile {
    /// What `AWS_PROFILE` says; it may be empty, which the SDK takes for a name.
    pub name: String,
    /// The files that the SDK reads profiles from; none where there is no home to look in.
    pub files: Vec<PathBuf>,
}

impl NamedProfile {
    /// Variables that name a file of profiles, and where it is below the home otherwise.
    ///
    /// Source: AWS SDKs and Tools Reference Guide, "Location of the shared `config` and `credentials` files".
    const FILES: [(&str, &str); 2] =
        [("AWS_CONFIG_FILE", ".aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials")];

    /// The profile, where one is named; gets what a variable says.
    fn of(variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let home = || variable("HOME").map(PathBuf::from);
        let file = |(name, usual): (&str, &str)| match variable(name).map(PathBuf::from) {
            // The SDK takes the tilde for the home, as a shell does.
            Some(path) => match path.strip_prefix("~") {
                Ok(below) => home().map(|home| home.join(below)),
                Err(_) => Some(path),
            },
            None => home().map(|home| home.join(usual)),
        };
        let name = variable("AWS_PROFILE")?.to_string_lossy().into_owned();
        Some(Self { name, files: Self::FILES.into_iter().filter_map(file).collect() })
    }
}

/// Whether a person sits at a terminal, to read a question and to answer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// There is one.
    Present,
    /// This is a script, a pipe or a service.
    Absent,
}

/// The variables that the SDK takes proxies from.
const PROXIES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

impl Surroundings {
    /// Reads clock, environment and terminal. For the edge of the program, once.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the edge: the environment is read here and only here"
    )]
    pub fn of_process() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let colour = |terminal: bool| {
            // Source: no-color.org.
            let wanted = set("NO_COLOR").is_none() && std::env::var("TERM").as_deref() != Ok("dumb");
            if terminal && wanted { Paint::Colour } else { Paint::Plain }
        };
        let (stdin, stderr) = (std::io::stdin().is_terminal(), std::io::stderr().is_terminal());
        // Source: XDG Base Directory Specification: relative paths are ignored.
        let base = |name: &str, below_home: &str| {
            let own = set(name).map(PathBuf::from).filter(|path| path.is_absolute());
            own.or_else(|| set("HOME").map(|home| PathBuf::from(home).join(below_home)))
        };
        Self {
            clock: seconds_since_1970,
            configuration: base("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("sts-handoff")),
            plans: base("XDG_STATE_HOME", ".local/state").map(|folder| folder.join("sts-executor/plans")),
            ca_bundle: set("AWS_CA_BUNDLE").map(PathBuf::from),
            proxies: PROXIES
                .iter()
                .filter_map(|name| Some((*name, set(name)?.into_string().ok()?)))
                .collect(),
            profile: NamedProfile::of(|name| std::env::var_os(name)),
            person: if stdin && stderr { Person::Present } else { Person::Absent },
            paint: colour(std::io::stdout().is_terminal()),
            paint_err: colour(stderr),
            verbosity: Verbosity::default(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the edge: the clock is handed on from here")]
fn seconds_since_1970() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// One who is told of things as they happen, each in a line.
#[derive(Debug, Clone, Copy)]
pub struct Listener(pub fn(&str));

/// Standard error itself: the session's is with whoever shows the progress.
fn listen(text: &str) {
    let _ = writeln!(notices(), "{}", printable_lines(text));
}

impl Session<'_> {
    /// The time, in seconds since 1970.
    #[must_use]
    pub fn now(&self) -> u64 {
        (self.surroundings.clock)()
    }

    /// Writes data.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn data(&mut self, text: &str) -> Result<(), Failure> {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            // Whoever read has read enough, as `head` does; the work goes on.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            result => result.map_err(|error| Failure::new(Exit::Failed, CannotWrite(error))),
        }
    }

    /// Writes data as indented JSON.
    ///
    /// # Errors
    /// When it has no JSON form or standard output cannot be written.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(|error| Failure::new(Exit::Failed, error))?;
        self.data(&(printable_json(&text) + "\n"))
    }

    /// Tells the person what is going on and what came of it.
    pub fn tell(&mut self, text: &str) {
        if self.surroundings.verbosity >= Verbosity::Usual {
            self.warn(text);
        }
    }

    /// Tells the person what may change what they do next, however quiet the rest is.
    pub fn warn(&mut self, text: &str) {
        // Where standard error is gone, nobody is left to tell.
        let _ = writeln!(self.err, "{text}");
    }

    /// Tells what helps to find a fault. Never anything secret.
    pub fn detail(&mut self, text: impl FnOnce() -> String) {
        if self.surroundings.verbosity >= Verbosity::Detailed {
            self.warn(&printable_lines(&text()));
        }
    }

    /// Who is told of things as they happen below a command, where no session is at hand.
    #[must_use]
    pub fn listener(&self) -> Option<Listener> {
        (self.surroundings.verbosity >= Verbosity::Detailed).then_some(Listener(listen))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("standard output cannot be written")]
struct CannotWrite(#[source] std::io::Error);
