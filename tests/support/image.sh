#!/bin/bash
# Makes Docker images without a network, out of files of this machine, and imports them into an engine.
#   image.sh make-busybox SOCKET NAME               a static busybox with its usual links; sleeps by default
#   image.sh make-worker  SOCKET NAME PROGRAM       a program with the libraries that it loads; runs it
source "$(dirname "$0")/common.sh"

# import_root COMMAND_JSON: the tree in $root becomes the image $name.
import_root() {
    local query change
    change=$(jq -rn --arg value "CMD $1" '$value | @uri')
    query="fromSrc=-&repo=${name%:*}&tag=${name##*:}&changes=$change"
    tar -C "$root" --numeric-owner --owner=0 --group=0 -c . |
        curl -fsS -m 120 --unix-socket "$socket" -X POST -H 'Content-Type: application/x-tar' -T - \
            "http://localhost/images/create?$query" >"$root.answer"
    # The engine answers 200 and tells of a failure in the stream.
    if jq -e 'select(.error)' "$root.answer" >/dev/null; then
        fail "importing $name: $(jq -r 'select(.error) | .error' "$root.answer")"
    fi
}

make_busybox() {
    local link
    mkdir -p "$root"/{bin,tmp,etc,dev,proc,sys}
    cp /bin/busybox "$root/bin/busybox"
    for link in sh sleep true false env cat echo; do
        ln -s busybox "$root/bin/$link"
    done
    import_root '["/bin/sleep", "1000000"]'
}

make_worker() {
    local library
    mkdir -p "$root"/{bin,tmp,etc}
    cp "$1" "$root/bin/worker"
    while read -r library; do
        install -D -m 755 "$library" "$root$library"
    done < <(ldd "$1" | grep -oE '/[^ ]+' | sort -u)
    import_root '["/bin/worker"]'
}

command=${1:-}
[[ $# -ge 3 ]] || fail "usage: image.sh make-busybox SOCKET NAME, image.sh make-worker SOCKET NAME PROGRAM"
socket=$2
name=$3
[[ ${name##*/} == *:* ]] || name=$name:latest
require_command curl jq tar
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
root=$scratch/root
mkdir "$root"
case $command in
    make-busybox)
        [[ -x /bin/busybox ]] || skip "busybox-static is not installed"
        make_busybox
        ;;
    make-worker) make_worker "${4:?the program is missing}" ;;
    *) fail "unknown command $command" ;;
esac
