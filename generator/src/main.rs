//! `sts-generator`: everything a cluster needs from AWS, as one signed bundle, made without a network.

use std::process::ExitCode;

fn main() -> ExitCode {
    sts_generator::cli::main()
}
