#!/usr/bin/env bash
# Counts the instructions of calls, chunks and other crates' spans in one binary, prints them with their goals, and fails
# if a count exceeds the stored one by 5 %. `--store` stores the counts. Prints "skipped" if valgrind is not installed.
set -euo pipefail
cd "$(dirname "$0")"
stored="instructions.$(uname -m).txt"
compiler=$(rustc --version | cut -d' ' -f1,2)

command -v valgrind >/dev/null || { echo "skipped: valgrind is not installed"; exit 0; }

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../target/instructions}
cargo build -q --release --locked -p llm-trace-instructions
binary=$CARGO_TARGET_DIR/release/llm-trace-instructions
counts=$(mktemp -d)
trap 'rm -rf "$counts"' EXIT

# workload | iterations | description | goal: at most N, or at most N more (+) or N times (x) the count of another row
rows='
floor              | 200 | raw SDK span, 20 attributes (the floor)             |
by_hand            | 200 | the same by hand with the leanest tracing-opentelemetry |
off                | 500 | call, no subscriber, with the bare function         |
absent             | 200 | call, a subscriber without the layer                |
facts              | 200 | call, facts only, from values                       | most 23000
facts_guarded      | 200 | the same behind `RedactProcessor`, as `init()` sets it up | facts + 4000
facts_bytes        | 200 | call, facts only, from 1 KB of JSON bytes           | facts + 13500
facts_typed        | 200 | call, facts only, from the types of a client crate  |
sampled_out        | 200 | call, sampled out                                   | most 14500
foreign            | 200 | span of another crate, 10 attributes                |
foreign_guarded    | 200 | the same behind `RedactProcessor`                   | foreign + 4500
values_off         | 500 | chunk that repeats, a `Value`                       | most 2500
values_on          | 500 | the same, content on                                | most 2500
values_differ      | 500 | chunk that differs, a `Value`                       | most 2500
bytes_off          | 500 | chunk that repeats, SSE bytes                       | most 5000
bytes_on           | 500 | the same, content on                                | most 5000
bytes_differ       | 500 | chunk that differs, SSE bytes                       | most 5000
print_1k           |  20 | parse and print 1 KB with `serde_json`              |
content_1k         |  20 | call, content on, 1 KB of prompt, bytes             | print_1k x 1.0
print_16k          |  20 | parse and print 16 KB with `serde_json`             |
content_16k        |  20 | call, content on, 16 KB of prompt, bytes            | print_16k x 0.8
content_16k_values |  20 | the same from values                                | print_16k x 0.8
spans              | 500 | span of another crate, a layer that looks at it     |
spans_redacted     | 500 | the same, the layer in `RedactLayer`                | spans + 350
events_redacted    | 500 | event of another crate, the layer in `RedactLayer`  |
'
rows=$(sed '/^$/d; s/ *| */|/g; s/ *$//' <<<"$rows")

count() { # workload, how many times
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : //p' >"$counts/$1.$2"
    [ -s "$counts/$1.$2" ] || { echo "valgrind counted nothing for $1" >&2; return 1; }
}
export -f count
export binary counts
# Each workload runs with two numbers of iterations, so that one-time costs can be subtracted.
while IFS='|' read -r workload times _; do
    echo "$workload $((times / 5 * 2))"
    echo "$workload $((times / 5 * 7))"
done <<<"$rows" | xargs -P "$(nproc)" -L 1 bash -c 'count "$0" "$1"'
lines="# instructions each, by $compiler"
while IFS='|' read -r workload times _; do
    lines+=$'\n'"$workload $((($(<"$counts/$workload.$((times / 5 * 7))") - $(<"$counts/$workload.$((times / 5 * 2))")) / times))"
done <<<"$rows"

awk -F'|' -v counted="$lines" '
    BEGIN {
        for (n = split(counted, lines, "\n"); n > 0; n--) { split(lines[n], pair, " "); count[pair[1]] = pair[2] }
        print "| row | what | instructions | × floor | goal | |\n|---|---|---:|---:|---|---|"
    }
    {
        is_met = goal = ""
        if (split($4, goal_of, " ") > 0) {
            other = count[goal_of[1]]
            if (goal_of[1] == "most") { most = goal_of[2]; goal = sprintf("≤ %d", most) }
            else if (goal_of[2] == "x") { most = other * goal_of[3]; goal = sprintf("≤ %.1f × `%s`, is %.2f", goal_of[3], goal_of[1], count[$1] / other) }
            else { most = other + goal_of[3]; goal = sprintf("≤ `%s` + %d, is + %d", goal_of[1], goal_of[3], count[$1] - other) }
            is_met = count[$1] <= most ? "met" : "missed"
        }
        printf "| `%s` | %s | %d | %.2f | %s | %s |\n", $1, $3, count[$1], count[$1] / count["floor"], goal, is_met
    }' <<<"$rows"

if [ "${1:-}" = --store ]; then
    echo "$lines" >"$stored"
    exit
fi
[ -e "$stored" ] || { echo "skipped: nothing is stored for $(uname -m); store it with bench/instructions.sh --store"; exit 0; }
grep -qF "by $compiler" "$stored" || { echo "skipped: the stored counts are another compiler's"; exit 0; }
failed=0
while read -r workload before; do
    now=$(sed -n "s/^$workload //p" <<<"$lines")
    [ -n "$now" ] || { echo "$workload: stored, but not counted"; failed=1; continue; }
    if ((now * 100 > before * 105)); then
        echo "$workload: $now instructions, $before before: more than 5 % more"
        failed=1
    fi
done < <(grep -v '^#' "$stored")
exit $failed
