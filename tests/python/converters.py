"""Passes spans' attributes, one JSON object per line, through Phoenix's and MLflow's converters.

Prints a line per attribute that a converter rejects, and the number of spans at the end.
Exits with 3 if neither is installed.
"""

import json
import sys
import types


def phoenix():
    # Imports only the converter: importing the package would load its server.
    import importlib.util

    spec = importlib.util.find_spec("phoenix")
    if spec is None:
        return None
    root = list(spec.submodule_search_locations)[0]
    names = ("", ".trace", ".trace.gen_ai", ".trace.gen_ai.__generated__")
    for name in names:
        module = types.ModuleType("phoenix" + name)
        module.__path__ = [root + name.replace(".", "/")]
        sys.modules["phoenix" + name] = module
    try:
        import numpy  # noqa: F401  (what the attribute types import)
    except ImportError:
        stub = types.ModuleType("phoenix.trace.attributes")
        stub.AttributeValue = object
        sys.modules["phoenix.trace.attributes"] = stub
    from phoenix.trace.gen_ai.conversion import get_openinference_attributes

    def check(attributes):
        shown = get_openinference_attributes(attributes)

        def count(prefix, field):
            return len({key.split(".")[2] for key in shown if key.startswith(prefix) and field in key})

        given = {name: json.loads(attributes.get("gen_ai." + name, "[]")) for name in CONTENT}
        system = 1 if given["system_instructions"] else 0
        yield "input", len(given["input.messages"]) + system, count("llm.input_messages.", ".role")
        yield "output", len(given["output.messages"]), count("llm.output_messages.", ".role")
        yield "tools", len(given["tool.definitions"]), count("llm.tools.", "json_schema")
        model = shown.get("llm.model_name") or shown.get("embedding.model_name")
        yield "model", attributes.get("gen_ai.request.model"), model
        for ours, theirs in (("input", "prompt"), ("output", "completion")):
            yield ours + " tokens", attributes.get(f"gen_ai.usage.{ours}_tokens"), shown.get("llm.token_count." + theirs)

    return check


def mlflow():
    try:
        from mlflow.tracing.otel import translation
    except ImportError:
        return None

    def check(attributes):
        for name, value in (
            ("input.messages", translation._get_input_value(attributes)),
            ("output.messages", translation._get_output_value(attributes)),
        ):
            yield name, "gen_ai." + name in attributes, bool(value)
        usage = translation._get_token_usage(attributes) or {}
        both = all(f"gen_ai.usage.{side}_tokens" in attributes for side in ("input", "output"))
        for side in ("input", "output") if both else ():
            yield side + " tokens", attributes[f"gen_ai.usage.{side}_tokens"], usage.get(side + "_tokens")

    return check


CONTENT = ("input.messages", "output.messages", "system_instructions", "tool.definitions")


def main():
    checks = {name: check for name, check in (("Phoenix", phoenix()), ("MLflow", mlflow())) if check}
    if not checks:
        sys.exit(3)
    spans = 0
    for line in sys.stdin:
        span = json.loads(line)
        spans += 1
        for name, check in checks.items():
            for what, ours, theirs in check(span["attributes"]):
                if ours != theirs:
                    print(f"{span['name']}: {name} takes {theirs!r} for {what}, not {ours!r}")
    print(f"{spans} spans passed through {' and '.join(checks)}")


main()
