#!/usr/bin/env bash
# Configures and builds presets of CMakePresets.json, after set-up and the generated files:
#   build.sh [--configure-only] PRESET...
source "$(dirname "$0")/environment.sh"

configure_only=
if [[ ${1:-} == --configure-only ]]; then
  configure_only=yes
  shift
fi
(($# > 0)) || fail "name one preset or more: wasi, emscripten, native, sanitize, gcc, bench"
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

for preset in "$@"; do
  made="build/$preset/build.ninja"
  # Ninja itself configures again when a CMakeLists.txt has changed, but knows nothing of presets.
  if [[ ! -e $made || CMakePresets.json -nt $made ]]; then
    quietly "build/log/configure-$preset.txt" cmake --preset "$preset" "${launcher[@]}"
  fi
  [[ -z $configure_only ]] || continue
  if ! cmake --build "build/$preset" >"build/log/$preset.txt" 2>&1; then
    grep -vE '^\[[0-9]+/[0-9]+\] ' "build/log/$preset.txt" >&2 || true
    fail "the $preset build failed"
  fi
  if [[ -e build/$preset/larder.wasm ]]; then
    printf '%s: build/%s/larder.wasm, %s bytes (%s gzip)\n' "$preset" "$preset" \
      "$(wc -c <"build/$preset/larder.wasm")" "$(gzip -9c "build/$preset/larder.wasm" | wc -c)"
  else
    printf '%s: built\n' "$preset"
  fi
done
