//! The two programs, as a shell knows them and as each knows the other.

/// One of the two programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Program {
    /// What it is called.
    pub name: &'static str,
    /// The commands that it has and the other has not.
    pub commands: &'static [&'static str],
}

/// The author's.
pub const GENERATOR: Program = Program {
    name: "sts-generator",
    commands: &[
        "create-signing-key",
        "create-key-pair",
        "create-identity-provider",
        "create-iam-roles",
        "create-bundle",
        "create-all",
        "sign",
        "diff",
        "finalize",
        "install",
        "render",
        "rotate-keys",
        "move-issuer",
        "check-cluster",
    ],
};

/// The AWS administrator's.
pub const EXECUTOR: Program = Program {
    name: "sts-executor",
    commands: &["verify", "inspect", "plan", "apply", "status", "delete", "rehearse", "permissions"],
};

impl Program {
    /// What to say to who gives this program's command to the other one; nothing of words that are no such command.
    #[must_use]
    pub fn claim(&self, command: &str) -> Option<String> {
        let known = self.commands.contains(&command);
        known.then(|| format!("`{command}` is a command of {}", self.name))
    }

    /// The completion script of this program that clap made, with one name for each command in it.
    ///
    /// For bash, clap names a command by all the words that lead to it. Where it asks for one it writes the hyphen of
    /// the program's name as `__subcmd__`, like one between commands, and where it sets one as `__`: the two never meet.
    /// Scripts for other shells, and one without that fault, stay as they are.
    /// Source: `all_subcommands` and `subcommand_details` in `clap_complete` 4.6.11, src/aot/shells/bash.rs.
    #[must_use]
    pub fn completion(&self, script: &str) -> String {
        script.replace(&self.name.replace('-', "__subcmd__"), &self.name.replace('-', "__"))
    }
}
