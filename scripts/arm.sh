#!/usr/bin/env bash
# Tests of kms-core on aarch64, under qemu's user emulation. Says SKIPPED where the target cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."

target=aarch64-unknown-linux-gnu
standard_library="$(rustc --print sysroot)/lib/rustlib/$target/lib"

if [ ! -d "$standard_library" ] && ! rustup target add "$target"; then
    echo "SKIPPED ARM tests: no standard library for $target, and rustup cannot add it here"
    exit 0
fi
if ! scripts/setup.sh arm; then
    echo "SKIPPED ARM tests: no cross compiler or no emulator"
    exit 0
fi

export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
# An emulated processor is slow: code of ours optimised too, fewer mutants and fewer random cases than on a real one.
export CARGO_PROFILE_DEV_OPT_LEVEL=2 KEYSTRAND_MUTANTS=${KEYSTRAND_MUTANTS:-4000} PROPTEST_CASES=${PROPTEST_CASES:-16}
cargo test -p kms-core --target "$target" --locked --no-fail-fast "$@"
