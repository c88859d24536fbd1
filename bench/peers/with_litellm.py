"""Calls with LiteLLM's Python SDK, for `peers`: prints the figures of one row as JSON.

Usage: with_litellm.py litellm|litellm-otel BASE WHOLE_BLOCKS STREAM_BLOCKS CALLS
"""

import json
import os
import sys
import time

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # prices from the package, not from the network

import litellm
from litellm.integrations.opentelemetry import OpenTelemetry, OpenTelemetryConfig
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult


class Counting(SpanExporter):
    """Encodes spans as an exporter of OTLP does, and counts them in place of sending them."""

    totals = (0, 0, 0)

    def export(self, spans):
        attributes = sum(len(span.attributes or ()) for span in spans)
        new = (len(spans), attributes, len(encode_spans(spans).SerializeToString()))
        self.totals = tuple(map(sum, zip(self.totals, new)))
        return SpanExportResult.SUCCESS


class Batches(BatchSpanProcessor):
    """Counts the ended spans: LiteLLM's callbacks run on threads of their own, after the call."""

    ended = 0

    def on_end(self, span):
        super().on_end(span)
        self.ended += 1


row, base, whole_blocks, stream_blocks, calls = sys.argv[1:3] + list(map(int, sys.argv[3:6]))
options = {
    "model": "openai/gpt-4o-mini",
    "api_base": base,
    "api_key": "none",
    "messages": [
        {"role": "system", "content": "You are brief."},
        {"role": "user", "content": "Why is the sky blue?"},
    ],
    "temperature": 0.2,
    "top_p": 0.9,
    "max_tokens": 400,
    "seed": 7,
}
exporter = Counting()
batches = Batches(exporter)
provider = TracerProvider()
provider.add_span_processor(batches)
config = OpenTelemetryConfig(exporter=exporter, capture_message_content="NO_CONTENT", skip_set_global=True)
callback = OpenTelemetry(config=config, tracer_provider=provider)


def whole():
    litellm.completion(**options)


def stream():
    for _ in litellm.completion(**options, stream=True, stream_options={"include_usage": True}):
        pass


def block(call, times):
    """The processor time per call, until all spans are exported, and what was exported."""
    before, expected, started = exporter.totals, batches.ended + times, time.process_time()
    for _ in range(times):
        call()
    deadline = time.monotonic() + 10
    while litellm.callbacks and batches.ended < expected and time.monotonic() < deadline:
        time.sleep(0.01)
    batches.force_flush()
    micros = (time.process_time() - started) * 1e6 / times
    return micros, [after - before for after, before in zip(exporter.totals, before)]


def measure(call, blocks, times):
    """The least time of all blocks, and what all exported."""
    block(call, min(times, 50))  # fills caches
    results = [block(call, times) for _ in range(blocks)]
    return min(micros for micros, _ in results), [sum(part) for part in zip(*(new for _, new in results))]


def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS:"))


streams = max(calls // 5, 1)  # each takes as long as ten whole calls


def cost(call, stream):
    return {"call": {"micros": call, "allocations": None}, "stream": {"micros": stream, "allocations": None}}


call_micros, _ = measure(whole, whole_blocks, calls)
stream_micros, _ = measure(stream, stream_blocks, streams)
floor, traced = cost(call_micros, stream_micros), None
if row == "litellm-otel":
    time.sleep(1)  # the last calls without tracing end on other threads
    litellm.callbacks = [callback]
    call_micros, (spans, attributes, size) = measure(whole, whole_blocks, calls)
    stream_micros, (stream_spans, stream_attributes, _) = measure(stream, stream_blocks, streams)
    exports = {
        "calls": whole_blocks * calls + stream_blocks * streams,
        "spans": spans + stream_spans,
        "bytes": size / (whole_blocks * calls),
        "attributes": [attributes / max(spans, 1), stream_attributes / max(stream_spans, 1)],
    }
    traced = [cost(call_micros, stream_micros), exports]
print(json.dumps({"floor": floor, "traced": traced, "memory": resident()}))
