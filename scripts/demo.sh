#!/usr/bin/env bash
# Seals a real directory tree, rotates the key, rewraps, opens and compares: all in .demo, which it makes anew.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { printf '$ %s\n' "$*"; "$@"; }

say "Building kmsctl"
cargo build --quiet -p kmsctl --locked
PATH=$PWD/target/debug:$PATH
rm -rf .demo && mkdir -p .demo/data
export KEYSTRAND_HOME=$PWD/.demo/home

say "Something to protect: this repository's documentation and sources"
cp -r docs kms-core kms-providers .demo/data/
cd .demo
find data -type f | wc -l | xargs printf '%s files\n'

say "A throw-away home: configuration, keystore, audit log"
run kmsctl init --key-file
run kmsctl key create payments

say "Seal every file; the plaintext is not touched"
run kmsctl --quiet encrypt --key payments --context purpose=demo --out-dir sealed data
run kmsctl inspect sealed/data/docs/format.md.ks1

say "A new version of the key; envelopes follow, their payloads stay as they are"
run kmsctl rotate payments --rewrap sealed
run kmsctl inspect sealed/data/docs/format.md.ks1

say "Open everything and compare"
run kmsctl --quiet decrypt --context purpose=demo --out-dir opened sealed
run diff -r data opened/sealed/data
echo "every file is as it was"

say "What happened is on record, and the record is intact"
run kmsctl audit verify
run kmsctl doctor

say "Done. The demo stays in .demo; \`make clean-demo\` removes it."
