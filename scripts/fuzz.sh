#!/bin/bash
# fuzz.sh BUILD_DIR SECONDS [NAME...]: runs the fuzzers named, or all, for that long each. New inputs are kept in
# BUILD_DIR/corpus, a failing one beside them; tests/fuzz/corpus/NAME, in the repository, is where each run begins.
set -euo pipefail
readonly build=$1 seconds=$2
shift 2
readonly seeds=$(dirname "$0")/../tests/fuzz/corpus
names=("$@")
shopt -s nullglob
if [[ ${#names[@]} -eq 0 ]]; then
    for fuzzer in "$build"/bin/fuzz_*; do names+=("${fuzzer##*/fuzz_}"); done
fi
[[ ${#names[@]} -gt 0 ]] || { echo "no fuzzer in $build/bin" >&2; exit 1; }
for name in "${names[@]}"; do
    mkdir -p "$build/corpus/$name"
    echo "$name: $seconds s"
    "$build/bin/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
        -print_final_stats=1 -verbosity=0 -artifact_prefix="$build/corpus/$name-failing-" \
        "$build/corpus/$name" "$seeds/$name"
done
