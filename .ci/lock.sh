#!/bin/sh
# Writes requirements.lock and requirements-test.lock anew from pyproject.toml, with hashes.
#
# Usage: .ci/lock.sh [PYTHON]
#
# One lock serves every Python from 3.11 and every machine ("universal": markers choose), and names no index,
# so that it installs from whichever one pip is set to. The build back end is locked too, since the package
# itself is built without isolation. The test lock is a superset with equal versions.
set -eu

python=$(sh .ci/python.sh "${1:-}")
tool=build/lock-tool
if [ ! -x "$tool/bin/uv" ]; then
    "$python" -m venv --clear "$tool"
    "$tool/bin/python" -m pip --disable-pip-version-check install --quiet 'uv>=0.9,<1'
fi

compile() {
    output=$1
    shift
    "$python" - <<'BACKEND' | "$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header --upgrade --output-file "$output.new" "$@" pyproject.toml -
import tomllib
with open("pyproject.toml", "rb") as file:
    print("\n".join(tomllib.load(file)["build-system"]["requires"]))
BACKEND
    {
        echo "# Made by \"make lock\" from pyproject.toml; do not edit."
        cat "$output.new"
    } >"$output"
    rm "$output.new"
    echo "wrote $output"
}

compile requirements.lock
compile requirements-test.lock --extra test --constraint requirements.lock
