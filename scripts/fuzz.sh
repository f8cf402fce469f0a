#!/bin/bash
# fuzz.sh BUILD_DIR SECONDS: runs each fuzzer for that long. New inputs are kept in BUILD_DIR/corpus, a failing
# one beside them; tests/fuzz/corpus/NAME, in the repository, is where each run begins.
set -euo pipefail
readonly build=$1 seconds=$2
readonly corpus=$(dirname "$0")/../tests/fuzz/corpus
shopt -s nullglob
fuzzers=("$build"/bin/fuzz_*)
[[ ${#fuzzers[@]} -gt 0 ]] || { echo "no fuzzer in $build/bin" >&2; exit 1; }
for fuzzer in "${fuzzers[@]}"; do
    name=$(basename "$fuzzer")
    name=${name#fuzz_}
    mkdir -p "$build/corpus/$name"
    echo "$name: $seconds s"
    "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
        -artifact_prefix="$build/corpus/$name-failing-" "$build/corpus/$name" "$corpus/$name"
done
