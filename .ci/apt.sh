#!/bin/sh
# Installs the Debian packages of a list whose commands are missing, and starts no service.
#
# Usage: .ci/apt.sh LIST...     each line of a LIST: package, command or /file it brings; "#" starts a comment
#
# Debian starts and enables a server as it installs it. Unbound and Knot would then hold port 53 of the
# machine of whoever runs the tests, Kea would serve his network, so both are refused: by a policy-rc.d while
# apt works, and by disabling afterwards the units that came with this run.
set -eu
PATH=$PATH:/usr/sbin:/sbin

missing=
for list in "$@"; do
    while read -r package command _; do
        case "$package" in '' | '#'*) continue ;; esac
        case "$command" in
            /*) [ -e "$command" ] || missing="$missing $package" ;;
            *) command -v "$command" >/dev/null 2>&1 || missing="$missing $package" ;;
        esac
    done <"$list"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "These Debian packages are needed:$missing" >&2
    echo "This system has no apt-get: install what brings the same commands (see $*)." >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "These Debian packages are needed:$missing" >&2
    echo "Type:  sudo sh .ci/apt.sh $*     (it starts no service), then call make again." >&2
    exit 1
fi

policy=/usr/sbin/policy-rc.d
kept=$policy.schoolguard-kept
restore() {
    rm -f "$policy"
    [ ! -e "$kept" ] || mv "$kept" "$policy"
}
# 101 is "action forbidden by policy" (invoke-rc.d(8)).
code=0
[ ! -x "$policy" ] || "$policy" unbound start >/dev/null 2>&1 || code=$?
if [ "$code" -ne 101 ]; then
    [ ! -e "$policy" ] || mv "$policy" "$kept"
    trap restore EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
echo "Installing Debian packages:$missing"
apt-get -q update
# shellcheck disable=SC2086  # a list of package names, split on purpose
apt-get -q install --yes --no-install-recommends $missing </dev/null

command -v systemctl >/dev/null 2>&1 || exit 0
for package in $missing; do
    for path in $(dpkg -L "$package" | grep -E '^(/usr)?/lib/systemd/system/[^/@]+[.]service$' || true); do
        unit=${path##*/}
        systemctl disable "$unit" || echo "could not disable $unit: see above" >&2
    done
done
