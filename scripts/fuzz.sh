#!/usr/bin/env bash
# Fuzzes every decoder: fuzz.sh [SECONDS each, 60 by default]. Inputs that found something new are kept in
# build/fuzz-corpus; tests/fuzz/corpus/<target> holds the ones to begin with. Closes with "N passed, M failed".
source "$(dirname "$0")/environment.sh"

seconds=${1:-60}
[[ $seconds =~ ^[1-9][0-9]*$ ]] || fail "how many seconds, a whole number, not \`$seconds\`"
# One instrumented build serves the sanitized tests and the fuzz targets.
bash scripts/build.sh sanitize

export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
# fuzz TARGET: its output goes to build/log/NAME_fuzz.txt, and its status is the target's.
fuzz() {
  local target=$1 name
  name=$(basename "$target")
  local corpus=build/fuzz-corpus/$name seeds=tests/fuzz/corpus/$name
  mkdir -p "$corpus" build/log
  local folders=("$corpus")
  [[ -d $seeds ]] && folders+=("$seeds")
  "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="build/fuzz-corpus/$name-" "${folders[@]}" >"build/log/$name.txt" 2>&1
}

# As many at once as there are cores.
shopt -s nullglob
targets=(build/sanitize/tests/fuzz/*_fuzz)
passed=0 failed=0
for ((first = 0; first < ${#targets[@]}; first += $(nproc))); do
  batch=("${targets[@]:first:$(nproc)}")
  running=()
  for target in "${batch[@]}"; do
    fuzz "$target" &
    running+=($!)
  done
  for i in "${!batch[@]}"; do
    name=$(basename "${batch[i]}")
    if wait "${running[i]}"; then
      passed=$((passed + 1))
      printf 'ok      %s: %s inputs\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "build/log/$name.txt")"
    else
      failed=$((failed + 1))
      printf 'FAILED  %s\n' "$name"
      tail -n 60 "build/log/$name.txt"
    fi
  done
done
((passed + failed > 0)) || fail "there are no fuzz targets"
printf '%s passed, %s failed\n' "$passed" "$failed"
((failed == 0))
