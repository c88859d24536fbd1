#!/usr/bin/env bash
# Measures what llm-trace adds to a small program, per feature set: dependencies, build time and binary size.
# Makes several clean builds, which takes minutes. Arguments select feature sets: none, default, all.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
cp "$root/Cargo.lock" "$work/"

program() {
    cat > "$work/Cargo.toml" <<TOML
[package]
name = "footprint"
version = "0.0.0"
edition = "2024"
[workspace]
[dependencies]
tracing = { version = "0.1.44", default-features = false, features = ["std"] }
$1
TOML
    echo "$2" > "$work/src/main.rs"
}

measure() {
    cd "$work"
    local crates seconds size
    crates=$(cargo tree -q -e normal --prefix none | sed "s, (\*),," | sort -u | wc -l)
    rm -rf target
    cargo fetch -q
    # On a busy machine CPU time is more precise than wall-clock time.
    TIMEFORMAT='%1R %1U %1S'
    seconds=$( { time cargo build -q --release 2>&3; } 3>&2 2>&1 | awk '{printf "%s | %.1f", $1, $2 + $3}')
    size=$(($(stat -c %s target/release/footprint) / 1024))
    echo "| $1 | $((crates - 1)) | $seconds | $size |"
}

call='#[llm_trace::llm_call(provider = "openai", model = "m")]
fn ask(prompt: &str) -> usize { prompt.len() }
fn main() { println!("{}", ask("hello")); }'

# Except features for this project's tests.
every=$(sed -n '/^\[features\]/,/^\[dependencies\]/s/^\([a-z0-9-]*\) = .*/"\1",/p' "$root/llm-trace/Cargo.toml" \
    | grep -v '"internal"\|"testing"' | tr '\n' ' ')

echo "| features | crates | build, s | processor, s | binary, KB |"
echo "|---|---:|---:|---:|---:|"
program "" 'fn main() { tracing::info!("hello"); }'
measure "none of it: a program with tracing"
for set in ${*:-none default all}; do
    case $set in
        none) features="default-features = false" ;;
        default) features="" ;;
        all) features="features = [$every]" ;;
    esac
    program "llm-trace = { path = \"$root/llm-trace\"${features:+, $features} }" "$call"
    measure "$set"
done
