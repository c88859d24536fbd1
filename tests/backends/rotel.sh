#!/usr/bin/env bash
# Sends the quickstart's spans to a real collector, rotel, by HTTP protobuf, HTTP JSON and gRPC,
# and looks for them in the collector's output. Prints "skipped" if rotel cannot be installed.
set -euo pipefail
cd "$(dirname "$0")/../.."

. tests/backends/common.sh

install rotel "rotel==0.0.1a15" python
rotel=$(find "$work/rotel" -name rotel-agent -type f | head -n 1)
work=$work/collector
mkdir -p "$work"
[ -n "$rotel" ] || skip "the rotel package has no binary for this machine"
chmod +x "$rotel"
"$rotel" --version >/dev/null 2>&1 || skip "the rotel binary does not run on this machine"

cargo build -q -p quickstart --features llm-trace/otlp-http,llm-trace/otlp-grpc

pid=
stop() { [ -z "$pid" ] || { kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; pid=; }; }
trap stop EXIT

fail() { echo "FAILED ($1): $2; see $work/$3.dump"; exit 1; }

check() { # exporter endpoint-port-kind compression
    local exporter=$1 kind=$2 compression=$3 name=${1//\//_}-$3 http grpc
    http=$(free_port) grpc=$(free_port)
    "$rotel" start --pid-file "$work/rotel.pid" --log-file "$work/rotel.log" \
        --otlp-http-endpoint "127.0.0.1:$http" --otlp-grpc-endpoint "127.0.0.1:$grpc" \
        --debug-log traces --debug-log-verbosity detailed --batch-timeout 100ms --exporter blackhole \
        >"$work/$name.dump" 2>&1 &
    pid=$!
    for _ in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$http") 2>/dev/null && (exec 3<>"/dev/tcp/127.0.0.1/$grpc") 2>/dev/null && break
        sleep 0.1
    done
    env OTEL_EXPORTER="$exporter" OTEL_ENDPOINT="http://127.0.0.1:${!kind}" OTEL_EXPORTER_OTLP_COMPRESSION="$compression" \
        OTEL_SERVICE_NAME=quickstart OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true \
        cargo run -q -p quickstart --features llm-trace/otlp-http,llm-trace/otlp-grpc >"$work/$name.log" 2>&1 \
        || fail "$exporter" "the quickstart did not run ($work/$name.log)" "$name"
    # rotel batches before it prints.
    for _ in $(seq 50); do
        [ "$(grep -c 'gen_ai.operation.name' "$work/$name.dump")" -ge 4 ] && break
        sleep 0.1
    done
    stop
    local dump=$work/$name.dump wanted
    [ "$(grep -c 'gen_ai.operation.name' "$dump")" -eq 4 ] || fail "$exporter" "not the quickstart's four spans" "$name"
    for wanted in 'chat gpt-4o-mini' 'gen_ai.request.model' 'gen_ai.usage.input_tokens.*Int(11)' 'gen_ai.input.messages' \
        'error.type.*rate_limit_exceeded' 'service.name.*quickstart' 'https://opentelemetry.io/schemas/1.41.1'; do
        grep -q -- "$wanted" "$dump" || fail "$exporter" "no \`$wanted\`" "$name"
    done
    echo "ok: $exporter, compression $compression"
}

for compression in none gzip; do
    check otlp_http http "$compression"
    check http/json http "$compression"
    check otlp_grpc grpc "$compression"
done
