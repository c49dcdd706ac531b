#!/usr/bin/env bash
# A token for the operators' routes of the Worker on this machine; scripts/token.js says which flags it takes.
source "$(dirname "$0")/environment.sh"
bash scripts/setup.sh secrets
exec node scripts/token.js "$@"
