#!/bin/bash
# Builds the CNI plugin into one executable that needs no Node.js: dist/heddle-cni. Does nothing when it is newer than its sources.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=dist/heddle-cni
sources=(src/cni src/model api package.json package-lock.json deploy/build-cni.sh)
if [[ -x $target && -z $(find "${sources[@]}" -newer "$target" -print -quit) ]]; then exit 0; fi

# The package `bun` puts the executable for this machine in place when it is installed; where scripts of packages do not
# run, it is still in the package for the machine.
find_bun() {
  local each
  for each in node_modules/bun/bin/bun.exe node_modules/@oven/bun-*/bin/bun; do
    if [[ -x $each ]] && "$each" --version >/dev/null 2>&1; then
      printf '%s\n' "$each"
      return
    fi
  done
  printf 'heddle: the bundler bun is not installed for this machine: npm ci --include=dev\n' >&2
  exit 1
}

mkdir -p dist
bun=$(find_bun)
draft=$target.$$
trap 'rm -f "$draft"' EXIT
"$bun" build --compile --minify --bytecode --format=cjs --conditions=heddle \
  --no-compile-autoload-dotenv --no-compile-autoload-bunfig \
  src/cni/heddle-cni.ts --outfile="$draft" >&2
# Never half an executable, for others may be about to start it.
mv "$draft" "$target"
