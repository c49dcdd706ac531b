#!/usr/bin/env bash
# What the Worker's bundle is made of, apart from the shim: the module (LARDER_WASM=wasi or emscripten), the resource
# declarations (LARDER_CONFIG, else larder.json), and the pages (dashboard, API description). Wrangler runs this before it bundles. Where nothing has changed since it
# last ran, it is done at once. With LARDER_PREBUILT, a folder that a released archive was unpacked into, its module is taken and
# nothing is built. With LARDER_PROGRESS it shows how far the build is.
source "$(dirname "$0")/environment.sh"

declarations=${LARDER_CONFIG:-larder.json}
[[ -f $declarations ]] || fail "the declarations do not exist: LARDER_CONFIG=$declarations"
flavour=${LARDER_WASM:-wasi}
[[ $flavour == wasi || $flavour == emscripten ]] || fail "LARDER_WASM is wasi or emscripten, not \`$flavour\`"

# One at a time: two commands started together would write the same files.
mkdir -p build
exec 8>build/prepare.lock
flock 8

# `made` is as old as the beginning of the build that it stands for: what changed while that ran is newer.
readonly MADE=build/module/made_of.txt
readonly INPUTS=(src wasm scripts dashboard CMakeLists.txt CMakePresets.json package-lock.json node_modules/.larder)
made_of="$flavour ${WASI_SDK_PATH:-} ${LARDER_PREBUILT:-} $(cksum <"$declarations")"
is_current() {
  [[ -e .dev.vars && -e build/config/larder.json.txt && -e build/config/pages.json.txt &&
    -e build/module/larder.wasm ]] || return 1
  [[ -e $MADE && $(<"$MADE") == "$made_of" ]] || return 1
  local newer
  newer=$(find "${INPUTS[@]}" -newer "$MADE" -print -quit) && [[ -z $newer ]]
}
# Whoever waits for the Worker sees by this that it is still being built. One that was killed leaves it behind.
readonly BUILDING=build/building.txt
if is_current; then
  rm -f "$BUILDING"
  exit 0
fi
trap 'rm -f "$BUILDING"' EXIT
printf '%s\n' "$flavour" >"$BUILDING"
mkdir -p "$(dirname "$MADE")"
printf '%s\n' "$made_of" >"$MADE.new"
if [[ -n ${LARDER_PREBUILT:-} ]]; then
  module=$LARDER_PREBUILT/build/$flavour/larder.wasm
else
  bash scripts/build.sh "$flavour"
  module=build/$flavour/larder.wasm
fi

# Left alone when equal, so that a watching wrangler does not start again.
place() {
  mkdir -p "$(dirname "$2")"
  cmp -s "$1" "$2" || cp "$1" "$2"
}
place "$declarations" build/config/larder.json.txt
node scripts/pages/build.js "$declarations" build/config/pages.json.txt
place "$module" build/module/larder.wasm
mv "$MADE.new" "$MADE"
