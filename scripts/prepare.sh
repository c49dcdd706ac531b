#!/usr/bin/env bash
# What the Worker's bundle is made of, apart from the shim: the module (LARDER_WASM=wasi or emscripten) and the resource
# declarations (LARDER_CONFIG, else larder.json). Wrangler runs this before it bundles.
source "$(dirname "$0")/environment.sh"

declarations=${LARDER_CONFIG:-larder.json}
[[ -f $declarations ]] || fail "the declarations do not exist: LARDER_CONFIG=$declarations"
flavour=${LARDER_WASM:-wasi}
[[ $flavour == wasi || $flavour == emscripten ]] || fail "LARDER_WASM is wasi or emscripten, not \`$flavour\`"

bash scripts/build.sh "$flavour"

# Left alone when equal, so that a watching wrangler does not start again.
place() {
  mkdir -p "$(dirname "$2")"
  cmp -s "$1" "$2" || cp "$1" "$2"
}
place "$declarations" build/config/larder.json.txt
place "build/$flavour/larder.wasm" build/module/larder.wasm
