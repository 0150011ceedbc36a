#!/usr/bin/env bash
# Builds the last commit twice, in two folders and with two target folders, and compares the programs.
# Takes two whole builds: run it before a release. PROGRAMS may name one of the two programs; KEEP=1 leaves
# the folders for a look at a difference.
set -euo pipefail
cd "$(dirname "$0")/../.."
STS_COMMIT=$(git rev-parse HEAD)
export STS_COMMIT
folder=$(mktemp -d)
[ -n "${KEEP:-}" ] || trap 'rm -rf "$folder"' EXIT
for round in one another-with-a-longer-name; do
    source=$folder/$round/source
    mkdir -p "$source"
    git archive HEAD | tar -x -C "$source"
    CARGO_TARGET_DIR=$folder/$round/build "$source/tests/scripts/dist.sh" "$folder/$round/handout" >/dev/null
done
if ! cmp "$folder"/one/handout/SHA256SUMS "$folder"/another-with-a-longer-name/handout/SHA256SUMS; then
    echo "check-reproducible: two builds of $STS_COMMIT differ" >&2
    exit 1
fi
cat "$folder/one/handout/SHA256SUMS"
echo "check-reproducible: two builds of $STS_COMMIT are the same to the byte" >&2
