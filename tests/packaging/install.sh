#!/bin/bash
# install.sh SOURCE_DIR SCRATCH_DIR: the release build, installed into an empty prefix, holds what users
# expect, starts there, and comes with a unit that systemd accepts.
source "$(dirname "$0")/../support/common.sh"
readonly source_dir=$1 prefix=$2/prefix build=$1/build/release
failures=0

expect_files() {
    local file
    while read -r file; do
        [[ -s $prefix/$file ]] || { echo "missing: $file"; failures=$((failures + 1)); }
    done
}

# The user of the unit need not exist here, and what other packages' units say is not our concern.
verify_unit() {
    local unit=$prefix/lib/systemd/system/elasticity.service findings
    grep -qxF "ExecStart=$prefix/bin/elasticity run --config /etc/elasticity/elasticity.json" "$unit" ||
        { echo "the unit does not start the installed binary"; failures=$((failures + 1)); }
    findings=$(systemd-analyze verify --man=no "$unit" 2>&1 | grep -F elasticity.service || true)
    [[ -z $findings ]] || { echo "$findings"; failures=$((failures + 1)); }
}

require_command cmake systemd-analyze
cd "$source_dir"
cmake --preset release >/dev/null && cmake --build --preset release || fail "no release build"
rm -rf "$prefix"
cmake --install "$build" --prefix "$prefix" >/dev/null

expect_files <<'END'
bin/elasticity
bin/elasticity-plugin-check
lib/elasticity/plugins/1/docker.so
lib/elasticity/plugins/1/noop.so
lib/elasticity/plugins/1/process.so
libexec/elasticity/elasticity-process-shim
include/elasticity/sdk/abi.h
include/elasticity/sdk/plugin.hpp
lib/cmake/ElasticitySDK/ElasticitySDKConfig.cmake
lib/pkgconfig/elasticity-sdk.pc
share/elasticity/template/c++/plugin.cpp
share/elasticity/template/c/plugin.c
share/elasticity/schemas/deploy-message.schema.json
share/elasticity/schemas/settings.schema.json
share/elasticity/schemas/tools-file.schema.json
share/doc/elasticity/README.md
share/doc/elasticity/CHANGELOG.md
share/doc/elasticity/LICENSE
share/doc/elasticity/architecture.md
share/doc/elasticity/examples/elasticity.json
lib/systemd/system/elasticity.service
lib/sysusers.d/elasticity.conf
END
verify_unit
if ! "$prefix/bin/elasticity" --help >/dev/null; then
    echo "the installed binary does not start"
    failures=$((failures + 1))
fi
[[ $failures -eq 0 ]] || fail "$failures findings in $prefix"
