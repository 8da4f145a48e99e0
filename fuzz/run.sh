#!/bin/sh
# Builds the fuzz targets and runs each for so many seconds, from its seeds: fuzz/run.sh SECONDS [TARGET]...
# As many targets run at a time as there are processors, or JOBS. The table at the end has the seconds really taken.
# The flags are those of cargo-fuzz, which this does without; RUSTC_BOOTSTRAP lets a stable toolchain take them.
set -eu
cd "$(dirname "$0")"
seconds=${1:?usage: fuzz/run.sh SECONDS [TARGET]...}
shift
[ $# -gt 0 ] || set -- $(ls fuzz_targets | sed 's/\.rs$//')

host=$(rustc -vV | sed -n 's/^host: //p')
target_dir=${CARGO_TARGET_DIR:-target}
sancov="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-trace-compares"
sancov="$sancov -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
export RUSTC_BOOTSTRAP=1
export ASAN_OPTIONS=malloc_context_size=0
export RUSTFLAGS="--cfg fuzzing $sancov -Zsanitizer=address -Ccodegen-units=1"
cargo build --quiet --release --locked --target "$host" --target-dir "$target_dir"

# One target, in a process of its own. The limit on each input is one of real time, so it is high: the machine may be
# busy. PKCS#12 files are read from the tests instead of copied.
cat >"$target_dir/run-one" <<'RUN'
#!/bin/sh
set -eu
seconds=$1 binaries=$2 target_dir=$3 target=$4
corpus=$target_dir/corpus/$target
log=$target_dir/$target.log
seeds=seeds/$target
mkdir -p "$corpus" "$seeds" "artifacts/$target"
[ "$target" != pkcs12 ] || seeds="$seeds ../tests/keys"
started=$(date +%s)
if ! "$binaries/$target" -max_total_time="$seconds" -print_final_stats=1 -dict=oauth.dict -timeout=120 -max_len=16384 \
    -artifact_prefix="artifacts/$target/" "$corpus" $seeds >"$log" 2>&1; then
    grep -A 3 -E "panicked|ERROR" "$log" || tail -n 20 "$log"
    echo "$target: FAILED, the input is in fuzz/artifacts/$target"
    exit 1
fi
executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
coverage=$(grep -o 'cov: [0-9]* ft: [0-9]*' "$log" | tail -n 1)
echo "$target: $executions executions in $(($(date +%s) - started)) seconds, $coverage"
RUN
printf '%s\n' "$@" |
    xargs -P "${JOBS:-$(nproc)}" -n 1 sh "$target_dir/run-one" "$seconds" "$target_dir/$host/release" "$target_dir"
