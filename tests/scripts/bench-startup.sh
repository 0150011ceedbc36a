#!/usr/bin/env bash
# Times what people wait for most often, each as a whole process: `--help` of both programs and `verify` of a bundle
# of seven requests (at most 10 ms), create-all with a key that is there (at most 20 ms). The median and the
# quickest of RUNS (200), and the median of the processor's time, which tells more where others share the machine.
#   bench-startup.sh [FOLDER]
# FOLDER holds both programs, as dist.sh leaves them (target/handout). Fails where a median is above its limit.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:-target/handout}
for program in sts-generator sts-executor; do
    if [ ! -x "$folder/$program" ]; then
        echo "bench-startup: there is no $folder/$program: run tests/scripts/dist.sh first" >&2
        exit 1
    fi
done
exec python3 tests/python/bench_startup.py "$folder" "${RUNS:-200}" bundles/example/requests tests/fixtures/cluster.public
