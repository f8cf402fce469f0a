#!/bin/bash
# A private Docker Engine in a directory: own containerd, data, socket and bridge; it shares nothing with the
# system's engine and changes no firewall rule. Needs root.
#   dockerd.sh start|stop|kill|restart DIR
# `start` returns once the engine answers, and writes DIR/env; DIR/docker.sock leads to its socket, and a TCP
# listener on loopback wants the client certificate in DIR/tls. Containers outlive `kill` and `restart` of the
# engine (live restore); `stop` ends them and leaves no process, mount or bridge behind.
source "$(dirname "$0")/common.sh"
readonly start_timeout_s=60
readonly stop_timeout_s=30

# overlay2 where the kernel stacks file systems here; in a container's own overlay only vfs works.
find_storage_driver() {
    local trial="$dir/overlay-trial"
    mkdir -p "$trial"/{lower,upper,work,merged}
    local options="lowerdir=$trial/lower,upperdir=$trial/upper,workdir=$trial/work"
    if mount -t overlay overlay -o "$options" "$trial/merged" 2>/dev/null; then
        umount "$trial/merged"
        echo overlay2
    else
        echo vfs
    fi
    rm -rf "$trial"
}

create_bridge() {
    ip link add name "$BRIDGE" type bridge &&
        ip address add "$BRIDGE_ADDRESS/24" dev "$BRIDGE" &&
        ip link set "$BRIDGE" up
}

write_settings() {
    mkdir -p "$dir/data"
    make_certificates
    # Sockets live in a short path of their own: the kernel allows a socket's path 107 characters.
    local runtime_dir port suffix
    runtime_dir=$(mktemp -d /tmp/elasticity-docker.XXXXXX)
    port=$(free_ports 1)
    suffix=$((port % 250))
    ln -sfn "$runtime_dir/docker.sock" "$dir/docker.sock"
    cat >"$dir/env" <<END
DOCKER_SOCKET=$dir/docker.sock
DOCKER_TLS_PORT=$port
CA_FILE=$dir/tls/ca.pem
CLIENT_CERTIFICATE_FILE=$dir/tls/cert.pem
CLIENT_KEY_FILE=$dir/tls/key.pem
STORAGE_DRIVER=$(find_storage_driver)
RUNTIME_DIR=$runtime_dir
BRIDGE=els$port
BRIDGE_ADDRESS=198.18.$suffix.1
END
    source "$dir/env"
    # Without the right to make a bridge there is the host's network alone.
    if create_bridge 2>"$dir/log/bridge"; then
        echo "DOCKER_NETWORK_MODE=bridge" >>"$dir/env"
    else
        echo "DOCKER_NETWORK_MODE=host" >>"$dir/env"
    fi
    # The engine reads /etc/docker/daemon.json, the user's, unless it is given another.
    echo '{}' >"$dir/daemon.json"
    cat >"$dir/containerd.toml" <<END
version = 2
root = "$dir/containerd"
state = "$runtime_dir/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$runtime_dir/containerd.sock"
END
}

is_containerd_ready() {
    [[ -S $RUNTIME_DIR/containerd.sock ]] || is_gone containerd
}

is_ready() {
    curl -fsS -m 2 --unix-socket "$DOCKER_SOCKET" http://localhost/_ping
}

is_ready_or_dead() {
    is_ready || is_gone dockerd
}

