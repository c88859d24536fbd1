#!/usr/bin/env bash
# End-to-end test with real backends: rotel, Phoenix and MLflow. Sends known spans over every protocol that a backend
# supports, reads them through its API, and compares tree, types, models, tokens, messages, sessions and errors.
# `run.sh [rotel] [phoenix] [mlflow]` runs a selection. Prints "skipped" if a program cannot be installed.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ $# -gt 0 ] || set -- rotel phoenix mlflow

# ask BACKEND NAME WAY..: checks the spans sent with each protocol, and the trace that a second call updates.
ask() (
    backend=$1 name=$2
    shift 2
    . tests/backends/common.sh
    cargo build -q --workspace --all-features --bin scenario
    "start_$backend"
    case $backend in phoenix) url=$PHOENIX_COLLECTOR_ENDPOINT ;; mlflow) url=$MLFLOW_TRACKING_URI ;; esac
    for way in "$@"; do
        send calls "$backend" "$way"
        echo "$name by $way:"
        python3 tests/backends/ask.py "$backend" "$url" "$sent"
    done
    send updates "$backend"
    echo "A trace's input and output in $name, updated by a second call:"
    python3 tests/backends/ask_updates.py "$backend" "$url" "$sent"
)

for backend in "$@"; do
    case $backend in
        rotel) bash tests/backends/rotel.sh ;;
        phoenix) ask phoenix Phoenix http grpc ;;
        mlflow) ask mlflow MLflow http json ;;
        *) echo "there is no backend $backend: rotel, phoenix, mlflow"; exit 2 ;;
    esac
done
