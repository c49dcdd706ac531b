#!/usr/bin/env bash
# Serves the Worker on this machine, after all set-up; scripts/dev.js says which settings it takes.
source "$(dirname "$0")/environment.sh"
# Where there is no toolchain, a released archive that lies beside the tree saves installing one.
LARDER_PREBUILT=$(node scripts/prebuilt/choose.js)
export LARDER_PREBUILT
printf 'Setting up: what the machine lacks is installed (a first time may take minutes)\n'
if [[ -n $LARDER_PREBUILT ]]; then
  bash scripts/setup.sh serve
else
  bash scripts/setup.sh run
fi
exec node scripts/dev.js
