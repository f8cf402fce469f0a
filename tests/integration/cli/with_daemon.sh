#!/bin/bash
# with_daemon.sh ELASTICITY WORKER: a tool's life on the command line, with a real daemon and the process backend.
set -euo pipefail
source "$(dirname "$0")/world.sh"

# A test that failed half-way leaves workers, which outlive the daemon.
clean_up() {
    local tool
    for tool in "$job_queue" "$job_queue-broken" slow; do
        is_running daemon && run_briefly remove "$tool" --force --wait >/dev/null 2>&1 || true
    done
    stop_server daemon TERM 30
    delete_queues
    rm -rf "$dir"
}
trap clean_up EXIT

daemon_answers() {
    "$elasticity" status
}

start_daemon() {
    start_server daemon "$elasticity" run "$@"
    await 30 daemon_answers || fail_with_log daemon "the daemon does not answer"
}

field() {
    python3 -c 'import json, sys; print(eval(sys.argv[1], {"answer": json.load(sys.stdin)}))' "$1"
}

module_consumes() {
    "$elasticity" status --json | field 'answer["brokers"][0]["listener"]' | grep -q consumes
}

write_settings
start_daemon
await 30 module_consumes || fail_with_log daemon "no deploy queue is consumed"

# Deploy, and the same again.
message 2 >"$dir/message.json"
expect 0 "$job_queue  accepted" deploy "$dir/message.json" --wait
expect 0 "unchanged" deploy "$dir/message.json" --wait
expect 0 "2/2 (2-20)" status
expect 0 "INSTANCE" status "$job_queue"
expect 1 "no tool 'nobody' is deployed" status nobody
expect 0 "$job_queue" config show --tools

# What the module refuses ends with 4 and tells every reason.
sed 's/"min_instances": 2/"min_instances": -1/' "$dir/message.json" >"$dir/wrong.json"
expect 4 "/tools/0/min_instances" deploy "$dir/wrong.json" --wait
expect 4 "not deployed on this target" resume nobody --wait
expect 4 '"result":"rejected"' deploy "$dir/wrong.json" --wait --json

# A command that cannot be found fails.
sed "s:\"$worker\":\"no-such-program\":; s/$job_queue/$job_queue-broken/" "$dir/message.json" >"$dir/broken.json"
expect 1 "$job_queue-broken  failed" deploy "$dir/broken.json" --wait
expect 0 "removed" remove "$job_queue-broken" --wait

# A worker that never consumes does not settle soon: the wait ends in time, or with 130 by Ctrl-C; the request goes on.
cat >"$dir/slow.json" <<END
{"tools": [{"kind": "process", "tool": "slow", "extractor": "$job_queue-slow", "min_instances": 1,
            "command": ["sleep", "100000"]}]}
END
expect 1 "1 tool did not settle within 1 s" deploy "$dir/slow.json" --wait --timeout 1
sed -i 's/"min_instances": 1/"min_instances": 2/' "$dir/slow.json"
"$elasticity" deploy "$dir/slow.json" --wait >"$dir/waiting" 2>&1 &
waiting=$!
await 30 grep -q "slow  accepted" "$dir/waiting" || fail "the deploy was not accepted"
kill -INT $waiting
code=0
wait $waiting || code=$?
[[ $code -eq 130 ]] && grep -q "goes on; see 'elasticity status'" "$dir/waiting" || fail "Ctrl-C ended with $code"
expect 0 "(2-20)" status slow

# Pause and resume.
expect 0 "paused" pause "$job_queue" --wait
expect 0 "accepted" resume "$job_queue" --wait

# History and rollback, beside the running daemon.
message 1 >"$dir/message.json"
expect 0 "" deploy "$dir/message.json" --wait
generation=$("$elasticity" config history --json | field 'answer["generations"][-1]["generation"]')
expect 0 "min_instances 2 -> 1" config history --diff "$generation"
expect 2 "needs --yes" config rollback $((generation - 1)) </dev/null
expect 0 "min_instances 1 -> 2" config rollback $((generation - 1)) --yes
taken_over() {
    "$elasticity" config history --json | field 'answer["generations"][-1]["generation"]' | grep -qx $((generation + 1))
}
await 30 taken_over || fail_with_log daemon "the rollback was not taken over"

# A daemon that lost its tools.json touches nothing until a rollback.
stop_server daemon TERM 30
rm "$dir/state/tools.json"
start_daemon
expect 0 "held: tools.json is missing" status
expect 0 "written again" config rollback $((generation + 1)) --yes
await 30 module_consumes || fail_with_log daemon "the rollback did not put tools.json in force"
expect 0 "2/2" status

expect 0 "removed" remove slow --delete-queue always --wait
expect 0 "removed" remove "$job_queue" --delete-queue always --wait
expect 0 "no tools" status
exit $((failures > 0))
