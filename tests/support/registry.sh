#!/bin/bash
# A private Docker registry in a directory, on loopback, that wants a password.
#   registry.sh start|stop DIR
# Plain HTTP: Docker trusts 127.0.0.0/8. `start` writes DIR/env.
source "$(dirname "$0")/common.sh"
readonly user=puller
readonly password=pull-me

write_settings() {
    local port
    port=$(free_ports 1)
    mkdir -p "$dir/data"
    htpasswd -Bbn -C 4 "$user" "$password" >"$dir/htpasswd" 2>/dev/null
    cat >"$dir/env" <<END
REGISTRY=127.0.0.1:$port
REGISTRY_USER=$user
REGISTRY_PASSWORD=$password
END
    cat >"$dir/config.yml" <<END
version: 0.1
log: {level: info}
storage:
  filesystem: {rootdirectory: $dir/data}
http: {addr: "127.0.0.1:$port"}
auth:
  htpasswd: {realm: elasticity-test, path: $dir/htpasswd}
END
}

is_ready() {
    curl -fsS -m 2 -u "$user:$password" "http://$REGISTRY/v2/"
}

is_ready_or_dead() {
    is_ready || is_gone registry
}

command=${1:-}
dir=$(server_directory "${2:-}")
require_command docker-registry htpasswd curl python3
case $command in
    start)
        is_running registry && fail "a registry runs already in $dir"
        [[ -e $dir/env ]] || write_settings
        source "$dir/env"
        start_server registry docker-registry serve "$dir/config.yml"
        await 60 is_ready_or_dead || true
        is_ready >/dev/null 2>&1 || fail_with_log registry "the registry did not start"
        ;;
    stop) stop_server registry TERM 10 ;;
    *) fail "usage: registry.sh start|stop DIR" ;;
esac
