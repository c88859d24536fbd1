# Real backends: installed once below $work, started on free loopback ports, stopped at the end. Source this file.

# shellcheck shell=bash
work=${LLM_TRACE_BACKENDS:-target/backends}
mkdir -p "$work"
work=$(cd "$work" && pwd)
phoenix_version=20.26.1
mlflow_version=3.17.2

skip() { echo "skipped: $*"; exit 0; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# install NAME PACKAGE PROGRAM: into a separate environment. Prints "skipped" if that fails.
install() {
    [ -x "$work/$1/bin/$3" ] && return
    command -v python3 >/dev/null || skip "there is no python3 to install $2 with"
    local uv
    uv=$(command -v uv || echo "$work/uv/bin/uv")
    if [ ! -x "$uv" ]; then
        { python3 -m venv "$work/uv" && "$work/uv/bin/pip" install -q --disable-pip-version-check uv; } \
            >"$work/uv.log" 2>&1 || skip "uv cannot be installed ($work/uv.log)"
    fi
    [ -z "${SSL_CERT_FILE:-}" ] && [ -f /etc/ssl/certs/ca-certificates.crt ] \
        && export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
    local python
    python=$(python3 -c 'import sys; print(sys.executable)')
    { "$uv" venv -q --python "$python" "$work/$1" && "$uv" pip install -q --python "$work/$1/bin/python" "$2"; } \
        >"$work/$1.install.log" 2>&1 || skip "$2 cannot be installed ($work/$1.install.log)"
}

pids=()
stop_all() {
    for pid in "${pids[@]:-}"; do
        [ -z "$pid" ] || { kill -- "-$pid" 2>/dev/null || kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; }
    done
    pids=()
}
trap stop_all EXIT

# wait_for URL NAME: waits until the URL answers.
wait_for() {
    for _ in $(seq 600); do
        python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5)' "$1" 2>/dev/null && return
        kill -0 "${pids[-1]}" 2>/dev/null || { echo "FAILED: $2 does not start; see $work/$2.log"; exit 1; }
        sleep 0.5
    done
    echo "FAILED: $2 does not answer within five minutes; see $work/$2.log"
    exit 1
}

start_phoenix() {
    install phoenix "arize-phoenix==$phoenix_version" phoenix
    local http grpc data
    http=$(free_port) grpc=$(free_port) data=$(mktemp -d "$work/phoenix-data.XXXXXX")
    # A separate process group, so that its child processes end with it.
    set -m
    PHOENIX_WORKING_DIR=$data PHOENIX_HOST=127.0.0.1 PHOENIX_PORT=$http PHOENIX_GRPC_PORT=$grpc \
        PHOENIX_TELEMETRY_ENABLED=false PHOENIX_DISABLE_AGENT_ASSISTANT=true \
        "$work/phoenix/bin/python" tests/backends/phoenix_loopback.py >"$work/phoenix.log" 2>&1 &
    pids+=($!)
    set +m
    wait_for "http://127.0.0.1:$http/healthz" phoenix
    export PHOENIX_COLLECTOR_ENDPOINT=http://127.0.0.1:$http PHOENIX_GRPC_ENDPOINT=http://127.0.0.1:$grpc
}

start_mlflow() {
    install mlflow "mlflow==$mlflow_version" mlflow
    local http data
    http=$(free_port) data=$(mktemp -d "$work/mlflow-data.XXXXXX")
    set -m
    MLFLOW_DISABLE_TELEMETRY=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false PATH=$work/mlflow/bin:$PATH \
        "$work/mlflow/bin/mlflow" server --backend-store-uri "sqlite:///$data/mlflow.db" \
        --default-artifact-root "$data/artifacts" --host 127.0.0.1 --port "$http" --workers 1 >"$work/mlflow.log" 2>&1 &
    pids+=($!)
    set +m
    wait_for "http://127.0.0.1:$http/health" mlflow
    export MLFLOW_TRACKING_URI=http://127.0.0.1:$http
}

# send SCENARIO BACKEND [WAY]: sends a scenario and writes the spans to $sent.
send() {
    sent=$work/$1-$2-${3:-http}.jsonl
    target/debug/scenario "$@" >"$sent" || { echo "FAILED: not all was sent ($*)"; exit 1; }
}
