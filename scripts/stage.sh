#!/bin/bash
# stage.sh TEXT COMMAND...: runs a stage of the build, and prints its name, its outcome and its time.
set -uo pipefail
readonly text=$1
shift
echo "== $text"
SECONDS=0
"$@"
result=$?
if [[ $result -eq 0 ]]; then
    echo "== $text: done in $SECONDS s"
else
    echo "== $text: FAILED after $SECONDS s (exit code $result)" >&2
fi
exit $result
