# Shared by the tests of the command line: sourced, with the binary as $1 and an example worker as $2. Makes a private directory with settings for
# the shared broker and queues of this test's own; $dir and $settings name them.
source "$ELASTICITY_SUPPORT/common.sh"
readonly elasticity=$1 worker=${2:-}
source "$ELASTICITY_TESTBED/rabbitmq/env"
require_command amqp-declare-queue amqp-delete-queue amqp-get python3
dir=$(mktemp -d)
readonly dir
readonly broker_url=amqp://guest:guest@127.0.0.1:$AMQP_PORT queue=cli-test-$$
readonly settings=$dir/elasticity.json status_queue=$queue-status job_queue=$queue-jobs
failures=0

write_settings() {
    cat >"$settings" <<END
{"name": "em-test", "state_dir": "$dir/state",
 "targets": {"prod": {"amqp": "amqp://127.0.0.1:$AMQP_PORT", "management": "http://127.0.0.1:$MANAGEMENT_PORT",
                      "password": {"file": "$dir/password"},
                      "worker_uri": {"default": {"file": "$dir/worker_uri"}}}},
 "deploy": {"target": "prod", "queue": "$queue", "status_queue": "$status_queue"},
 "backends": {"local": {"plugin": "process"}}, "placement": {"process": ["local"]},
 "list_interval_s": 1, "management_interval_s": 1, "scaling": {"interval_s": 0.2}}
END
    printf guest >"$dir/password"
    echo "$broker_url" >"$dir/worker_uri"
    export ELASTICITY_CONFIG=$settings
}

# message MINIMUM: a process tool whose workers consume a queue of this test's own.
message() {
    echo "{\"tools\": [{\"kind\": \"process\", \"extractor\": \"$job_queue\", \"min_instances\": $1," \
        "\"command\": [\"$worker\"]}]}"
}

delete_queues() {
    local name
    for name in "$queue" "$queue.dead" "$status_queue" "$job_queue"; do
        amqp-delete-queue -u "$broker_url" -q "$name" >/dev/null 2>&1 || true  # some were never made
    done
}

# Nothing here takes longer, unless it hangs.
run_briefly() {
    timeout 40 "$elasticity" "$@"
}

# expect CODE TEXT ARGUMENT...: the command line ends with CODE, and its output (both kinds) holds TEXT.
expect() {
    local code=$1 text=$2 got=0
    shift 2
    run_briefly "$@" >"$dir/output" 2>&1 || got=$?
    if [[ $got -ne $code ]] || ! grep -qF -- "$text" "$dir/output"; then
        echo "wanted exit code $code and '$text', got $got from: $*"
        cat "$dir/output"
        failures=$((failures + 1))
    fi
}
