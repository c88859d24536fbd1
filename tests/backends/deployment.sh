#!/usr/bin/env bash
# Runs the setups of docs/deployment.md: a program that writes files; a program whose agent stops and restarts; a
# program with an agent (rotel) and a backend (MLflow, then Phoenix). Prints "skipped" if one of them cannot be installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/backends/common.sh

rotel_version=0.0.1a15
[ -x target/debug/ending ] && [ -x target/debug/scenario ] || cargo build -q -p llm-trace-tests --all-features --bins
install rotel "rotel==$rotel_version" python
rotel=$(find "$work/rotel" -name rotel-agent -type f | head -n 1)
[ -n "$rotel" ] || skip "the rotel package has no binary for this machine"
chmod +x "$rotel"

data=$(mktemp -d "$work/deployment.XXXXXX")
fail() { echo "FAILED: $*; see $data"; exit 1; }

# start_agent NAME PORT [OPTIONS OF ROTEL]: writes the received data to $data/NAME.dump.
start_agent() {
    local name=$1 port=$2
    shift 2
    "$rotel" start --pid-file "$data/$name.pid" --log-file "$data/$name.log" --otlp-http-endpoint "127.0.0.1:$port" \
        --otlp-grpc-endpoint "127.0.0.1:$(free_port)" --debug-log traces --debug-log-verbosity detailed \
        --batch-timeout 100ms "$@" >"$data/$name.dump" 2>&1 &
    pids+=($!)
    for _ in $(seq 200); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
        sleep 0.1
    done
    fail "rotel does not start"
}

# until_found TEXT FILE TIMES
until_found() {
    for _ in $(seq 200); do
        [ "$(grep -c -- "$1" "$2" || true)" -ge "$3" ] && return
        sleep 0.1
    done
    fail "$1 is not $3 times in $2"
}

echo "1. to files"
OTEL_EXPORTER=otlp_file OTEL_ENDPOINT=$data/files OTEL_SERVICE_NAME=demo target/debug/ending plain
[ "$(wc -l <"$data/files/traces.jsonl")" -eq 1 ] || fail "not one line"
[ "$(stat -c %a "$data/files/traces.jsonl")" = 600 ] || fail "the file is not private"
echo "   $(stat -c '%a %s bytes %n' "$data/files/traces.jsonl")"

echo "2. an agent that is down when the program ends, and up when the next one starts"
port=$(free_port)
run() { OTEL_ENDPOINT=http://127.0.0.1:$port LLM_TRACE_SPILL_DIRECTORY=$data/spill OTEL_SERVICE_NAME=demo "$@"; }
run target/debug/ending plain
[ "$(cat "$data"/spill/traces*.jsonl | wc -l)" -eq 1 ] || fail "nothing was kept on disk"
start_agent back "$port" --exporter blackhole
run target/debug/ending resume
until_found 'service.name.*demo' "$data/back.dump" 1
until_found 'Name *: work' "$data/back.dump" 2
[ "$(cat "$data"/spill/traces*.jsonl 2>/dev/null | wc -l)" -eq 0 ] || fail "something is left on disk"
echo "   rotel has both spans, the directory is empty"

echo "3. program, rotel, MLflow"
start_mlflow
port=$(free_port)
start_agent chain "$port" --exporter otlp --otlp-exporter-protocol http --otlp-exporter-compression none \
    --otlp-exporter-traces-endpoint "$MLFLOW_TRACKING_URI/v1/traces" \
    --otlp-exporter-traces-custom-headers x-mlflow-experiment-id=0 \
    --otlp-exporter-metrics-endpoint http://127.0.0.1:9/ --otlp-exporter-logs-endpoint http://127.0.0.1:9/
PHOENIX_COLLECTOR_ENDPOINT=http://127.0.0.1:$port target/debug/scenario calls phoenix http >"$data/sent.jsonl"
python3 - "$MLFLOW_TRACKING_URI" <<'PYTHON'
import json, sys, time, urllib.request
body = {"locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}], "max_results": 50}
request = urllib.request.Request(sys.argv[1] + "/api/3.0/mlflow/traces/search", json.dumps(body).encode(),
                                 {"content-type": "application/json"})
for _ in range(60):
    traces = json.load(urllib.request.urlopen(request, timeout=30)).get("traces", [])
    if traces:
        break
    time.sleep(1)
print(f"   MLflow has {len(traces)} traces")
sys.exit(not traces)
PYTHON

echo "4. program, rotel, Phoenix"
start_phoenix
port=$(free_port)
start_agent phoenix "$port" --exporter otlp --otlp-exporter-protocol grpc \
    --otlp-exporter-endpoint "$PHOENIX_GRPC_ENDPOINT"
backend=$PHOENIX_COLLECTOR_ENDPOINT
PHOENIX_COLLECTOR_ENDPOINT=http://127.0.0.1:$port target/debug/scenario calls phoenix http >"$data/sent.jsonl"
python3 - "$backend" "$(wc -l <"$data/sent.jsonl")" <<'PYTHON'
import json, sys, time, urllib.request
for _ in range(60):
    url = sys.argv[1] + "/v1/projects/default/spans?limit=100"
    spans = json.load(urllib.request.urlopen(url, timeout=30)).get("data", [])
    if len(spans) >= int(sys.argv[2]):
        break
    time.sleep(1)
print(f"   Phoenix has {len(spans)} of {sys.argv[2]} spans")
sys.exit(len(spans) < int(sys.argv[2]))
PYTHON
echo "done"
