#!/bin/sh
# Makes a virtual environment from a lock file: with uv where it is installed, else with venv and pip.
# usage: install.sh DIRECTORY LOCK_FILE PYTHON
set -eu
directory=$1 lock=$2 python=$3

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Python 3.11 or newer is needed and '$python' is not: name one with make PYTHON=/path/to/python3.11" >&2
    exit 1
fi
rm -f "$directory/.ready"
if command -v uv >/dev/null 2>&1; then
    echo "Installing $lock into $directory with uv"
    uv venv --quiet --allow-existing --python "$python" "$directory"
    VIRTUAL_ENV="$directory" uv pip sync --quiet --require-hashes "$lock"
else
    echo "Installing $lock into $directory with pip (a minute or so; with uv it takes seconds)"
    "$python" -m venv "$directory"
    "$directory/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
fi
touch "$directory/.ready"
