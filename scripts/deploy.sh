#!/usr/bin/env bash
# Builds the module and deploys the Worker; arguments go to `wrangler deploy` (for example --dry-run).
source "$(dirname "$0")/environment.sh"
bash scripts/prepare.sh
exec wrangler deploy "$@"
