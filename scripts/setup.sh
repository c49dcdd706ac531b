#!/usr/bin/env bash
# Brings what a command needs and the machine lacks: setup.sh secrets | serve | run | all
#   secrets  .dev.vars with a secret of its own
#   serve    and the npm packages: what it takes to serve modules that are built already
#   run      and what it takes to build and serve the Worker
#   all      and what it takes to test, lint, fuzz and measure it
# Can be run any number of times; a machine that lacks nothing is done in well under a second.
source "$(dirname "$0")/environment.sh"

readonly PROFILE=${1:-all}

# Debian packages, or Ubuntu's of the same names.
readonly BUILD_PACKAGES=(cmake ninja-build binaryen libexpected-dev libxxhash-dev)
readonly WASI_PACKAGES=(clang-19 lld-19 llvm-19 libc++-19-dev-wasm32 libc++abi-19-dev-wasm32 libclang-rt-19-dev-wasm32 wasi-libc)
readonly TEST_PACKAGES=(clang-19 lld-19 libclang-rt-19-dev clang-format-19 clang-tidy-19 g++ emscripten ccache gzip
  libgtest-dev libgmock-dev libutf8proc-dev libboost-dev redis-tools chromium fonts-dejavu-core)

make_secrets() {
  [[ -e .dev.vars ]] && return
  local secret
  secret=$(od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n')
  (
    umask 077
    printf 'ENVIRONMENT="development"\nADMIN_JWT_SECRET="%s"\n' "$secret" >.dev.vars
  )
}

wanted_packages() {
  printf '%s\n' "${BUILD_PACKAGES[@]}"
  [[ -n ${WASI_SDK_PATH:-} ]] || printf '%s\n' "${WASI_PACKAGES[@]}"
  [[ $PROFILE == run ]] || printf '%s\n' "${TEST_PACKAGES[@]}"
}

missing_packages() {
  # shellcheck disable=SC2016 # dpkg-query fills these in, not the shell.
  comm -23 <(wanted_packages | sort -u) \
    <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u)
}

as_root() {
  if (($(id -u) == 0)); then
    "$@"
  else
    command -v sudo >/dev/null || fail "this has to be run as root, and there is no sudo: $*"
    sudo "$@"
  fi
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]} > 0)) || return 0
  printf 'Installing %s Debian packages: %s\n' "${#missing[@]}" "${missing[*]}" >&2
  # A failed update is told by the installation, if it matters: one broken third-party source should not end it all.
  as_root apt-get update -qq >/dev/null 2>&1 || true
  quietly .tools/log/packages.txt as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# Without apt nothing is installed; the tools may be there all the same.
check_tools() {
  local tool missing=()
  for tool in cmake ninja "${WASI_SDK_PATH:-/usr/lib/llvm-19}/bin/clang++"; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  ((${#missing[@]} == 0)) && return
  fail "there is no apt-get here to install what is missing (${missing[*]}).
  Install CMake 3.25 or newer, Ninja, and the headers of tl::expected and xxHash, and point WASI_SDK_PATH at a wasi-sdk.
  On Debian or Ubuntu these are the packages: $(wanted_packages | sort -u | tr '\n' ' ')"
}

install_modules() {
  local lock
  lock=$(cksum <package-lock.json)
  [[ -e node_modules/.larder && $(<node_modules/.larder) == "$lock" ]] && return
  printf 'Installing the npm packages of package-lock.json\n' >&2
  quietly .tools/log/modules.txt npm ci --loglevel=error
  printf '%s' "$lock" >node_modules/.larder
}

# Unpacked and not installed, so that no service of it starts. A machine's own is taken where it has one. It is whole where
# it is there: it comes to its place in one.
unpack_prometheus() {
  local place=.tools/prometheus.new
  [[ ! -x .tools/prometheus/usr/bin/prometheus || ! -x .tools/prometheus/usr/bin/promtool ]] || return 0
  if command -v prometheus >/dev/null && command -v promtool >/dev/null; then
    return 0
  fi
  command -v apt-get >/dev/null || fail "install Prometheus with promtool: the tests of the metrics want both"
  printf 'Unpacking Debian package prometheus\n' >&2
  rm -rf "$place" && mkdir -p "$place"
  if ! (cd "$place" && apt-get download -qq prometheus) >.tools/log/prometheus.txt 2>&1; then
    as_root apt-get update -qq >/dev/null 2>&1 || true
    (cd "$place" && quietly ../log/prometheus.txt apt-get download -qq prometheus)
  fi
  dpkg -x "$place"/prometheus_*.deb "$place"
  rm "$place"/prometheus_*.deb
  rm -rf .tools/prometheus
  mv "$place" .tools/prometheus
}

make_secrets
case $PROFILE in
  secrets) exit ;;
  serve | run | all) ;;
  *) fail "setup.sh secrets, serve, run or all, not \`$PROFILE\`" ;;
esac

# One at a time: two commands started together would install into the same place.
mkdir -p .tools/log
exec 9>.tools/lock
flock 9
if [[ $PROFILE == serve ]]; then
  install_modules
  exit
fi
if command -v apt-get >/dev/null; then
  install_packages
else
  check_tools
fi
[[ $PROFILE == run ]] || unpack_prometheus
install_modules
