#!/usr/bin/env bash
# Measures how the cost of tracing grows, and draws docs/curves/*.svg, in about two minutes after the build.
# `--smoke` makes a few calls for each point in a debug build, and draws into target/.
set -euo pipefail
cd "$(dirname "$0")/peers"
export CARGO_TERM_COLOR=never
target=${CARGO_TARGET_DIR:-$PWD/../../target/peers}

profile=release folder=$PWD/../../docs/curves
[ "${1:-}" != --smoke ] || profile=dev folder=$PWD/../../target/curves
mkdir -p "$folder"
ulimit -Sn 4096 # 1,000 streams have two sockets each
CARGO_TARGET_DIR=$target cargo build -q --locked --profile "$profile" --bin curves
"$target/${profile/dev/debug}/curves" "$@" "$folder"
