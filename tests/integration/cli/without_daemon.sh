#!/bin/bash
# without_daemon.sh ELASTICITY: commands that find a broker and no module.
set -euo pipefail
source "$(dirname "$0")/world.sh"
trap 'delete_queues; rm -rf "$dir"' EXIT
write_settings
message 1 >"$dir/message.json"

# No queue: no module has ever been there.
expect 3 "there is no queue $queue" deploy "$dir/message.json"
expect 3 "no daemon is listening" status

# A queue that nobody consumes keeps the message; who wants to wait is told, and nothing is sent.
amqp-declare-queue -u "$broker_url" -q "$queue" -d >/dev/null
expect 3 "no module consumes $queue: nothing was sent" deploy "$dir/message.json" --wait
amqp-get -u "$broker_url" -q "$queue" >"$dir/got" && fail "a message was sent after all"
expect 0 "no module consumes $queue at present" deploy "$dir/message.json"
id=$("$elasticity" pause ocr --json 2>/dev/null | python3 -c 'import json, sys; print(json.load(sys.stdin)["request_id"])')

# What arrives is the message with a request id, in the order in which it was sent.
amqp-get -u "$broker_url" -q "$queue" | python3 -c '
import json, sys
message = json.load(sys.stdin)
assert message["request_id"] and message["tools"][0]["kind"] == "process", message'
amqp-get -u "$broker_url" -q "$queue" | python3 -c '
import json, sys
message = json.load(sys.stdin)
assert message["action"] == "pause" and message["tools"] == [{"tool": "ocr"}], message
assert message["request_id"] == sys.argv[1], message' "$id"

# Standard input; text that is no JSON is refused with its place, and not sent.
expect 2 "-:2:1: " deploy - <<<'{"tools": ['
amqp-get -u "$broker_url" -q "$queue" >"$dir/got" && fail "text that is no JSON was sent"
expect 0 "" deploy - <"$dir/message.json"

# Wrong passwords and brokers that are not there.
printf wrong >"$dir/password"
expect 3 "ACCESS_REFUSED" deploy "$dir/message.json"
grep -qw wrong "$dir/output" && fail "the password was told"
sed -i "s/127.0.0.1:$AMQP_PORT/127.0.0.1:1/" "$settings"
expect 3 "127.0.0.1:1" deploy "$dir/message.json"
exit $((failures > 0))
