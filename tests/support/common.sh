# Shared by the scripts that start private servers, each in a directory of its own: sourced, not run.
set -euo pipefail
readonly poll_interval_s=0.05
readonly new_key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)

fail() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# A missing component is a skip on a laptop (ctest: SKIP_RETURN_CODE 77) and a failure in CI.
skip() {
    [[ "${ELASTICITY_REQUIRE_ALL:-0}" != 1 ]] || fail "required, but missing: $*"
    echo "SKIP: $*"
    exit 77
}

require_command() {
    local command
    for command in "$@"; do
        command -v "$command" >/dev/null || skip "$command is not installed"
    done
}

# Prints COUNT free loopback ports. They lie below the ephemeral range, so that no outgoing connection takes
# one between this check and the server's bind.
free_ports() {
    python3 - "$1" <<'PYTHON'
import random, socket, sys
held = []
while len(held) < int(sys.argv[1]):
    candidate = socket.socket()
    try:
        candidate.bind(("127.0.0.1", random.randrange(11000, 32000)))
        held.append(candidate)
    except OSError:
        candidate.close()
print(*(s.getsockname()[1] for s in held))
PYTHON
}

# await SECONDS COMMAND...: polls until the command succeeds; 1 when the time is over.
await() {
    local deadline_us=$((${EPOCHREALTIME/./} + $1 * 1000000))
    shift
    until "$@" >/dev/null 2>&1; do
        [[ ${EPOCHREALTIME/./} -lt $deadline_us ]] || return 1
        sleep $poll_interval_s
    done
}

# The directory of a server, absolute. It must exist, except for `start`.
server_directory() {
    [[ -n "${1:-}" ]] || fail "no directory given"
    realpath -m -- "$1"
}

# start_server NAME COMMAND...: in a session of its own, output to $dir/log/NAME, its id in $dir/NAME.pid. The
# variable in its environment marks the process as this directory's.
start_server() {
    local name=$1
    shift
    mkdir -p "$dir/log"
    ELASTICITY_TEST_SERVER="$dir" setsid "$@" </dev/null >>"$dir/log/$name" 2>&1 &
    local pid=$!
    echo $pid >"$dir/$name.pid"
    # Until the exec the process is still a copy of this shell, without the mark; a busy disk may take its time.
    await 30 is_marked_or_ended "$name" $pid && is_running "$name" || fail_with_log "$name" "$name ended at once"
}

# Whether NAME.pid names a living process, and one that this directory started (ids are used again). In the middle of
# an exec a process shows no environment, and is asked again.
is_running() {
    local pid environment attempt
    pid=$(cat "$dir/$1.pid" 2>/dev/null) && [[ -n $pid ]] || return 1
    for attempt in {1..20}; do
        grep -qE '^State:[[:space:]]+[^Z]' "/proc/$pid/status" 2>/dev/null || return 1
        environment=$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ") || true
        [[ -z $environment ]] || break
        sleep $poll_interval_s
    done
    grep -qxF "ELASTICITY_TEST_SERVER=$dir" <<<"$environment"
}

is_gone() {
    ! is_running "$1"
}

# is_marked_or_ended NAME PID
is_marked_or_ended() {
    is_running "$1" || ! kill -0 "$2"
}

# stop_server NAME SIGNAL SECONDS: signals, awaits the end, and kills what does not end in time.
stop_server() {
    local name=$1 signal=$2 seconds=$3
    is_running "$name" || return 0
    kill -s "$signal" "$(<"$dir/$name.pid")" 2>/dev/null || true
    if ! await "$seconds" is_gone "$name"; then
        echo "$name ignored SIG$signal for $seconds s, killing it" >&2
        kill -s KILL "$(<"$dir/$name.pid")" 2>/dev/null || true
        await 5 is_gone "$name" || fail "$name cannot be killed"
    fi
}

# fail_with_log NAME TEXT: the last words of the server tell why.
fail_with_log() {
    tail -n 20 "$dir/log/$1" >&2 || true
    fail "$2"
}

# make_certificates: in $dir/tls a CA (ca.pem), a server's certificate for 127.0.0.1 and localhost (server.pem,
# server-key.pem), and a client's (cert.pem, key.pem, as Docker names them).
make_certificates() {
    local tls="$dir/tls"
    [[ -e $tls/key.pem ]] && return
    mkdir -p "$tls"
    chmod 700 "$tls"
    openssl req -x509 "${new_key[@]}" -days 30 -subj '/CN=Elasticity test CA' -keyout "$tls/ca-key.pem" \
        -addext 'keyUsage=critical,keyCertSign,cRLSign' -out "$tls/ca.pem" 2>/dev/null
    make_certificate "$tls/server.pem" "$tls/server-key.pem" localhost serverAuth
    make_certificate "$tls/cert.pem" "$tls/key.pem" client clientAuth
}

# make_certificate CERTIFICATE KEY COMMON_NAME USAGE
make_certificate() {
    local tls="$dir/tls"
    openssl req "${new_key[@]}" -subj "/CN=$3" -keyout "$2" -out "$1.csr" 2>/dev/null
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=%s\n' "$4" >"$1.extensions"
    openssl x509 -req -in "$1.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca-key.pem" -CAcreateserial -days 30 \
        -extfile "$1.extensions" -out "$1" 2>/dev/null
    rm "$1.csr" "$1.extensions"
}
