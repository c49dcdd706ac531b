#!/usr/bin/env bash
# Measures: builds both modules, and the readers of replies and of lists as modules of their own, then runs bench/run.js.
source "$(dirname "$0")/environment.sh"
LARDER_WASM=wasi bash scripts/prepare.sh
bash scripts/build.sh emscripten
for module in json csv; do
  quietly build/log/bench.txt cmake -S "bench/$module" -B "build/bench/$module" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    --toolchain "$PWD/wasm/toolchain/wasi.cmake" -DLARDER_BUILD="$PWD/build/wasi"
  quietly build/log/bench.txt cmake --build "build/bench/$module"
done
exec node bench/run.js "$@"
