//! What the Tab key gives in bash, with the scripts that the programs print.

use sts_tests::programs::{Run, command, program};

/// What bash offers behind these words, the last of which is still being typed.
fn offered(name: &str, words: &[&str]) -> Vec<String> {
    // As `complete -F` calls it: the command, the word being typed and the one before it.
    const CALL: &str = r#"
        source /dev/stdin <<< "$SCRIPT"
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        [[ $(complete -p "$1") =~ -F\ ([^ ]+) ]] && "${BASH_REMATCH[1]}" "$1" "${@: -1}" "${@: -2:1}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let script = Run::of(command(&program(name)).args(["completions", "bash"])).exits(0).stdout;
    let mut bash = command("bash".as_ref());
    bash.env("SCRIPT", script).args(["--norc", "-c", CALL, "bash", name]).args(words);
    let run = Run::of(&mut bash).exits(0);
    assert!(run.stderr.is_empty(), "{}", run.stderr);
    run.stdout.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn commands_flags_and_values_are_completed_behind_every_command() {
    let cases: [(&str, &[&str], &[&str]); 11] = [
        ("sts-executor", &["app"], &["apply"]),
        ("sts-executor", &["apply", "--app"], &["--approve", "--approved-plan"]),
        ("sts-executor", &["-q", "apply", "BUNDLE", "--retire"], &["--retire-live-key"]),
        ("sts-executor", &["inspect", "BUNDLE", "--format", "m"], &["markdown"]),
        ("sts-executor", &["permissions", "BUNDLE", "--for", ""], &["plan", "apply", "delete"]),
        ("sts-executor", &["completions", "z"], &["zsh"]),
        ("sts-generator", &["create-a"], &["create-all"]),
        ("sts-generator", &["create-iam-roles", "--identity"], &["--identity-provider-arn"]),
        ("sts-generator", &["render", "BUNDLE", "--format", "cl"], &["cloudformation"]),
        ("sts-generator", &["rotate-keys", "st"], &["stage"]),
        ("sts-generator", &["rotate-keys", "stage", "--pu"], &["--public-key-file"]),
    ];
    for (name, words, wanted) in cases {
        assert_eq!(offered(name, words), wanted, "{name} {}", words.join(" "));
    }
}
