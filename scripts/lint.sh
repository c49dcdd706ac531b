#!/usr/bin/env bash
# Every check that runs nothing: layout, clang-tidy, Biome, types, generated files.
source "$(dirname "$0")/environment.sh"
bash scripts/setup.sh all
exec node scripts/lint.js
