#!/usr/bin/env bash
# cargo-deny, by deny.toml. Brings the tool from crates.io where it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
cargo deny --all-features check bans licenses sources
# The advisories are in a git repository of their own, which not every machine reaches.
if ! cargo deny --all-features check advisories; then
    if [ -d "${CARGO_HOME:-$HOME/.cargo}/advisory-dbs" ] && find "${CARGO_HOME:-$HOME/.cargo}/advisory-dbs" -name 'RUSTSEC-*.md' | grep -q .; then
        exit 1
    fi
    echo "SKIPPED advisories: their database cannot be fetched here"
fi
