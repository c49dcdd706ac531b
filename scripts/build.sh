#!/usr/bin/env bash
# Configures and builds presets of CMakePresets.json, after set-up and the generated files:
#   build.sh [--configure-only] PRESET...
# With LARDER_PROGRESS it shows how far it is.
source "$(dirname "$0")/environment.sh"

configure_only=
if [[ ${1:-} == --configure-only ]]; then
  configure_only=yes
  shift
fi
(($# > 0)) || fail "name one preset or more: wasi, emscripten, native, sanitize, gcc"
profile=run
for preset in "$@"; do
  [[ $preset == wasi ]] || profile=all
done
bash scripts/setup.sh "$profile"
node scripts/generate.js

launcher=()
if command -v ccache >/dev/null; then
  launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  # Two clones of one tree share what is compiled.
  export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
  # What ccache asks for where headers are precompiled.
  export CCACHE_SLOPPINESS=pch_defines,time_macros
fi

# follow PRESET: ninja's progress, from its output: one line that changes at a terminal, else a line for each tenth.
follow() {
  local line finished total tenth shown=-1 at_terminal=
  [[ ! -t 1 ]] || at_terminal=yes
  while IFS= read -r line; do
    [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\  ]] || continue
    finished=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
    tenth=$((finished * 10 / total))
    if [[ -n $at_terminal ]]; then
      printf '\r  %s: %s of %s steps' "$1" "$finished" "$total"
    elif ((tenth > shown)); then
      printf '  %s: %s of %s steps\n' "$1" "$finished" "$total"
    fi
    shown=$tenth
  done
  [[ -z $at_terminal || $shown == -1 ]] || printf '\n'
}

# make PRESET JOBS...: its output goes to a log.
make() {
  local preset=$1 log="build/log/$1.txt"
  shift
  if [[ -z ${LARDER_PROGRESS:-} ]]; then
    cmake --build "build/$preset" -- "$@" >"$log" 2>&1
  else
    cmake --build "build/$preset" -- "$@" 2>&1 | tee "$log" | follow "$preset"
  fi
}

# build PRESET JOBS...: configures it where that is needed, builds it, and says what came of it.
build() {
  local preset=$1 made="build/$1/build.ninja"
  shift
  # Ninja itself configures again when a CMakeLists.txt has changed, but knows nothing of presets.
  if [[ ! -e $made || CMakePresets.json -nt $made ]]; then
    quietly "build/log/configure-$preset.txt" cmake --preset "$preset" "${launcher[@]}"
  fi
  [[ -z $configure_only ]] || return 0
  if ! make "$preset" "$@"; then
    grep -vE '^\[[0-9]+/[0-9]+\] ' "build/log/$preset.txt" >&2 || true
    fail "the $preset build failed"
  fi
  if [[ -e build/$preset/larder.wasm ]]; then
    printf '%s: build/%s/larder.wasm, %s bytes (%s gzip)\n' "$preset" "$preset" \
      "$(wc -c <"build/$preset/larder.wasm")" "$(gzip -9c "build/$preset/larder.wasm" | wc -c)"
  else
    printf '%s: built\n' "$preset"
  fi
}

if (($# == 1)); then
  build "$1"
  exit
fi
# Side by side: the end of a module's build, which optimises the whole of it, takes one core for long.
builds=()
for preset in "$@"; do
  build "$preset" "-j$(nproc)" &
  builds+=($!)
done
status=0
for one in "${builds[@]}"; do
  wait "$one" || status=1
done
exit "$status"
