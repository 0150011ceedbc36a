#!/usr/bin/env bash
# Compares the time of an RSA-4096 key pair with `openssl genrsa 4096`, in turns, over PAIRS pairs (60), and
# prints both medians in milliseconds and their ratio. The processes are timed whole, as a person waits.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --quiet --locked --release --package sts-generator
generator=$(realpath "${CARGO_TARGET_DIR:-target}")/release/sts-generator
exec python3 tests/python/bench_keygen.py "$generator" "${PAIRS:-60}"
