//! One hand-off from requests to account: the author's folder, the admin's keys, and an account to act on.

use crate::account::Account;
use crate::emulator::Emulator;
use crate::programs::{Run, build_folder, command, program_in};
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The seven requests that the project ships as its example.
pub const REQUESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../bundles/example/requests");
/// An RSA-4096 public key whose private half nobody has.
pub const CLUSTER_KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cluster.public");
/// The cluster's name in all stories.
pub const CLUSTER: &str = "harbour";
/// The region of most stories; one that S3 wants named.
pub const REGION: &str = "eu-central-1";
/// When bundles are made: the second that every generation begins with, so that runs can be compared.
pub const GENERATION: u64 = 1_700_000_000;

/// The author's side: a folder with a signing key and a signed bundle in it.
#[derive(Debug)]
pub struct Handoff {
    folder: tempfile::TempDir,
    bundle: PathBuf,
    programs: PathBuf,
}

impl Handoff {
    /// Makes a signing key and a bundle of the seven requests, for the emulator's account.
    #[must_use]
    pub fn prepare() -> Self {
        Self::of(Path::new(REQUESTS), &[])
    }

    /// The same of other requests, with more flags for `create-all`.
    #[must_use]
    pub fn of(requests: &Path, flags: &[&str]) -> Self {
        Self::by_programs_in(&build_folder(), requests, flags)
    }

    /// The same, by the programs in this folder instead of this build's.
    #[must_use]
    pub fn by_programs_in(programs: &Path, requests: &Path, flags: &[&str]) -> Self {
        let mut this = Self::with_key(programs);
        this.bundle = this.create_all(requests, GENERATION, flags);
        this
    }

    /// A folder with a signing key in it and nothing else.
    fn with_key(programs: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let this = Self { folder, bundle: PathBuf::new(), programs: programs.to_owned() };
        let key = this.path("author.key");
        let _ = Run::of(this.generator().args(["create-signing-key", "--output"]).arg(&key)).exits(0);
        this
    }

    /// Makes one more bundle with the same key, as of `generation`, and gives its path.
    #[must_use]
    pub fn create_all(&self, requests: &Path, generation: u64, flags: &[&str]) -> PathBuf {
        self.create_all_in(REGION, requests, generation, flags)
    }

    /// A bundle of the seven requests for whichever account it is applied in.
    #[must_use]
    pub fn any_account() -> Self {
        let mut this = Self::with_key(&build_folder());
        this.bundle = this.create_with(&["--any-account"], REGION, Path::new(REQUESTS), GENERATION, &[]);
        this
    }

    /// The same for another region.
    #[must_use]
    pub fn create_all_in(&self, region: &str, requests: &Path, generation: u64, flags: &[&str]) -> PathBuf {
        self.create_with(&["--account-id", Emulator::ACCOUNT], region, requests, generation, flags)
    }

    /// The same, with these flags about the account.
    #[must_use]
    pub fn create_with(
        &self,
        account: &[&str],
        region: &str,
        requests: &Path,
        generation: u64,
        flags: &[&str],
    ) -> PathBuf {
        let run = Run::of(
            self.generator()
                .args(["create-all", "--name", CLUSTER, "--region", region])
                .args(account)
                .args(["--public-key-file", CLUSTER_KEY])
                .arg("--credentials-requests-dir")
                .arg(requests)
                .arg("--signing-key")
                .arg(self.path("author.key"))
                .arg("--output-dir")
                .arg(self.path(&format!("out-{region}-{generation}")))
                .arg("--bundle-dir")
                .arg(self.path("bundles"))
                .env("SOURCE_DATE_EPOCH", generation.to_string())
                .args(flags),
        )
        .exits(0);
        PathBuf::from(run.stdout.trim_end())
    }

    /// Goes on with another bundle of the author's.
    pub fn take(&mut self, bundle: PathBuf) {
        self.bundle = bundle;
    }

    /// A path in the author's folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The signed bundle.
    #[must_use]
    pub fn bundle(&self) -> &Path {
        &self.bundle
    }

    /// The author's public key.
    #[must_use]
    pub fn public_key(&self) -> PathBuf {
        self.path("author.key.pub")
    }

    /// The generator, in the author's folder.
    #[must_use]
    pub fn generator(&self) -> Command {
        let mut generator = command(&program_in(&self.programs, "sts-generator"));
        generator.current_dir(self.folder.path()).env("HOME", self.folder.path());
        generator
    }

    /// The executor with one command on the bundle, and no way to any AWS.
    #[must_use]
    pub fn executor(&self, subcommand: &str) -> Command {
        self.executor_on(&self.bundle, subcommand)
    }

    /// The same on another bundle of the author's.
    #[must_use]
    pub fn executor_on(&self, bundle: &Path, subcommand: &str) -> Command {
        let mut executor = command(&program_in(&self.programs, "sts-executor"));
        executor
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .arg(subcommand)
            .arg(bundle)
            .arg("--trusted-key")
            .arg(self.public_key());
        executor
    }

    /// Runs the executor on the bundle against the account at this address.
    #[must_use]
    pub fn run<A: AsRef<OsStr>>(&self, at: SocketAddr, subcommand: &str, flags: &[A]) -> Run {
        Run::of(with_credentials(&mut self.executor(subcommand), at).args(flags))
    }
}

/// Gives a command the way to the account at this address, and credentials for it.
pub fn with_credentials(command: &mut Command, at: SocketAddr) -> &mut Command {
    command
        .env("AWS_ENDPOINT_URL", format!("http://{at}"))
        .env("AWS_ACCESS_KEY_ID", "testing")
        .env("AWS_SECRET_ACCESS_KEY", "testing")
        .env("AWS_EC2_METADATA_DISABLED", "true")
}

/// The account of an emulator, through boto3.
#[must_use]
pub fn account(emulator: &Emulator) -> Account {
    Account::at(&emulator.endpoint(), REGION)
}

/// An account that holds things of somebody else's: a role, a provider and a bucket with an object.
#[must_use]
pub fn inhabited() -> Emulator {
    let emulator = Emulator::start();
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    account(&emulator).call(&serde_json::json!([
        ["iam", "create_role", {"RoleName": "bystander", "AssumeRolePolicyDocument": trust}],
        ["iam", "create_role", {"RoleName": "harbour-master", "AssumeRolePolicyDocument": trust}],
        ["iam", "create_open_id_connect_provider",
            {"Url": "https://login.example.org", "ClientIDList": ["portal"], "ThumbprintList": ["0".repeat(40)]}],
        ["s3", "create_bucket",
            {"Bucket": "bystander-files", "CreateBucketConfiguration": {"LocationConstraint": REGION}}],
        ["s3", "put_object", {"Bucket": "bystander-files", "Key": "keep.txt", "Body": "keep"}],
    ]));
    emulator
}
