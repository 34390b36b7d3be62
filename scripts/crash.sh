#!/usr/bin/env bash
# The crash tests of `make test`, for longer: crash.sh [KILLS]
set -euo pipefail
cd "$(dirname "$0")/.."
export KEYSTRAND_KILLS=${1:-${KEYSTRAND_KILLS:-500}}
failpoints=(--features kms-providers/failpoints --locked)
cargo test -p keystrand-tests "${failpoints[@]}" --test crash -- --nocapture --test-threads=1
cargo test -p kms-providers "${failpoints[@]}" --test failpoints --test local_processes
cargo test -p kms-providers "${failpoints[@]}" --test audit crash
