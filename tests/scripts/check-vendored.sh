#!/usr/bin/env bash
# Shows that the sources build where there is no network: all crates are copied beside the last commit, and
# what comes of it is built offline with an empty cargo folder and, where unshare is allowed, without a network.
# FOLDER, when given, keeps the result: what to carry into an air gap. check-vendored.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
folder=${1:-$work/sources}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
if [ -n "$(ls -A "$folder")" ]; then
    echo "check-vendored: $folder is not empty" >&2
    exit 1
fi

git archive HEAD | tar -x -C "$folder"
# A place of its own for cargo's settings: the ones of this folder are those of the project, and stay.
# Not quiet: then cargo would keep to itself how the copies are to be found.
if ! (cd "$folder" && cargo vendor --locked --versioned-dirs vendor 2>"$work/said") >"$work/replacement.toml"; then
    cat "$work/said" >&2
    exit 1
fi
cat "$work/replacement.toml" >>"$folder/.cargo/config.toml"
echo "check-vendored: $(find "$folder/vendor" -mindepth 1 -maxdepth 1 | wc -l) crates, $(du -sm "$folder/vendor" | cut -f 1) MB" >&2

without=(env)
if unshare --net true 2>/dev/null; then
    without=(unshare --net)
else
    echo "check-vendored: no leave to unshare the network; cargo's --offline has to do" >&2
fi
cd "$folder"
for program in sts-generator sts-executor; do
    CARGO_HOME=$work/cargo CARGO_TARGET_DIR=$work/build "${without[@]}" \
        cargo build --quiet --offline --locked --package "$program" --profile "${PROFILE:-dev}"
done
for program in "$work"/build/*/sts-generator "$work"/build/*/sts-executor; do
    "$program" --version
done
echo "check-vendored: both programs were built from the vendored sources alone" >&2
