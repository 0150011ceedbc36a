//! Colour where it is wanted.

/// Whether text may bear colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Letters only.
    Plain,
    /// With ANSI colours.
    Colour,
}

/// What a piece of text stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something comes to be.
    Added,
    /// Something changes.
    Changed,
    /// Something goes.
    Removed,
    /// Something to look at twice.
    Warning,
    /// A heading.
    Strong,
}

impl Paint {
    /// The text in the colour of its tone, or as it is.
    #[must_use]
    pub fn tone(self, tone: Tone, text: &str) -> String {
        if self == Self::Plain {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Added => "32",
            Tone::Changed => "33",
            Tone::Removed => "31",
            Tone::Warning => "1;33",
            Tone::Strong => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_bears_no_escape() {
        assert_eq!(Paint::Plain.tone(Tone::Warning, "x"), "x");
        assert_eq!(Paint::Colour.tone(Tone::Added, "x"), "\x1b[32mx\x1b[0m");
    }
}
