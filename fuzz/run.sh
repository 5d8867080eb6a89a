#!/usr/bin/env bash
# Fuzzes every target, or those named, each for SECONDS (600 unless set):
#   SECONDS_EACH=600 fuzz/run.sh [target…]
# Needs `cargo install cargo-fuzz` and a C++ compiler; runs on stable Rust. What
# it finds lies in fuzz/artifacts: mend it and keep the input in fixtures/fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-600}
# Where seeds are written to be read as files: memory, where there is such a folder.
if [ -w /dev/shm ]; then
    export TMPDIR=/dev/shm
fi
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    targets=(formats live lists model_folder results findings)
fi

# A target's seeds: what the tests replay, and the fixtures of its kind.
seeds() {
    case $1 in
    formats) echo fixtures/fuzz/formats fixtures/formats fixtures/broken fixtures/calls ;;
    live) echo fixtures/fuzz/live fixtures/calls ;;
    lists) echo fixtures/fuzz/lists src/terms/lexicon ;;
    *) echo "fixtures/fuzz/$1" ;;
    esac
}

# The code has no `unsafe`, so address sanitising would watch the dependencies
# only, at half the speed; panics, overflows, hangs and memory are watched.
for target in "${targets[@]}"; do
    mkdir -p "fuzz/corpus/$target"
    # shellcheck disable=SC2046 # folders without blanks
    cargo fuzz run -s none "$target" "fuzz/corpus/$target" $(seeds "$target") -- \
        -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3072 -max_len=16384 \
        -print_final_stats=1 2>&1 | tee "fuzz/corpus/$target.log" | tail -n 12
done
