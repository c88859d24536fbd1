"""Checks the input and output that a backend shows for a trace after a second, masked call has updated them.

ask_updates.py phoenix|mlflow URL SENT: SENT is the output of `scenario updates`. Prints a line per trace;
exits with 1 if it differs from docs/one-trace.md.
"""

import json
import sys
import time

from ask import call

GRAPHQL = """{ projects { edges { node { spans(first: 200) { edges { node { trace {
  traceId rootSpan { input { value } output { value } } } } } } } } } }"""


def phoenix(url, traces):
    shown = {}
    for project in call(f"{url}/graphql", {"query": GRAPHQL})["data"]["projects"]["edges"]:
        for span in project["node"]["spans"]["edges"]:
            trace = span["node"]["trace"]
            root = trace["rootSpan"]
            if root and trace["traceId"] in traces:
                shown[trace["traceId"]] = (root["input"]["value"], root["output"]["value"])
    return shown


def mlflow(url, traces):
    shown = {}
    for trace in traces:
        answer = call(f"{url}/api/3.0/mlflow/traces/get?trace_id=tr-{trace}&allow_partial=true")["trace"]
        # The values are final only after the second span has arrived.
        if len(answer.get("spans", [])) == 2:
            shown[trace] = (answer["trace_info"]["request_preview"], answer["trace_info"]["response_preview"])
    return shown


def word(text):
    return next((known for known in ("[REDACTED]", "first", "second") if known in text), text)


def main():
    backend, url, file = sys.argv[1:]
    with open(file, encoding="utf-8") as lines:
        sent = [json.loads(line) for line in lines if line.startswith("{")]
    traces = list(dict.fromkeys(span["trace_id"] for span in sent))
    ask = {"phoenix": phoenix, "mlflow": mlflow}[backend]
    for _ in range(60):
        shown = ask(url, traces)
        if len(shown) == len(traces):
            break
        time.sleep(0.5)
    wrong = 0
    for trace, name in zip(traces, ("nothing", "input", "output", "both")):
        found = tuple(map(word, shown.get(trace, ("nothing", "nothing"))))
        if backend == "phoenix":
            expected = ("first", "first")
        else:
            expected = tuple("[REDACTED]" if name in (side, "both") else "second" for side in ("input", "output"))
        wrong += found != expected
        print(f"  masked: {name}; shown: {found[0]}, {found[1]}{'' if found == expected else f' WRONG, not {expected}'}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
