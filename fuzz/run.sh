#!/bin/sh
# Builds the fuzz targets and runs each for so many seconds, from its seeds: fuzz/run.sh SECONDS [TARGET]...
# The flags are those of cargo-fuzz, which this does without; RUSTC_BOOTSTRAP lets a stable toolchain take them.
set -eu
cd "$(dirname "$0")"
seconds=${1:?usage: fuzz/run.sh SECONDS [TARGET]...}
shift
[ $# -gt 0 ] || set -- authorization_header rsa_key whole_request

host=$(rustc -vV | sed -n 's/^host: //p')
target_dir=${CARGO_TARGET_DIR:-target}
sancov="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-trace-compares"
sancov="$sancov -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
export RUSTC_BOOTSTRAP=1
export ASAN_OPTIONS=malloc_context_size=0
export RUSTFLAGS="--cfg fuzzing $sancov -Zsanitizer=address -Ccodegen-units=1"
cargo build --quiet --release --locked --target "$host" --target-dir "$target_dir"

for target; do
    corpus=$target_dir/corpus/$target
    log=$target_dir/$target.log
    mkdir -p "$corpus" "artifacts/$target"
    if ! "$target_dir/$host/release/$target" -max_total_time="$seconds" -print_final_stats=1 -dict=oauth.dict \
        -artifact_prefix="artifacts/$target/" "$corpus" "seeds/$target" >"$log" 2>&1; then
        grep -A 3 -E "panicked|ERROR" "$log" || tail -n 20 "$log"
        echo "$target: FAILED, the input is in fuzz/artifacts/$target"
        exit 1
    fi
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    coverage=$(grep -o 'cov: [0-9]* ft: [0-9]*' "$log" | tail -n 1)
    echo "$target: $executions executions in $seconds seconds, $coverage"
done
