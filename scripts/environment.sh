# shellcheck shell=bash
# Sourced first by every command: works from the project's root, with a Node that is new enough and tools that neither
# report home nor nag. A Node of its own is brought along when the machine's is too old.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export WRANGLER_SEND_METRICS=false
export WRANGLER_SEND_ERROR_REPORTS=false
export WRANGLER_HIDE_BANNER=true
export CLOUDFLARE_CF_FETCH_ENABLED=false

fail() {
  printf 'larder: %s\n' "$*" >&2
  exit 1
}

# Runs a command whose output matters only when it fails: quietly LOG COMMAND...
quietly() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    fail "\`$*\` failed (all of its output: $log)"
  fi
}

# package.json's engines says the same.
readonly NODE_MAJOR_MIN=22 NODE_MINOR_MIN=12
readonly NODE_BROUGHT=24.21.0

node_suffices() {
  local version major minor
  version=$("$1" --version 2>/dev/null) || return 1
  IFS=. read -r major minor _ <<<"${version#v}"
  ((major > NODE_MAJOR_MIN || (major == NODE_MAJOR_MIN && minor >= NODE_MINOR_MIN)))
}

bring_node() {
  local machine directory
  case "$(uname -s) $(uname -m)" in
    "Linux x86_64") machine=linux-x64 ;;
    "Linux aarch64") machine=linux-arm64 ;;
    *) fail "Node $NODE_MAJOR_MIN.$NODE_MINOR_MIN or newer is needed; this machine has $(node --version 2>/dev/null || echo none)." ;;
  esac
  directory=".tools/node/node_modules/node-$machine/bin"
  if ! node_suffices "$directory/node"; then
    command -v npm >/dev/null || fail "npm is needed: install Node $NODE_MAJOR_MIN.$NODE_MINOR_MIN or newer with npm."
    quietly .tools/log/node.txt npm install --prefix .tools/node --no-save --no-package-lock --ignore-scripts \
      --no-audit --no-fund "node-$machine@$NODE_BROUGHT"
  fi
  printf "Node %s: this machine's own (%s) is older than %s.%s, so the one in .tools is used.\n" \
    "$("$directory/node" --version)" "$(node --version 2>/dev/null || echo none)" \
    "$NODE_MAJOR_MIN" "$NODE_MINOR_MIN" >&2
  PATH="$PWD/$directory:$PATH"
}

node_suffices node || bring_node
export PATH="$PWD/node_modules/.bin:$PATH"
