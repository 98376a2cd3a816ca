#!/bin/sh
# Prints the command of a Python that can run SchoolGuard (3.11 or later, with venv), or says what to type.
#
# Usage: .ci/python.sh [COMMAND]     COMMAND: the only Python to consider, a path or a name
#
# Without COMMAND several names are tried, newest Debian default first: on an older distribution "python3"
# may be too old while "python3.12" stands beside it.
set -eu

candidates=${1:-"python3 python3.13 python3.12 python3.11"}
[ $# -gt 0 ] && [ -n "$1" ] && single=1 || single=0
found=

run_as_root() {
    if [ "$(id -u)" -eq 0 ]; then echo "apt-get install $1"; else echo "sudo apt-get install $1"; fi
}

consider() {
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || return 1
    found="$found $1 ($version)"
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || return 1
    if ! "$1" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "Python $version ($1) is here, but it cannot make a virtual environment." >&2
        echo "Type:  $(run_as_root "python$version-venv")" >&2
        exit 1
    fi
    printf '%s\n' "$1"
    exit 0
}

if [ "$single" -eq 1 ]; then
    consider "$1" || true
else
    for candidate in $candidates; do
        consider "$candidate" || true
    done
fi

echo "SchoolGuard needs Python 3.11 or later; found:${found:- none}." >&2
echo "Type:  $(run_as_root "python3 python3-venv")   (Debian 12 or later, Ubuntu 24.04 or later)" >&2
echo "or, if it is installed elsewhere:  make PYTHON=/path/to/python3 ..." >&2
exit 1
