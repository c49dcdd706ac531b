#!/usr/bin/env bash
# Deploys the Worker and what it needs; arguments go to `larder deploy` (for example --dry-run).
source "$(dirname "$0")/environment.sh"
exec node scripts/larder.js deploy "$@"
