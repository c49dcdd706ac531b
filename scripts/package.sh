#!/usr/bin/env bash
# What `npm pack` packs beside the sources: both modules, and the shim as one script for each.
source "$(dirname "$0")/environment.sh"
bash scripts/build.sh wasi emscripten >&2
exec node scripts/package.js
