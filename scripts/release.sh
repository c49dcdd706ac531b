#!/usr/bin/env bash
# npm run release: an archive that serves and deploys with Node and wrangler alone, in build/release.
source "$(dirname "$0")/environment.sh"
bash scripts/build.sh wasi emscripten
exec node scripts/release.js
