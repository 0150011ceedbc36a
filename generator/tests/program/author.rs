//! An author with a signing key and a folder, who runs the program.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use sts_schemas::bundle::{Expiry, UnverifiedBundle, VerifiedBundle, VerifyError};
use sts_schemas::signature::{PublicKey, TrustStore};
use tempfile::TempDir;

/// The seven requests that the project ships as its example.
pub(crate) const REQUESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../bundles/example/requests");
/// An RSA-4096 public key whose private half nobody has: tests that make no key are quick.
pub(crate) const CLUSTER_KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/cluster.public");
/// What says which cluster is meant.
pub(crate) const CLUSTER: [&str; 6] =
    ["--name", "harbour", "--region", "eu-central-1", "--account-id", "123456789012"];
/// The provider of that cluster.
pub(crate) const PROVIDER: &str =
    "arn:aws:iam::123456789012:oidc-provider/harbour-oidc.s3.eu-central-1.amazonaws.com";

/// When all of it happens, in seconds since 1970.
pub(crate) const NOW: u64 = 1_700_000_000;

/// Files by path, with mode and bytes.
pub(crate) type Tree = BTreeMap<String, (u32, Vec<u8>)>;

/// The author's folder.
pub(crate) struct Author {
    folder: TempDir,
}

/// What a run came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Goes on if the exit code is this one, and shows what was said otherwise.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Goes on if standard error says all of these.
    #[track_caller]
    pub(crate) fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stderr.contains(text), "{text:?} is not in:\n{}", self.stderr);
        }
        self
    }
}

impl Author {
    /// An author with a new signing key.
    pub(crate) fn new() -> Self {
        let author = Self { folder: tempfile::tempdir().unwrap() };
        author.run(&["create-signing-key", "--output", "author.key"]).exits(0);
        author
    }

    /// A path in the author's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the author's folder.
    pub(crate) fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces a text that must be in a file.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{from:?} is not in {name}:\n{text}");
        fs::write(self.path(name), text.replace(from, to)).unwrap();
    }

    /// The seven requests in a folder of the author's own, to be changed.
    pub(crate) fn copy_requests(&self, name: &str) {
        for (path, (_, bytes)) in tree(Path::new(REQUESTS)) {
            self.put(&format!("{name}/{path}"), &String::from_utf8(bytes).unwrap());
        }
    }

    /// A command in the author's folder that knows nothing of the environment but the time.
    #[expect(clippy::disallowed_methods, reason = "a test of a program starts it")]
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env_clear().env("SOURCE_DATE_EPOCH", "1700000000");
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command
    }

    /// Runs the program.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(PROGRAM).args(args))
    }

    /// Runs `create-all` on the seven requests with the fixture's key into this directory.
    pub(crate) fn create_all(&self, out: &str, flags: &[&str]) -> Ran {
        self.create_all_of(REQUESTS, out, flags)
    }

    /// The same on other requests.
    pub(crate) fn create_all_of(&self, requests: &str, out: &str, flags: &[&str]) -> Ran {
        let mut args = vec!["create-all", "--credentials-requests-dir", requests, "--output-dir", out];
        args.extend(CLUSTER);
        args.extend(["--public-key-file", CLUSTER_KEY, "--signing-key", "author.key"]);
        args.extend(flags);
        self.run(&args)
    }

    /// Runs a line of shell with tools that are not ours: openssl, ssh-keygen, sha256sum.
    #[track_caller]
    pub(crate) fn shell(&self, line: &str) -> String {
        let run = ran(self.command("sh").args(["-c", line]));
        assert_eq!(run.code, 0, "{line}\nthis test needs openssl and ssh-keygen: {}", run.stderr);
        run.stdout.trim_end().to_owned()
    }

    /// The id of a public key file, as openssl and sha256sum compute it.
    pub(crate) fn fingerprint(&self, public_key: &str) -> String {
        let line = format!("openssl pkey -pubin -in {public_key} -outform DER | sha256sum | cut -d ' ' -f 1");
        self.shell(&line)
    }

    /// Trust in these public key files, so many of which must have signed.
    pub(crate) fn trust(&self, keys: &[&str], threshold: usize) -> TrustStore {
        let keys = keys.iter().map(|key| fs::read_to_string(self.path(key)).unwrap());
        let keys = keys.map(|pem| PublicKey::from_pem(&pem).unwrap()).collect();
        TrustStore::new(keys, NonZeroUsize::new(threshold).unwrap()).unwrap()
    }

    /// What a reader who trusts these keys says of the bundle at this time, in seconds since 1970.
    pub(crate) fn read(
        &self,
        bundle: &str,
        trust: &TrustStore,
        now: u64,
    ) -> Result<VerifiedBundle, VerifyError> {
        let file = fs::File::open(self.path(bundle.trim_end())).unwrap();
        UnverifiedBundle::new(file).verify(trust, Expiry::Enforced(now))
    }

    /// Every file of a directory.
    pub(crate) fn tree(&self, name: &str) -> Tree {
        tree(&self.path(name))
    }

    /// The bundle at this path, verified with the author's key.
    pub(crate) fn verify(&self, bundle: &str) -> VerifiedBundle {
        self.read(bundle, &self.trust(&["author.key.pub"], 1), NOW).unwrap()
    }
}

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_sts-generator");

/// Runs a command to its end.
pub(crate) fn ran(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
}

/// Runs the program at a terminal of its own, where a person types these lines.
pub(crate) fn at_a_terminal(author: &Author, args: &str, typed: &[&str]) -> Ran {
    at_a_terminal_while(author, args, "true", typed)
}

/// The same, and a line of shell runs before each line is typed.
pub(crate) fn at_a_terminal_while(author: &Author, args: &str, meanwhile: &str, typed: &[&str]) -> Ran {
    let script = r"
import os, pty, sys, time
program, args, typed = sys.argv[1], sys.argv[2].split(), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(program, [program] + args)
seen, answered = b'', 0
while True:
    try:
        piece = os.read(terminal, 1024)
    except OSError:
        break
    if not piece:
        break
    seen += piece
    if seen.endswith(b': ') and answered < len(typed):
        time.sleep(0.05)
        assert os.system(os.environ['MEANWHILE']) == 0
        os.write(terminal, typed[answered].encode() + b'\n')
        answered += 1
        seen += b'\n'
sys.stderr.write(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";
    ran(author.command("python3").env("MEANWHILE", meanwhile).args(["-c", script, PROGRAM, args]).args(typed))
}

fn tree(root: &Path) -> Tree {
    let mut found = Tree::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let name = entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            found.insert(name, (mode, fs::read(entry.path()).unwrap()));
        }
    }
    found
}
