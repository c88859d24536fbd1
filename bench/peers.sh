#!/usr/bin/env bash
# Prints a table of the cost of tracing with several crates, and with LiteLLM's Python SDK, in about five minutes. Names
# each row on stderr when it starts.
# `--smoke` makes a few calls of each row in a debug build, without LiteLLM, and fails if a row is missing.
set -euo pipefail
cd "$(dirname "$0")/peers"
export CARGO_TERM_COLOR=never
target=${CARGO_TARGET_DIR:-$PWD/../../target/peers}

# LiteLLM's rows are skipped without Python, pip or the package.
venv=$PWD/../../target/litellm
if [ "${1:-}" != --smoke ] && [ ! -e "$venv/installed" ]; then
    python3 -m venv "$venv" &&
        "$venv/bin/pip" install -q --disable-pip-version-check -r requirements.txt &&
        touch "$venv/installed" || true
fi
[ ! -e "$venv/installed" ] || export PEERS_PYTHON=$venv/bin/python

profile=release
[ "${1:-}" != --smoke ] || profile=dev
CARGO_TARGET_DIR=$target cargo build -q --locked --profile "$profile" --bin peers
"$target/${profile/dev/debug}/peers" "$@"
