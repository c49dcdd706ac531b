#!/usr/bin/env bash
# Lays out every source as lint wants it.
source "$(dirname "$0")/environment.sh"
bash scripts/setup.sh all
mapfile -t sources < <(find src wasm tests bench -name '*.cpp' -o -name '*.h')
clang-format-19 -i "${sources[@]}"
biome check --write --log-level=warn
