#!/usr/bin/env bash
# Counts the instructions of a call, of a chunk and of another crate's span, and fails where they are 5 % more than stored.
# `--store` stores what it counts. Says "skipped" where valgrind is not installed.
set -euo pipefail
cd "$(dirname "$0")"
stored="instructions.$(uname -m).txt"
compiler=$(rustc --version | cut -d' ' -f1,2)

command -v valgrind >/dev/null || { echo "skipped: valgrind is not installed"; exit 0; }

CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-../target/instructions} cargo build -q --release --locked
binary=${CARGO_TARGET_DIR:-../target/instructions}/release/llm-trace-instructions

# Of so many times, without what is done once.
count() {
    local total
    total=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$1" "$2" 2>&1 | sed -n 's/.*Collected : //p')
    echo "${total:?valgrind counted nothing}"
}

lines="# instructions each, by $compiler"
for workload in off facts bytes_off bytes_on values_off values_on spans spans_redacted events_redacted; do
    lines+=$'\n'"$workload $((($(count "$workload" 700) - $(count "$workload" 200)) / 500))"
done

if [ "${1:-}" = --store ]; then
    echo "$lines" | tee "$stored"
    exit
fi
echo "$lines"
[ -e "$stored" ] || { echo "skipped: nothing is stored for $(uname -m); store it with bench/instructions.sh --store"; exit 0; }
grep -qF "by $compiler" "$stored" || { echo "skipped: what is stored was counted by another compiler"; exit 0; }
failed=0
while read -r workload before; do
    now=$(sed -n "s/^$workload //p" <<<"$lines")
    if ((now * 100 > before * 105)); then
        echo "$workload: $now instructions, $before before: more than 5 % more"
        failed=1
    fi
done < <(grep -v '^#' "$stored")
exit $failed