launch() {
    if is_gone containerd; then
        rm -f "$RUNTIME_DIR/containerd.sock"
        start_server containerd containerd --config "$dir/containerd.toml"
        await $start_timeout_s is_containerd_ready || fail_with_log containerd "containerd did not start"
    fi
    rm -f "$RUNTIME_DIR/docker.pid"
    local bridge=$BRIDGE
    [[ $DOCKER_NETWORK_MODE == bridge ]] || bridge=none
    # No iptables: its chains are common to all engines of a machine, and an engine that starts rewrites them.
    start_server dockerd dockerd --data-root "$dir/data" --exec-root "$RUNTIME_DIR/exec" \
        --pidfile "$RUNTIME_DIR/docker.pid" --containerd "$RUNTIME_DIR/containerd.sock" \
        --config-file "$dir/daemon.json" --storage-driver "$STORAGE_DRIVER" --log-driver json-file \
        --exec-opt native.cgroupdriver=cgroupfs --live-restore --bridge "$bridge" \
        --iptables=false --ip-forward=false --ip-masq=false \
        --host "unix://$RUNTIME_DIR/docker.sock" --host "tcp://127.0.0.1:$DOCKER_TLS_PORT" \
        --tlsverify --tlscacert "$dir/tls/ca.pem" --tlscert "$dir/tls/server.pem" \
        --tlskey "$dir/tls/server-key.pem"
    await $start_timeout_s is_ready_or_dead || true
    is_ready >/dev/null 2>&1 || { tear_down; fail_with_log dockerd "dockerd did not start, see $dir/log"; }
}

remove_containers() {
    local api=(curl -fsS -m 30 --unix-socket "$DOCKER_SOCKET") id
    for id in $("${api[@]}" 'http://localhost/containers/json?all=1' | jq -r '.[].Id'); do
        "${api[@]}" -X DELETE "http://localhost/containers/$id?force=1" >/dev/null
    done
}

# What an engine that was killed could not clean up: each container has a shim, which names our containerd.
kill_shims() {
    local shim
    for shim in $(pgrep -f -- "containerd-shim.* -address $RUNTIME_DIR/containerd.sock"); do
        pkill -KILL -P "$shim" || true
        kill -s KILL "$shim" 2>/dev/null || true
    done
}

has_no_shims() {
    ! pgrep -f -- "containerd-shim.* -address $RUNTIME_DIR/containerd.sock"
}

mount_points() {
    awk -v a="$dir/" -v b="$RUNTIME_DIR/" 'index($2, a) == 1 || index($2, b) == 1 {print $2}' /proc/self/mounts
}

unmount_all() {
    local mount_point
    while read -r mount_point; do
        umount -l "$mount_point" || fail "cannot unmount $mount_point"
    done < <(mount_points | sort -r)
}

tear_down() {
    if is_ready >/dev/null 2>&1; then
        remove_containers
    fi
    stop_server dockerd TERM $stop_timeout_s
    stop_server containerd TERM $stop_timeout_s
    kill_shims
    await $stop_timeout_s has_no_shims || fail "containers of $dir still run"
    unmount_all
    if [[ -e /sys/class/net/$BRIDGE ]]; then
        ip link delete "$BRIDGE"
    fi
    # The next start begins afresh, also with its images.
    rm -rf "$RUNTIME_DIR" "$dir/env" "$dir/docker.sock" "$dir/data" "$dir/containerd"
}

command=${1:-}
dir=$(server_directory "${2:-}")
require_command dockerd containerd curl jq openssl python3 ip
[[ $EUID -eq 0 ]] || skip "a private Docker Engine needs root"
if [[ $command == start ]]; then
    is_running dockerd && fail "an engine runs already in $dir"
    mkdir -p "$dir/log"
    [[ -e $dir/env ]] || write_settings
fi
[[ -e $dir/env ]] || { [[ $command == stop ]] && exit 0; fail "no engine was started in $dir"; }
source "$dir/env"

case $command in
    start)
        launch
        echo "Docker Engine: storage $STORAGE_DRIVER, network $DOCKER_NETWORK_MODE"
        ;;
    stop) tear_down ;;
    kill)
        stop_server dockerd KILL 5
        stop_server containerd KILL 5
        ;;
    restart)
        stop_server dockerd TERM $stop_timeout_s
        launch
        ;;
    *) fail "usage: dockerd.sh start|stop|kill|restart DIR" ;;
esac
