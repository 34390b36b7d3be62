#!/usr/bin/env bash
# Installs what `make` targets need and this machine lacks, by apt, where it may; else says what to install.
# setup.sh [test] [fuzz] [arm] [kryoptic]
set -euo pipefail

packages=()
has() { command -v "$1" >/dev/null; }
need() { has "$1" || packages+=("$2"); }

for part in "${@:-test}"; do
    case $part in
    test)
        need cc gcc
        need make make
        need git git
        need openssl openssl
        need ssh-keygen openssh-client
        need python3 python3
        need softhsm2-util softhsm2
        need pkcs11-tool opensc
        ! has python3 || python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
        has javac && has mvn || echo "A JDK or Maven is missing: exchanges with the AWS Encryption SDK for Java will be SKIPPED."
        [ -e target/kryoptic/release/libkryoptic_token.so ] ||
            echo "kryoptic is not built (make kryoptic, minutes): tests over it will be SKIPPED."
        has go || echo "Go is missing: checks by golang.org/x/mod will be SKIPPED."
        ;;
    fuzz) need c++ g++ ;; # libFuzzer is built from the sources in libfuzzer-sys
    arm)
        need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
        need qemu-aarch64 qemu-user
        [ -e /usr/aarch64-linux-gnu/lib/libc.so.6 ] || packages+=(libc6-dev-arm64-cross)
        ;;
    kryoptic)
        need make make
        need perl perl
        compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' >/dev/null || packages+=(libclang-dev)
        ;;
    *) echo "setup.sh: no part named $part" >&2 && exit 2 ;;
    esac
done

if ! has cargo; then
    echo "Rust is missing. Install 1.90 or later, for instance by https://rustup.rs, and run this again." >&2
    exit 1
fi
[ ${#packages[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo -n)
fi
if ! has apt-get || ! "${as_root[@]}" true 2>/dev/null; then
    echo "Missing here: ${packages[*]} (names of Debian's packages). Install them and run this again." >&2
    exit 1
fi
echo "Installing ${packages[*]}"
"${as_root[@]}" apt-get -qq update
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get -qq -y --no-install-recommends install "${packages[@]}" >/dev/null
