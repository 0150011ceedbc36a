#!/usr/bin/env bash
# Times `create-all --fleet` on 100 clusters, with a key pair made for each, and again with those that are there.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --quiet --locked --release --package sts-generator
generator=$(realpath "${CARGO_TARGET_DIR:-target}")/release/sts-generator
exec python3 tests/python/bench_fleet.py "$generator" bundles/example/requests
