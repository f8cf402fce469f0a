#!/bin/bash
# bundled.sh process|docker PROGRAM PLUGIN: every check passes without a warning, and no worker is left.
source "$ELASTICITY_SUPPORT/common.sh"
readonly kind=$1 program=$2 plugin=$3
readonly image=elasticity-test/kit:1
readonly seconds=$((100000 + $$))  # tells our workers from those of a run beside this one
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export TMPDIR=$scratch

api() {
    curl -fsS -m 30 --unix-socket "$DOCKER_SOCKET" "http://localhost/$1"
}

# Every worker of a check carries its owner.
workers_left() {
    if [[ $kind == docker ]]; then
        api 'containers/json?all=1' | jq -r '.[].Names[]' | grep -F '/check-' || true
    else
        pgrep -f "^/bin/sleep $seconds\$" || true
    fi
}

case $kind in
    process)
        echo '{}' >"$scratch/config.json"
        echo "{\"params\": {\"command\": [\"/bin/sleep\", \"$seconds\"]}}" >"$scratch/spec.json"
        ;;
    docker)
        source "$ELASTICITY_TESTBED/dockerd/env"
        "$ELASTICITY_SUPPORT/image.sh" make-busybox "$DOCKER_SOCKET" "$image"
        echo "{\"endpoint\": \"unix://$DOCKER_SOCKET\"}" >"$scratch/config.json"
        echo "{\"params\": {\"image\": \"$image\", \"network\": \"none\", \"pull\": \"never\"}}" >"$scratch/spec.json"
        ;;
esac
"$program" --strict -j 4 --config "$scratch/config.json" --spec "$scratch/spec.json" "$plugin" ||
    fail "$kind does not pass without a warning"
left=$(workers_left)
[[ -z $left ]] || fail "left behind: $left"
