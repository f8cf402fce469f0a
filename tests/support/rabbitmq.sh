#!/bin/bash
# A private RabbitMQ node in a directory: own name, cookie, epmd, ports and data, on loopback alone.
#   rabbitmq.sh start|stop|kill|restart DIR
#   rabbitmq.sh ctl DIR ARGUMENT...        rabbitmqctl on that node
# `start` returns once AMQP and the management API answer, and writes DIR/env. `restart` keeps ports and data.
# Log-in: guest, guest. TLS clients say `localhost`: rabbitmq-c compares host names, and no addresses.
source "$(dirname "$0")/common.sh"
readonly server=/usr/lib/rabbitmq/bin/rabbitmq-server
readonly start_timeout_s=60
readonly stop_timeout_s=20

write_settings() {
    mkdir -p "$dir/home" "$dir/data" "$dir/log"
    make_certificates
    local amqp management amqps distribution epmd
    read -r amqp management amqps distribution epmd < <(free_ports 5)
    cat >"$dir/env" <<END
AMQP_PORT=$amqp
MANAGEMENT_PORT=$management
AMQPS_PORT=$amqps
DISTRIBUTION_PORT=$distribution
EPMD_PORT=$epmd
NODE=elasticity-$amqp@localhost
CA_FILE=$dir/tls/ca.pem
CLIENT_CERTIFICATE_FILE=$dir/tls/cert.pem
CLIENT_KEY_FILE=$dir/tls/key.pem
END
    # A modest watermark: the node is not alone on the machine. Statistics each second, as tests wait for them, unless
    # the caller wants the broker as it is delivered (5000).
    cat >"$dir/rabbitmq.conf" <<END
listeners.tcp.1 = 127.0.0.1:$amqp
listeners.ssl.1 = 127.0.0.1:$amqps
ssl_options.cacertfile = $dir/tls/ca.pem
ssl_options.certfile = $dir/tls/server.pem
ssl_options.keyfile = $dir/tls/server-key.pem
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = false
management.tcp.ip = 127.0.0.1
management.tcp.port = $management
collect_statistics_interval = ${RABBITMQ_STATISTICS_MS:-1000}
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 50MB
log.file.level = info
END
    echo '[rabbitmq_management].' >"$dir/enabled_plugins"
}

export_environment() {
    export HOME="$dir/home" RABBITMQ_NODENAME="$NODE" RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf" \
        RABBITMQ_ENABLED_PLUGINS_FILE="$dir/enabled_plugins" RABBITMQ_MNESIA_BASE="$dir/data" \
        RABBITMQ_LOG_BASE="$dir/log" ERL_CRASH_DUMP="$dir/log/erl_crash.dump" RABBITMQ_PID_FILE="$dir/server.pid" RABBITMQ_CONF_ENV_FILE=/dev/null \
        RABBITMQ_DIST_PORT="$DISTRIBUTION_PORT" ERL_EPMD_PORT="$EPMD_PORT" ERL_EPMD_ADDRESS=127.0.0.1
    # Schedulers that do not spin while idle: the machine is shared with what is measured.
    export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='+sbwt none +sbwtdcpu none +sbwtdio none +S 2:2'
}

# The health check answers only when the AMQP listener is open, so that one question covers both ports.
is_ready() {
    local management="http://127.0.0.1:$MANAGEMENT_PORT"
    curl -fsS -m 2 -u guest:guest "$management/api/health/checks/port-listener/$AMQP_PORT"
}

is_ready_or_dead() {
    is_ready || is_gone rabbitmq
}

# Debian's wrapper insists on the user rabbitmq; the server itself runs as whoever we are.
launch() {
    export_environment
    is_running epmd || start_server epmd epmd -port "$EPMD_PORT" -address 127.0.0.1
    # "Under systemd" means: no shell in between, so that the recorded id is the node's own.
    RUNNING_UNDER_SYSTEMD=yes start_server rabbitmq "$server"
    await $start_timeout_s is_ready_or_dead || true
    is_ready >/dev/null 2>&1 || { tear_down; fail_with_log rabbitmq "RabbitMQ did not start, see $dir/log"; }
}

tear_down() {
    stop_server rabbitmq TERM $stop_timeout_s
    stop_server epmd TERM 5
}

run_ctl() {
    export_environment
    exec /usr/lib/rabbitmq/bin/rabbitmqctl "$@"
}

command=${1:-}
dir=$(server_directory "${2:-}")
[[ -x $server ]] || skip "rabbitmq-server is not installed"
require_command epmd curl openssl python3
if [[ $command == start ]]; then
    is_running rabbitmq && fail "a node runs already in $dir"
    [[ -e $dir/env ]] || write_settings
fi
if [[ ! -e $dir/env ]]; then
    [[ $command == stop || $command == kill ]] && exit 0
    fail "no node was started in $dir"
fi
source "$dir/env"

case $command in
    start) launch ;;
    stop) tear_down ;;
    kill)
        stop_server rabbitmq KILL 5
        tear_down
        ;;
    restart)
        tear_down
        launch
        ;;
    ctl) run_ctl "${@:3}" ;;
    *) fail "usage: rabbitmq.sh start|stop|kill|restart DIR, rabbitmq.sh ctl DIR ARGUMENT..." ;;
esac
