"""Reads the files of a directory with protobuf's own JSON parser, and sends their lines to a collector.

read_files.py DIRECTORY [URL]

The messages are generated from OTLP's definitions. Unknown fields and wrong types are errors. OTLP differs from
protobuf's JSON in one point: ids are hexadecimal.
"""

import base64
import json
import pathlib
import sys
import urllib.request

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

IDS = {"traceId": 16, "spanId": 8, "parentSpanId": 8}
SIGNALS = {
    "traces": (ExportTraceServiceRequest, lambda r: [s for a in r.resource_spans for b in a.scope_spans for s in b.spans]),
    "logs": (ExportLogsServiceRequest, lambda r: [s for a in r.resource_logs for b in a.scope_logs for s in b.log_records]),
    "metrics": (ExportMetricsServiceRequest, lambda r: [s for a in r.resource_metrics for b in a.scope_metrics for s in b.metrics]),
}


def base64_ids(value):
    if isinstance(value, list):
        return [base64_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: base64_id(key, item) if key in IDS else base64_ids(item) for key, item in value.items()}


def base64_id(key, text):
    raw = bytes.fromhex(text)
    if raw and len(raw) != IDS[key]:
        raise ValueError(f"{key} has {len(raw)} bytes")
    return base64.b64encode(raw).decode()


def main(directory, url=None):
    for signal, (message, records) in SIGNALS.items():
        count = 0
        for file in sorted(pathlib.Path(directory).glob(f"{signal}*.jsonl")):
            for line in file.read_bytes().splitlines():
                parsed = json_format.ParseDict(base64_ids(json.loads(line)), message())
                found = records(parsed)
                if not found:
                    raise ValueError(f"{file} has a line without records")
                count += len(found)
                if url:
                    headers = {"content-type": "application/json"}
                    urllib.request.urlopen(urllib.request.Request(f"{url}/v1/{signal}", line, headers), timeout=30)
        print(f"   {signal}: {count}")
        if not count:
            raise ValueError(f"{directory} has no {signal}")


main(*sys.argv[1:])
