#!/usr/bin/env bash
# Writes spans, log records and metrics to files, and reads them with two other programs: the JSON parser of the
# protobuf library, and rotel's receiver for OTLP as JSON. Prints "skipped" if one of them cannot be installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/backends/common.sh

install protobuf "opentelemetry-proto==1.44.0" python
install rotel "rotel==0.0.1a15" python
rotel=$(find "$work/rotel" -name rotel-agent -type f | head -n 1)
[ -n "$rotel" ] || skip "the rotel package has no binary for this machine"
chmod +x "$rotel"
cargo build -q --workspace --all-features --bins

data=$(mktemp -d "$work/files.XXXXXX")
OTEL_EXPORTER=otlp_file OTEL_LOGS_EXPORTER=otlp_file OTEL_METRICS_EXPORTER=otlp_file OTEL_ENDPOINT=$data/otlp \
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_AND_EVENT target/debug/quickstart >/dev/null

port=$(free_port)
"$rotel" start --pid-file "$data/rotel.pid" --log-file "$data/rotel.log" --otlp-http-endpoint "127.0.0.1:$port" \
    --otlp-grpc-endpoint "127.0.0.1:$(free_port)" --debug-log traces --debug-log-verbosity detailed \
    --batch-timeout 100ms --exporter blackhole >"$data/rotel.dump" 2>&1 &
pids+=($!)
for _ in $(seq 200); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    sleep 0.1
done

echo "records that the protobuf library and rotel read from files:"
"$work/protobuf/bin/python" tests/backends/read_files.py "$data/otlp" "http://127.0.0.1:$port"
for _ in $(seq 200); do
    grep -q 'Name *: chat gpt-4o-mini' "$data/rotel.dump" && grep -q 'gen_ai.input.messages' "$data/rotel.dump" && exit
    sleep 0.1
done
echo "FAILED: rotel did not read the spans; see $data"
exit 1
