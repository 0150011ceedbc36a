//! `sts-executor`: verifies a bundle and makes an AWS account hold what it says.

fn main() -> std::process::ExitCode {
    sts_executor::cli::main()
}
