#!/bin/bash
# What `npm run demo`, `npm test` and `npm run bench` run: everything a fresh clone lacks, then the job.
# A second run skips what is there, and says nothing about it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

job=${1:-}
[[ $# -eq 0 ]] || shift
began=$SECONDS

step() { printf '%s\n' "$*" >&2; }
fail() {
  printf 'heddle: %s\n' "$@" >&2
  # Whoever reads the last line of a test run gets one.
  [[ $job != test ]] || printf '0 passed, 1 failed\n'
  exit 1
}

check_machine() {
  if [[ $EUID -ne 0 ]]; then
    fail "$job works with network namespaces and real switches, which needs root" \
      "run it as root: sudo env PATH=\"\$PATH\" npm run $job"
  fi
  command -v node >/dev/null || fail 'Node.js is not installed; version 20.19 or newer is needed: https://nodejs.org'
  local version major minor
  version=$(node -p process.versions.node)
  IFS=. read -r major minor _ <<<"$version"
  if ((major < 20 || (major == 20 && minor < 19))); then
    fail "Node.js $version is too old; version 20.19 or newer is needed: https://nodejs.org"
  fi
}

# Packages of npm: as package-lock.json says. npm notes when it has installed; our stamp notes from which lock file.
install_packages() {
  local stamp=node_modules/.heddle-lock lock
  lock=$(sha256sum <package-lock.json)
  if [[ -f $stamp && -f node_modules/.package-lock.json && $(<"$stamp") == "$lock" ]]; then return; fi
  if [[ -f $stamp || ! node_modules/.package-lock.json -nt package-lock.json ]]; then
    step 'npm: installing packages'
    npm ci --include=dev --no-audit --no-fund --loglevel=error </dev/null >&2 || fail 'npm ci failed, see above'
  fi
  printf '%s\n' "$lock" >"$stamp"
}

sources=(src ovsdb openflow lisp api bench test/fake package.json tsconfig.json tsconfig.build.json)

# Compiled files: as new as the sources were when the build began. A folder is newer when a file in it came or went.
build() {
  local stamp=dist/.heddle-built path present=()
  for path in "${sources[@]}"; do [[ ! -e $path ]] || present+=("$path"); done
  if [[ -f $stamp && -z $(find "${present[@]}" -newer "$stamp" -print -quit) ]]; then return; fi
  step 'tsc: building'
  mkdir -p dist/src/store
  touch "$stamp.new"
  npm run --silent build </dev/null >&2 || fail 'the build failed, see above'
  mv "$stamp.new" "$stamp"
}

# The CNI plugin is a file of its own; it says nothing when it is as new as its sources.
build_plugin() { deploy/build-cni.sh 2>/dev/null || fail 'the CNI plugin could not be built: npm run build:cni says why'; }

# Both projects run, whatever the first one finds; the last line counts the tests of both.
run_tests() {
  local project status=0
  reports=$(mktemp -d)
  trap 'rm -rf "$reports"' EXIT
  for project in quick live; do
    node_modules/.bin/vitest run --project "$project" --passWithNoTests \
      --reporter=default --reporter=json --outputFile.json="$reports/$project.json" "$@" </dev/null ||
      status=1
  done
  node deploy/count-tests.js "$status" "$reports"/quick.json "$reports"/live.json
}

case "$job" in
  demo | test | bench) ;;
  *) printf 'usage: deploy/run.sh demo|test|bench [arguments]\n' >&2 && exit 2 ;;
esac

peers=
for argument in "$@"; do [[ $job != bench || $argument != --peers ]] || peers=--peers; done

check_machine
deploy/setup.sh $peers >&2 || fail 'the machine could not be prepared, see above'
install_packages
build
build_plugin
((SECONDS - began < 2)) || step "ready after $((SECONDS - began)) s"

case "$job" in
  demo) exec node --enable-source-maps dist/src/cli/heddle.js demo "$@" ;;
  bench) exec node --enable-source-maps dist/bench/main.js "$@" ;;
  test) run_tests "$@" ;;
esac
