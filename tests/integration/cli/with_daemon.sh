#!/bin/bash
# with_daemon.sh ELASTICITY: a tool's life on the command line, with a real daemon and the process backend.
source "$(dirname "$0")/world.sh"

clean_up() {
    is_running daemon && "$elasticity" remove "$job_queue" --force --wait >/dev/null 2>&1
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
expect 0 "$job_queue  accepted" "$elasticity" deploy "$dir/message.json" --wait
expect 0 "unchanged" "$elasticity" deploy "$dir/message.json" --wait
expect 0 "2/2 (2-20)" "$elasticity" status
expect 0 "INSTANCE" "$elasticity" status "$job_queue"
expect 1 "no tool 'nobody' is deployed" "$elasticity" status nobody
expect 0 "$job_queue" "$elasticity" config show --tools

# What the module refuses ends with 4 and tells every reason.
sed 's/"sleep"/7/; s/"min_instances": 2/"min_instances": -1/' "$dir/message.json" >"$dir/wrong.json"
expect 4 "/tools/0/min_instances" "$elasticity" deploy "$dir/wrong.json" --wait
expect 4 "not deployed on this target" "$elasticity" resume nobody --wait
result=$("$elasticity" deploy "$dir/wrong.json" --wait --json | field 'answer["result"]')
[[ $result == rejected ]] || fail "the JSON result is $result"

# A command that cannot be found fails.
sed "s/\"sleep\"/\"no-such-program\"/; s/$job_queue/$job_queue-broken/" "$dir/message.json" >"$dir/broken.json"
expect 1 "failed" "$elasticity" deploy "$dir/broken.json" --wait
expect 0 "removed" "$elasticity" remove "$job_queue-broken" --delete-queue always --wait

# Ctrl-C ends a wait with 130, and the request goes on.
sed "s/\"extractor\"/\"tool\": \"slow\", \"missing_queue\": \"wait\", \"extractor\"/; s/, \"missing_queue\": \"create\"//
     s/$job_queue/$job_queue-none/" "$dir/message.json" >"$dir/slow.json"
expect 1 "did not settle within 1 s" "$elasticity" deploy "$dir/slow.json" --wait --timeout 1
"$elasticity" pause slow >/dev/null

# Pause and resume.
expect 0 "paused" "$elasticity" pause "$job_queue" --wait
expect 0 "accepted" "$elasticity" resume "$job_queue" --wait

# History and rollback, beside the running daemon.
message 1 >"$dir/message.json"
expect 0 "" "$elasticity" deploy "$dir/message.json" --wait
generation=$("$elasticity" config history --json | field 'answer["generations"][-1]["generation"]')
expect 0 "min_instances 2 -> 1" "$elasticity" config history --diff "$generation"
expect 2 "needs --yes" "$elasticity" config rollback $((generation - 1)) </dev/null
expect 0 "min_instances 1 -> 2" "$elasticity" config rollback $((generation - 1)) --yes
taken_over() {
    "$elasticity" config history --json | field 'answer["generations"][-1]["generation"]' | grep -qx $((generation + 1))
}
await 30 taken_over || fail_with_log daemon "the rollback was not taken over"

# A daemon that lost its tools.json touches nothing until a rollback.
stop_server daemon TERM 30
rm "$dir/state/tools.json"
start_daemon
expect 0 "held: tools.json is missing" "$elasticity" status
expect 0 "written again" "$elasticity" config rollback $((generation + 1)) --yes
await 30 module_consumes || fail_with_log daemon "the rollback did not put tools.json in force"
expect 0 "2/2" "$elasticity" status

expect 0 "removed" "$elasticity" remove slow --wait
expect 0 "removed" "$elasticity" remove "$job_queue" --delete-queue always --wait
expect 0 "no tools" "$elasticity" status
exit $((failures > 0))
