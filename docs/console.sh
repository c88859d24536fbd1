#!/usr/bin/env bash
# Draws docs/console.svg anew, from what the quickstart prints.
set -euo pipefail
cd "$(dirname "$0")/.."
export CLICOLOR_FORCE=1 OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=span_only
cargo run -q -p quickstart 2>&1 >/dev/null | sed -n '/trace [0-9a-f]\{32\}/,$p' |
    cargo run -q --all-features --bin console_svg >docs/console.svg
