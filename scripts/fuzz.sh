#!/bin/bash
# fuzz.sh BUILD_DIR LIMIT [NAME...]: runs the fuzzers named, or all. tests/fuzz/corpus/NAME, in the repository, is
# where each run begins; a failing input is kept in BUILD_DIR/corpus.
#   LIMIT 600s: for that long each, on from what earlier runs found in BUILD_DIR/corpus.
#   LIMIT 5000: that many inputs each, the same ones every time, so that a change alone can break it.
set -euo pipefail
readonly build=$1 limit=$2
shift 2
readonly seeds=$(dirname "$0")/../tests/fuzz/corpus
names=("$@")
shopt -s nullglob
if [[ ${#names[@]} -eq 0 ]]; then
    for fuzzer in "$build"/bin/fuzz_*; do names+=("${fuzzer##*/fuzz_}"); done
fi
[[ ${#names[@]} -gt 0 ]] || { echo "no fuzzer in $build/bin" >&2; exit 1; }
mkdir -p "$build/corpus"
for name in "${names[@]}"; do
    if [[ $limit == *s ]]; then
        found=$build/corpus/$name
        mkdir -p "$found"
        bounds=(-max_total_time="${limit%s}")
    else
        found=$(mktemp -d)
        bounds=(-runs="$limit" -seed=1 -max_total_time=30)
    fi
    echo "$name: $limit"
    "$build/bin/fuzz_$name" "${bounds[@]}" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
        -verbosity=0 -artifact_prefix="$build/corpus/$name-failing-" "$found" "$seeds/$name"
    [[ $limit == *s ]] || rm -rf "$found"
done
