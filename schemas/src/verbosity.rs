//! How much a program says beside its data.

/// From what one cannot do without to what one needs to find a fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors, refusals, questions, and warnings that may change what a person does next.
    Quiet,
    /// Also what is going on and what came of it.
    #[default]
    Usual,
    /// Also what was read, which keys were tried, which calls were made, and how long each took.
    Detailed,
}

/// Both of `--quiet` and `--verbose`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("--quiet and --verbose contradict each other")]
pub struct Contradiction;

impl Verbosity {
    /// What the two flags ask for.
    ///
    /// # Errors
    /// When both were given.
    pub fn of_flags(quiet: bool, verbose: bool) -> Result<Self, Contradiction> {
        match (quiet, verbose) {
            (true, true) => Err(Contradiction),
            (true, false) => Ok(Self::Quiet),
            (false, false) => Ok(Self::Usual),
            (false, true) => Ok(Self::Detailed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_levels_are_ordered_and_both_flags_at_once_are_none() {
        assert!(Verbosity::Quiet < Verbosity::Usual && Verbosity::Usual < Verbosity::Detailed);
        assert_eq!(Verbosity::of_flags(false, false), Ok(Verbosity::default()));
        assert_eq!(Verbosity::of_flags(true, false), Ok(Verbosity::Quiet));
        assert_eq!(Verbosity::of_flags(false, true), Ok(Verbosity::Detailed));
        assert_eq!(Verbosity::of_flags(true, true), Err(Contradiction));
    }
}
