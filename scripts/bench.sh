#!/usr/bin/env bash
# Measures: builds both modules and the readers of replies as a module of their own, then runs bench/run.js.
source "$(dirname "$0")/environment.sh"
LARDER_WASM=wasi bash scripts/prepare.sh
bash scripts/build.sh emscripten
quietly build/log/bench.txt cmake -S bench/json -B build/bench/json -G Ninja -DCMAKE_BUILD_TYPE=Release \
  --toolchain "$PWD/wasm/toolchain/wasi.cmake" -DLARDER_BUILD="$PWD/build/wasi"
quietly build/log/bench.txt cmake --build build/bench/json
exec node bench/run.js "$@"
