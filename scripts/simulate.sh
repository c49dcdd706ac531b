#!/usr/bin/env bash
# Builds the simulator and runs it: simulate.sh [--seed N] [--seeds COUNT] [--steps M] [--mutant NAME]
source "$(dirname "$0")/environment.sh"
bash scripts/build.sh --configure-only native
quietly build/log/simulator.txt cmake --build build/native --target simulator
exec build/native/tests/simulator "$@"
