#!/usr/bin/env bash
# Builds both programs to hand on: static, stripped, without a trace of the machine they were built on.
# FOLDER (target/handout) gets the programs and SHA256SUMS: dist.sh [FOLDER]. Fails where one is too big.
# PROGRAMS may name one of the two.
#
# With the musl target installed (`rustup target add x86_64-unknown-linux-musl`, and musl-gcc for the C part
# of the executor's TLS) the programs are built on musl, else on static glibc, and the script says which.
# A program on static glibc finds hosts by /etc/hosts and DNS alone; other sources in nsswitch.conf are not asked.
set -euo pipefail
cd "$(dirname "$0")/../.."

# The bounds of what is to be carried on a stick or by mail, in bytes.
declare -A limit=([sts-generator]=4000000 [sts-executor]=8000000)

folder=$(mkdir -p "${1:-target/handout}" && cd "${1:-target/handout}" && pwd)
build=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")
export CARGO_TARGET_DIR=$build

cpu=$(uname -m)
target=$cpu-unknown-linux-musl
if [ ! -d "$(rustc --print target-libdir --target "$target")" ]; then
    target=$cpu-unknown-linux-gnu
    echo "dist: no musl target in this toolchain: static glibc instead" >&2
elif ! command -v musl-gcc >/dev/null; then
    echo "dist: the musl target is there and musl-gcc is not (Debian: musl-tools)" >&2
    exit 1
else
    export "CC_${target//-/_}=musl-gcc"
fi

if [ -z "${STS_COMMIT:-}" ] && STS_COMMIT=$(git rev-parse --verify --quiet HEAD 2>/dev/null); then
    [ -z "$(git status --porcelain)" ] || STS_COMMIT+=+changes
fi
export STS_COMMIT=${STS_COMMIT:-unknown}

# The toolchain's own linker: it folds functions that are the same, packs relocations into bits, and takes a script.
lld=$(rustc --print sysroot)/lib/rustlib/$(rustc --print host-tuple)/bin/gcc-ld
if [ ! -d "$lld" ]; then
    echo "dist: this toolchain has no linker of its own in $lld: take one of rustup's" >&2
    exit 1
fi
# The compiler looks for its linker there; a path among the flags would make other bytes on another machine.
export COMPILER_PATH=$lld
# Code that is the same in many places, or but for a constant, is written once: that makes the
# difference between too big and small enough.
last=(-C llvm-args=-enable-machine-outliner=always)
# But not for a byte or two: the loops that reckon with large numbers would be slower by half.
last+=(-C llvm-args=-outliner-benefit-threshold=4)
last+=(-C llvm-args=-enable-global-merge-func -C llvm-args=-global-merging-skip-no-params=false)
for argument in -fuse-ld=lld -Wl,--icf=all -Wl,--pack-dyn-relocs=relr -Wl,--no-eh-frame-hdr -Wl,-T,tests/scripts/dist.ld; do
    last+=(-C "link-arg=$argument")
done

if [[ $target == *-gnu ]]; then
    # Before glibc itself, so that this function is found first.
    mkdir -p "$build/dist-glibc"
    cc -Os -c tests/scripts/dist_glibc.c -o "$build/dist-glibc/dist_glibc.o"
    ar rcsD "$build/dist-glibc/libdist_glibc.a" "$build/dist-glibc/dist_glibc.o"
    last+=(-L "native=$build/dist-glibc" -l static=dist_glibc)
fi

# Paths of this machine become names, in Rust and in C, so that another machine builds the same bytes.
# Nothing unwinds here and nobody reads a backtrace of a stripped program. Ed25519 with vectors is faster only where code
# may be large; AES is for a key file's few kilobytes.
flags="-C target-feature=+crt-static -C force-unwind-tables=no --cfg curve25519_dalek_backend=\"serial\""
flags+=" --cfg aes_backend=\"soft\" --cfg aes_backend_soft=\"compact\""
cflags=""
cargo_home=${CARGO_HOME:-$HOME/.cargo}
pairs=("$PWD=/src" "$build=/build" "$cargo_home=/cargo" "$(rustc --print sysroot)=/rust")
# The last that fits counts. Every file of a crate that can panic is named in the program, so the names are short.
for registry in "$cargo_home"/registry/src/*; do
    pairs+=("$registry=/crates")
done
for pair in "${pairs[@]}"; do
    flags+=" --remap-path-prefix=$pair"
    cflags+=" -ffile-prefix-map=$pair"
done
export RUSTFLAGS=$flags CFLAGS="${CFLAGS:-}$cflags"

# One at a time: built together the generator would get the features that the executor asks of shared crates.
wrong=0
read -ra programs <<<"${PROGRAMS:-sts-generator sts-executor}"
for program in "${programs[@]}"; do
    # What only the last step needs is said to it alone: some crates are also linked on their own on the way.
    cargo rustc --profile dist --locked --target "$target" --package "$program" --bin "$program" -- "${last[@]}"
    install -m 0755 "$build/$target/dist/$program" "$folder/$program"
    "$folder/$program" --version >&2
    if readelf --program-headers "$folder/$program" | grep -q INTERP; then
        echo "dist: $program is not static" >&2
        wrong=1
    fi
    size=$(stat --format %s "$folder/$program")
    if [ "$size" -gt "${limit[$program]}" ]; then
        echo "dist: $program has $size bytes, and ${limit[$program]} are the limit" >&2
        wrong=1
    fi
    echo "dist: $program: $size bytes, $target, commit $STS_COMMIT" >&2
done
(cd "$folder" && sha256sum "${programs[@]}" | tee SHA256SUMS)
exit "$wrong"
