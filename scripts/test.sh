#!/usr/bin/env bash
# Every test, or the suites that are named (scripts/test.js lists them), after all set-up and builds.
source "$(dirname "$0")/environment.sh"
bash scripts/setup.sh all
if (($# == 0)); then
  set -- sanitize gcc catalogue architecture cli worker runtime browser load
fi
exec node scripts/test.js "$@"
