#!/usr/bin/env bash
# Prints how many call times plan, apply, a second plan and delete take when every AWS call takes MILLISECONDS
# (250): measure-latency.sh [MILLISECONDS] [--programs FOLDER]. FOLDER holds the programs to measure, as dist.sh leaves
# them in target/handout; PROFILE=release builds such. A build for tests (dev) takes longer over each call.
set -euo pipefail
cd "$(dirname "$0")/../.."
profile=${PROFILE:-dev}
cargo build --quiet --locked --profile "$profile" --package sts-generator --package sts-executor
exec cargo run --quiet --locked --profile "$profile" --package sts-tests --bin measure-latency -- "$@"
