#!/usr/bin/env bash
# Checks through their APIs how Phoenix and MLflow show every operation: a workflow, a guardrail, an agent, retrieval,
# embeddings, model calls and tools. `--screenshots` also stores a picture of each in docs/ (needs chromium).
# Prints "skipped" if a program cannot be installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/backends/common.sh

pictures=
[ "${1:-}" != --screenshots ] || pictures=docs

# picture NAME URL
picture() {
    [ -n "$pictures" ] || return 0
    local browser profile
    browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
    [ -n "$browser" ] || { echo "  no picture: there is no chromium"; return 0; }
    profile=$(mktemp -d)
    "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$profile" \
        --window-size=1400,900 --virtual-time-budget=30000 --screenshot="$pictures/$1.png" "$2" >"$work/$1.browser.log" 2>&1 \
        || echo "  no picture: see $work/$1.browser.log"
    rm -rf "$profile"
}

# first FIELD: a field of the root span that was sent.
first() { python3 -c 'import json, sys
spans = [json.loads(line) for line in open(sys.argv[2])]
print(next(s for s in spans if not int(s["parent_id"], 16))[sys.argv[1]])' "$1" "$sent"; }

cargo build -q --workspace --all-features --bin scenario

install phoenix "arize-phoenix==$phoenix_version" phoenix
install mlflow "mlflow==$mlflow_version" mlflow

start_phoenix
send operations phoenix
echo "Phoenix:"
python3 tests/backends/ask.py phoenix "$PHOENIX_COLLECTOR_ENDPOINT" "$sent"
project=$(python3 -c 'import json, sys, urllib.request
projects = json.load(urllib.request.urlopen(sys.argv[1] + "/v1/projects"))["data"]
print(next(p["id"] for p in projects if p["name"] == "default"))' "$PHOENIX_COLLECTOR_ENDPOINT")
# The messages of the last model call contain instructions, a tool call and its result.
span=$(python3 -c 'import json, sys, urllib.request
spans = json.load(urllib.request.urlopen(sys.argv[1] + "/v1/projects/default/spans?limit=100"))["data"]
print(max((s for s in spans if s["name"].startswith("chat")), key=lambda s: s["start_time"]).get("id", ""))' "$PHOENIX_COLLECTOR_ENDPOINT")
picture phoenix "$PHOENIX_COLLECTOR_ENDPOINT/projects/$project/traces/$(first trace_id)?selectedSpanNodeId=$span"
stop_all

start_mlflow
send operations mlflow
echo "MLflow:"
python3 tests/backends/ask.py mlflow "$MLFLOW_TRACKING_URI" "$sent"
picture mlflow "$MLFLOW_TRACKING_URI/#/experiments/0/traces?selectedEvaluationId=tr-$(first trace_id)"
