"""Reads spans back from a backend and compares them with the spans that were sent.

ask.py phoenix|mlflow URL SENT: SENT contains one JSON line per span, as printed by the program `scenario`.
Prints one line per span and every difference; exits with 1 if there is one.
"""

import json
import sys
import time
import urllib.error
import urllib.request


def call(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def texts(value):
    """All readable texts in a JSON value."""
    if isinstance(value, str):
        try:
            inner = json.loads(value)
        except ValueError:
            return [value]
        return [value] if not isinstance(inner, (dict, list)) else texts(inner)
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return []


# The span type of each operation in both backends; differences are listed separately.
KINDS = {
    "chat": "LLM",
    "text_completion": "LLM",
    "generate_content": "LLM",
    "embeddings": "EMBEDDING",
    "execute_tool": "TOOL",
    "invoke_agent": "AGENT",
    "create_agent": "AGENT",
    "retrieval": "RETRIEVER",
}


class Phoenix:
    kinds = KINDS

    def __init__(self, url):
        self.url = url

    def spans(self, sent):
        found, cursor = [], ""
        while cursor is not None:
            page = call(f"{self.url}/v1/projects/default/spans?limit=1000{cursor}")
            found += page["data"]
            cursor = f"&cursor={page['next_cursor']}" if page.get("next_cursor") else None
        wanted = {span["trace_id"] for span in sent}
        return [self.one(span) for span in found if span["context"]["trace_id"] in wanted]

    def one(self, span):
        attributes = span["attributes"]
        return {
            "trace_id": span["context"]["trace_id"],
            "span_id": span["context"]["span_id"],
            "parent_id": span["parent_id"] or "0" * 16,
            "name": span["name"],
            "type": span["span_kind"],
            "error": span["status_code"] == "ERROR",
            "message": span["status_message"],
            "model": attributes.get("llm.model_name") or attributes.get("embedding.model_name"),
            "input": attributes.get("llm.token_count.prompt"),
            "output": attributes.get("llm.token_count.completion"),
            "session": attributes.get("session.id"),
            "texts": texts(attributes),
        }

    def model(self, attributes):
        return attributes.get("gen_ai.request.model")


class MlFlow:
    kinds = KINDS | {"chat": "CHAT_MODEL"}

    def __init__(self, url):
        self.url = url

    def spans(self, sent):
        found = []
        for trace in {span["trace_id"] for span in sent}:
            url = f"{self.url}/api/3.0/mlflow/traces/get?trace_id=tr-{trace}&allow_partial=true"
            try:
                found += [self.one(trace, span) for span in call(url)["trace"].get("spans", [])]
            except urllib.error.HTTPError as error:
                if error.code != 404:
                    raise
        return found

    def one(self, trace, span):
        attributes = {pair["key"]: value(pair["value"]) for pair in span.get("attributes", [])}
        usage = attributes.get("mlflow.chat.tokenUsage") or {}
        status = span.get("status", {})
        return {
            "trace_id": trace,
            "span_id": hexadecimal(span["span_id"]),
            "parent_id": hexadecimal(span.get("parent_span_id", "")) or "0" * 16,
            "name": span["name"],
            "type": attributes.get("mlflow.spanType"),
            "error": "ERROR" in str(status.get("code", "")),
            "message": status.get("message", ""),
            "model": attributes.get("mlflow.llm.model"),
            "input": usage.get("input_tokens"),
            "output": usage.get("output_tokens"),
            "session": attributes.get("session.id"),
            "texts": texts(attributes),
        }

    def model(self, attributes):
        return attributes.get("gen_ai.response.model") or attributes.get("gen_ai.request.model")


def value(wrapped):
    """An OTLP value as MLflow's API returns it: some are JSON text."""
    kind, inner = next(iter(wrapped.items()))
    if kind == "array_value":
        return [value(part) for part in inner.get("values", [])]
    if kind == "kvlist_value":
        return {pair["key"]: value(pair["value"]) for pair in inner.get("values", [])}
    if kind == "int_value":
        return int(inner)
    if kind == "string_value":
        try:
            return json.loads(inner)
        except ValueError:
            return inner
    return inner


def hexadecimal(identifier):
    """MLflow returns ids in base64, like protobuf's JSON."""
    import base64

    if len(identifier) == 16 and all(c in "0123456789abcdef" for c in identifier):
        return identifier
    return base64.b64decode(identifier).hex()


CONTENT = (
    "gen_ai.tool.name",
    "gen_ai.tool.call.id",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "gen_ai.retrieval.query.text",
    "gen_ai.retrieval.documents",
    "gen_ai.agent.name",
    "gen_ai.workflow.name",
    "llm_trace.guardrail.judged",
    "llm_trace.guardrail.decision",
)


def wanted_texts(attributes):
    """The content of a span that the backend must show."""
    for key in ("gen_ai.input.messages", "gen_ai.output.messages"):
        for message in json.loads(attributes.get(key, "[]")):
            for part in message["parts"]:
                if part["type"] == "text":
                    yield part["content"]
                elif part["type"] == "tool_call":
                    yield part["name"]
                elif part["type"] == "tool_call_response":
                    yield from texts(part["response"])
    for key in CONTENT:
        yield from texts(attributes.get(key))
    for tool in json.loads(attributes.get("gen_ai.tool.definitions", "[]")):
        yield tool["name"]


def compare(backend, sent, found):
    by_id = {span["span_id"]: span for span in found}
    problems = []
    for span in sent:
        attributes = span["attributes"]
        shown = by_id.get(span["span_id"])
        if shown is None:
            problems.append(f"{span['name']}: it is not there")
            continue
        expected = {
            "trace_id": span["trace_id"],
            "parent_id": span["parent_id"],
            "name": span["name"],
            "error": span["status"] == "error",
        }
        operation = attributes.get("gen_ai.operation.name")
        if "openinference.span.kind" in attributes:
            expected["type"] = attributes["openinference.span.kind"]
        elif operation in backend.kinds:
            expected["type"] = backend.kinds[operation]
        if span["message"]:
            expected["message"] = span["message"]
        if "gen_ai.request.model" in attributes:
            expected["model"] = backend.model(attributes)
        if "gen_ai.usage.output_tokens" in attributes:
            expected["input"] = attributes.get("gen_ai.usage.input_tokens")
            expected["output"] = attributes["gen_ai.usage.output_tokens"]
        if "session.id" in attributes:
            expected["session"] = attributes["session.id"]
        wrong = [f"{key} is {shown[key]!r} and not {want!r}" for key, want in expected.items() if shown[key] != want]
        read = "\n".join(shown["texts"])
        wrong += [f"{text!r} cannot be read" for text in wanted_texts(attributes) if text not in read]
        wrong += ["a masked text can be read" for text in ("sentinel-prompt", "sentinel-answer") if text in read]
        problems += [f"{span['name']}: {what}" for what in wrong]
        tokens = "" if shown["output"] is None else f", {shown['input']} + {shown['output']} tokens"
        print(f"  {shown['name']}: {shown['type']}, {shown['model']}{tokens}{', error' if shown['error'] else ''}")
    return problems


def main():
    kind, url, file = sys.argv[1:]
    backend = {"phoenix": Phoenix, "mlflow": MlFlow}[kind](url)
    with open(file, encoding="utf-8") as lines:
        sent = [json.loads(line) for line in lines if line.startswith("{")]
    if not sent:
        sys.exit("nothing was sent")
    found = []
    # Both backends store spans in batches.
    for _ in range(60):
        try:
            found = backend.spans(sent)
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
        if {span["span_id"] for span in sent} <= {span["span_id"] for span in found}:
            break
        time.sleep(0.5)
    problems = compare(backend, sent, found)
    for problem in problems:
        print(f"WRONG {problem}")
    print(f"{len(sent)} spans sent, {len(found)} found in the same traces")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
