#!/usr/bin/env bash
# End to end with real backends: rotel, Phoenix and MLflow. Sends known spans over every protocol that each takes,
# asks for them through its API, and compares tree, types, models, tokens, messages, sessions and errors.
# `run.sh [rotel] [phoenix] [mlflow]` runs some; says "skipped" where something cannot be installed.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ $# -gt 0 ] || set -- rotel phoenix mlflow

phoenix() (
    . tests/backends/common.sh
    start_phoenix
    for way in http grpc; do
        send calls phoenix $way
        echo "Phoenix by $way:"
        python3 tests/backends/ask.py phoenix "$PHOENIX_COLLECTOR_ENDPOINT" "$sent"
    done
    send updates phoenix
    echo "A trace's input and output in Phoenix, updated by a second call:"
    python3 tests/backends/ask_updates.py phoenix "$PHOENIX_COLLECTOR_ENDPOINT" "$sent"
)

mlflow() (
    . tests/backends/common.sh
    start_mlflow
    for way in http json; do
        send calls mlflow $way
        echo "MLflow by $way:"
        python3 tests/backends/ask.py mlflow "$MLFLOW_TRACKING_URI" "$sent"
    done
    send updates mlflow
    echo "A trace's input and output in MLflow, updated by a second call:"
    python3 tests/backends/ask_updates.py mlflow "$MLFLOW_TRACKING_URI" "$sent"
)

for backend in "$@"; do
    case $backend in
        rotel) bash tests/backends/rotel.sh ;;
        phoenix | mlflow)
            cargo build -q --workspace --all-features --bin scenario
            "$backend"
            ;;
        *) echo "there is no backend $backend: rotel, phoenix, mlflow"; exit 2 ;;
    esac
done
