#!/usr/bin/env bash
# Builds the fuzz targets and runs each for a while: fuzz.sh SECONDS [TARGET…]
# Works on stable Rust without cargo-fuzz. SANITIZER=address also watches memory; for that the compiler has to be told
# to accept flags that are not stable.
set -euo pipefail
cd "$(dirname "$0")/../fuzz"

seconds=$1
shift
host=$(rustc -vV | sed -n 's/^host: //p')
flags="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
flags+=" -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing"
folder=target
if [ "${SANITIZER:-}" = address ]; then
    export RUSTC_BOOTSTRAP=1
    flags+=" -Zsanitizer=address"
    folder=target/address
fi
RUSTFLAGS="$flags" cargo build --release --quiet --target "$host" --target-dir "$folder"

mapfile -t targets < <(printf '%s\n' "${@:-}" | grep . || basename -s .rs fuzz_targets/*.rs)
python3 ../scripts/fuzz_seeds.py corpus

failed=()
for target in "${targets[@]}"; do
    mkdir -p "artifacts/$target"
    log=$(mktemp)
    # A seed longer than the default of 4096 bytes must not be cut; one input must not take seconds.
    if "$folder/$host/release/$target" -max_total_time="$seconds" -max_len=70000 -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 -verbosity=1 -artifact_prefix="artifacts/$target/" "corpus/$target" >"$log" 2>&1; then
        awk -v target="$target" -v seconds="$seconds" '
            /^stat::number_of_executed_units/ { runs = $2 }
            / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") coverage = $(i + 1) }
            END { printf "fuzz %-18s %d s, %d inputs, %d edges, nothing found\n", target, seconds, runs, coverage }' "$log"
    else
        failed+=("$target")
        grep -v '^#' "$log" | tail -40
        echo "fuzz $target FAILED: the input is in fuzz/artifacts/$target; run it with"
        echo "  fuzz/$folder/$host/release/$target fuzz/artifacts/$target/FILE"
    fi
    rm "$log"
done
echo "$((${#targets[@]} - ${#failed[@]})) of ${#targets[@]} fuzz targets found nothing"
[ ${#failed[@]} -eq 0 ]
