//! The main job once, each command printed before what it really prints: `cargo walkthrough`.
//!
//! Seven example requests become a signed bundle; the bundle is verified, planned and applied to an account
//! in memory, a receipt comes out, and a report for whoever has to answer for it. No network, no AWS, nothing outside `target/walkthrough` is touched.
#![expect(clippy::print_stdout, reason = "this program is a text to read")]
#![expect(clippy::disallowed_methods, reason = "it runs the programs a person would run")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use sts_tests::programs::{build_folder, program};

/// Where the walk begins: the folder of the workspace, so that the paths it prints are short.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn main() -> ExitCode {
    match walk() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\nThe walk ends here: {error}");
            ExitCode::FAILURE
        }
    }
}

fn walk() -> Result<(), String> {
    build()?;
    let folder = fresh_folder()?;
    let at = |name: &str| folder.join(name).display().to_string();

    println!("The author, who has the requests and no AWS:");
    let key = at("author.key");
    run("sts-generator", &["create-signing-key", "--output", &key])?;
    let (requests, output, bundles) = ("bundles/example/requests", at("author"), at("bundles"));
    let bundle = run(
        "sts-generator",
        &[
            ["create-all", "--name", "harbour"],
            ["--region", "eu-central-1", ""],
            ["--account-id", "123456789012", ""],
            ["--credentials-requests-dir", requests, ""],
            ["--signing-key", &key, ""],
            ["--output-dir", &output, ""],
            ["--bundle-dir", &bundles, ""],
        ]
        .concat(),
    )?;
    let bundle = bundle.trim();
    let bundle = Path::new(bundle).strip_prefix(root()).unwrap_or(Path::new(bundle)).display().to_string();

    println!("\nThe AWS admin, who has the bundle and the author's public key:");
    let trusted = at("author.key.pub");
    run("sts-executor", &["verify", &bundle, "--trusted-key", &trusted])?;
    let receipt = at("receipt.json");
    run("sts-executor", &["rehearse", &bundle, "--trusted-key", &trusted, "--receipt", &receipt])?;

    println!("\nThe security officer, who has the same two files:");
    let report = at("report.txt");
    run("sts-executor", &["verify", &bundle, "--trusted-key", &trusted, "--report", &report])?;
    println!("\n$ cat {report}");
    let text = std::fs::read_to_string(root().join(&report)).map_err(|error| format!("{report}: {error}"))?;
    print!("{text}");
    run("sts-executor", &["inspect", &bundle, "--trusted-key", &trusted])?;

    println!("\nAll of it lies in {}; the receipt is {receipt}.", folder.display());
    println!("With credentials for an account, `apply` does for real what `rehearse` did in memory.");
    Ok(())
}

/// Both programs as they stand in the work tree; quick when nothing changed.
fn build() -> Result<(), String> {
    let profile = if build_folder().ends_with("release") { "release" } else { "dev" };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(ROOT)
        .args(["build", "--quiet", "--locked", "--profile", profile])
        .args(["--package", "sts-generator", "--package", "sts-executor"])
        .status()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err("the programs do not build".into()) }
}

fn root() -> PathBuf {
    Path::new(ROOT).canonicalize().unwrap_or_else(|_| ROOT.into())
}

/// An empty `walkthrough` beside the build, as seen from the workspace where that is possible.
fn fresh_folder() -> Result<PathBuf, String> {
    let build = build_folder();
    let target = build.parent().unwrap_or(&build);
    // What is emptied must be cargo's: this file marks its target folder.
    if !target.join("CACHEDIR.TAG").exists() {
        return Err(format!("{} is no target folder of cargo's: run `cargo walkthrough`", target.display()));
    }
    let folder = target.join("walkthrough");
    let wrong = |error: std::io::Error| format!("cannot empty {}: {error}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(wrong)?;
    }
    std::fs::create_dir_all(&folder).map_err(wrong)?;
    Ok(folder.strip_prefix(root()).map(Path::to_owned).unwrap_or(folder))
}

/// Prints a command, runs it, and gives what it wrote to standard output.
fn run(name: &str, words: &[&str]) -> Result<String, String> {
    let words: Vec<_> = words.iter().copied().filter(|word| !word.is_empty()).collect();
    println!("\n$ {name} {}", broken(&words));
    let output = Command::new(program(name))
        .current_dir(ROOT)
        .args(&words)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot start {name}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // What a program says beside its output comes after it, so that the page reads in order.
    print!("{text}{}", String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(text) } else { Err(format!("{name} ended with {}", output.status)) }
}

/// A command line as a person would break it: a flag and its value on a line.
fn broken(words: &[&str]) -> String {
    const WIDTH: usize = 60;
    let whole = words.join(" ");
    if whole.len() <= WIDTH { whole } else { whole.replace(" --", " \\\n      --") }
}
