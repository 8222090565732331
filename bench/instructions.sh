#!/usr/bin/env bash
# Instructions per delivered message of W2 and W3, counted by callgrind: the same on every machine of one architecture.
# Two sizes, and the difference is divided, so that what happens once does not count. Needs valgrind.
set -euo pipefail
cd "$(dirname "$0")"
cargo build --release --quiet
bench="${CARGO_TARGET_DIR:-target}/release/stormglass-bench"
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# Instructions of one run, and what it delivered.
count() {
  local delivered instructions
  delivered=$(valgrind --tool=callgrind --callgrind-out-file="$out" "$bench" child "$1" "$2" 2>/dev/null |
    sed -E 's/.*"deliveries":([0-9]+).*/\1/')
  instructions=$(sed -nE 's/^(summary|totals): ([0-9]+).*/\2/p' "$out" | tail -1)
  echo "$instructions $delivered"
}

each() {
  read -r less few < <(count "$1" "$3")
  read -r more many < <(count "$1" "$4")
  printf '%-3s %-11s %s\n' "$2" "$1" "$(((more - less) / (many - few)))"
}

hold() { echo "{\"Hold\":{\"nodes\":1000,\"in_flight\":1000,\"deliveries\":$1}}"; }
eager() { echo "{\"Eager\":{\"nodes\":$1}}"; }
for subject in stormglass bare-queue bare-wheel; do
  each $subject W2 "$(hold 50000)" "$(hold 150000)"
  each $subject W3 "$(eager 200)" "$(eager 400)"
done
