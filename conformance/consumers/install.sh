# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs what the consumer tests need. Sourced by `run --install`. Leaves no
# service running, no package source behind, and may be called again.

# packages_install NAME...: the packages of these tests, by the packages file. A
# package written as NAME/bookworm-backports comes from there.
packages_install() {
    local name package plain=() backports=()
    for name in "$@"; do
        is_test "$name" || { echo "no such test: $name" >&2; return 2; }
        for package in $(packages_of "$name"); do
            package_present "${package%%/*}" && continue
            case $package in
            */*-backports) backports+=("${package%%/*}") ;;
            *) plain+=("$package") ;;
            esac
        done
    done
    if [[ ${#plain[@]} -gt 0 ]]; then
        apt-get update -qq
        services_held apt_install "${plain[@]}"
    fi
    [[ ${#backports[@]} -eq 0 ]] || services_held backports_install "${backports[@]}"
}

package_present() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

apt_install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

# services_held COMMAND...: no maintainer script starts a service meanwhile. A
# policy that the machine already has is left as it is.
services_held() {
    local policy=/usr/sbin/policy-rc.d status=0
    if [[ -e $policy ]]; then
        "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    "$@" || status=$?
    rm -f "$policy"
    return "$status"
}

# backports_install PACKAGE...: from the release's backports, at the mirror that the
# machine's own Debian source names. The source and its lists live in a folder that is
# removed afterwards; what the packages depend on has to be installed already or to come
# from backports, too.
backports_install() (
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    uri=$(debian_mirror)
    [[ -n $uri ]] || { echo "no Debian package source found" >&2; exit 1; }
    mkdir -p "$folder/lists/partial"
    cat >"$folder/backports.sources" <<TXT
Types: deb
URIs: $uri
Suites: $(debian_release)-backports
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
TXT
    chmod -R a+rX "$folder"
    options=(-o "Dir::Etc::SourceList=$folder/backports.sources" -o 'Dir::Etc::SourceParts=-'
        -o "Dir::State::Lists=$folder/lists" -o 'Dir::Cache::pkgcache=' -o 'Dir::Cache::srcpkgcache=')
    apt-get "${options[@]}" update -qq
    DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install -y -qq --no-install-recommends "$@"
)

debian_release() {
    sed -n 's/^VERSION_CODENAME=//p' /etc/os-release
}

# The first archive that serves the release itself, from either form of source file.
debian_mirror() {
    local release file files=()
    release=$(debian_release)
    for file in /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list; do
        [[ ! -r $file ]] || files+=("$file")
    done
    awk -v release="$release" '
        /^URIs:/                                 { uri = $2 }
        /^Suites:/ && $0 ~ (" " release "( |$)") { found[++n] = uri }
        $1 == "deb"                              { for (i = 2; i < NF; i++) if ($(i + 1) == release) found[++n] = $i }
        END                                      { print found[1] }' "${files[@]}"
}
