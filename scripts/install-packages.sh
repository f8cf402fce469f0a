#!/bin/bash
# Installs the packages of the named groups of packages.txt that are missing, and says so.
# No service is started, nothing that is installed is removed or upgraded.
set -euo pipefail
readonly packages_file="$(dirname "$0")/packages.txt"
readonly policy=/usr/sbin/policy-rc.d

usage() {
    echo "usage: $0 GROUP...   (groups: $(sed -n 's/^\[\(.*\)\]$/\1/p' "$packages_file" | xargs))" >&2
    exit 2
}

packages_of() {
    awk -v group="[$1]" '/^\[/ {inside = ($1 == group); next} inside && NF {print $1}' "$packages_file"
}

is_installed() {
    [[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

# Any of A|B|C will do; A is what we install.
is_satisfied() {
    local alternative
    for alternative in ${1//|/ }; do
        is_installed "$alternative" && return
    done
    return 1
}

as_root() {
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo -- "$@"; fi
}

# Debian starts a server as soon as it is installed, unless policy-rc.d forbids it. One that exists is kept.
forbid_service_starts() {
    [[ -e $policy ]] && return
    trap 'as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
}

[[ $# -gt 0 ]] || usage
missing=()
for group in "$@"; do
    wanted=$(packages_of "$group")
    [[ -n $wanted ]] || usage
    for package in $wanted; do
        is_satisfied "$package" || missing+=("${package%%|*}")
    done
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
    echo "missing packages, and neither root nor sudo to install them: ${missing[*]}" >&2
    exit 1
fi
echo "Installing with apt: ${missing[*]}"
forbid_service_starts
as_root apt-get update -qq
# --no-remove: a package that would push out something of the user's is an error, not a surprise.
as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends --no-remove "${missing[@]}"
