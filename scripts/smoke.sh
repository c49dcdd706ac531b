#!/usr/bin/env bash
# Builds the Worker, starts it with a fresh store and probes its endpoints.
source "$(dirname "$0")/environment.sh"
exec node scripts/smoke.js
