#!/usr/bin/env bash
# Shows that time and memory of create-all grow with the number of requests and not faster: 10, 100, 1,000 and
# 10,000 of them, the median of three runs each, into a new folder each time.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --quiet --locked --release --package sts-generator
generator=$(realpath "${CARGO_TARGET_DIR:-target}")/release/sts-generator
exec python3 tests/python/bench_scale.py "$generator" tests/fixtures/one-request/backup.yaml tests/fixtures/cluster.public
