#!/bin/sh
# Says why the locked libraries may have refused to install.
#
# Usage: .ci/no-wheels.sh PYTHON     PYTHON: the one of the virtual environment
set -eu
machine=$(uname -m)
version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
{
    echo
    echo "The libraries could not be installed (Python $version, $machine); the reason stands above."
    echo "- No network, or a proxy: set HTTPS_PROXY, or point PIP_FIND_LINKS at a folder with the wheels."
    echo "- \"No matching distribution\": the lock holds ready-built libraries for Python 3.11 to 3.13 on"
    echo "  x86_64 and aarch64 Linux. Take such a machine, or another Python: make PYTHON=/path/to/python3 ..."
    echo "Then call make again; what is done is not done twice."
} >&2
