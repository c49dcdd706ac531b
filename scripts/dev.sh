#!/usr/bin/env bash
# Serves the Worker on this machine, after all set-up; scripts/dev.js says which settings it takes.
source "$(dirname "$0")/environment.sh"
printf 'Setting up: what the machine lacks is installed (a first time may take minutes)\n'
bash scripts/setup.sh run
exec node scripts/dev.js
