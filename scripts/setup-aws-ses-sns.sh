#!/usr/bin/env bash
# A door to `python -m config_service setup`: the same options, from whichever directory it is called in.
# Settings are read there, from the environment and from `.env`. See docs/setup.md.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python="$root/.venv/bin/python"
if [ ! -x "$python" ]; then
    echo "There is no $python: run 'make setup' in $root first." >&2
    exit 1
fi
PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" exec "$python" -m config_service setup "$@"
