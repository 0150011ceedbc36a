#!/usr/bin/env bash
# Prints how many call times apply, a second plan and delete take when every AWS call takes MILLISECONDS
# (250): measure-latency.sh [MILLISECONDS]. PROFILE=release measures what is shipped; dev builds sooner.
set -euo pipefail
cd "$(dirname "$0")/../.."
profile=${PROFILE:-dev}
cargo build --quiet --locked --profile "$profile" --package sts-generator --package sts-executor
exec cargo run --quiet --locked --profile "$profile" --package sts-tests --bin measure-latency -- "$@"
