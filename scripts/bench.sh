#!/usr/bin/env bash
# Measures: builds the module and the native benchmarks, then runs bench/run.js.
source "$(dirname "$0")/environment.sh"
bash scripts/prepare.sh
bash scripts/build.sh bench
exec node bench/run.js "$@"
