#!/usr/bin/env bash
# Writes what each program is made of into FOLDER (target/handout), as CycloneDX JSON: sbom.sh [FOLDER].
# The same sources give the same bytes. Needs cargo-cyclonedx 0.5.9 (`cargo install cargo-cyclonedx --locked`).
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(mkdir -p "${1:-target/handout}" && cd "${1:-target/handout}" && pwd)
if ! command -v cargo-cyclonedx >/dev/null; then
    echo "sbom: there is no cargo-cyclonedx here: cargo install cargo-cyclonedx --version 0.5.9 --locked" >&2
    exit 1
fi
# The tool writes beside each Cargo.toml: it gets a copy, so that it leaves nothing in the work tree.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git archive HEAD | tar -x -C "$copy"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
target=$(uname -m)-unknown-linux-gnu
(cd "$copy" && cargo cyclonedx --quiet --format json --spec-version 1.5 --target "$target" --no-build-deps)
for program in generator executor; do
    sed "s|path+file://$copy|path+file://|g" "$copy/$program/sts-$program.cdx.json" >"$folder/sts-$program.cdx.json"
    count=$(grep -c '"purl"' "$folder/sts-$program.cdx.json")
    echo "sbom: sts-$program.cdx.json: $count components" >&2
done
