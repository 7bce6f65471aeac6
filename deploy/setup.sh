#!/bin/bash
# Installs the Debian packages that Heddle's demo, tests and benches need: `deploy/setup.sh [--peers]`.
# Debian and Ubuntu; may be run as often as you like: when everything is there it does nothing and needs no root.
# Node.js is not among them: the demo, tests and benches say which version they need.
#
# Debian starts a system-wide Open vSwitch when the package comes in, and with --peers an OVN. Heddle's lab uses neither: its nodes
# have daemons, databases and run directories of their own. This script leaves such a service as it finds it, since an
# operator may run one; `systemctl disable --now openvswitch-switch` stops one that nobody wants.
set -euo pipefail

# Administrators' tools are not on every user's path.
PATH="${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"

# package | what shows that it is there: commands and files | why
needs=(
  'openvswitch-switch|ovs-vswitchd ovsdb-server ovs-vsctl ovs-ofctl /usr/share/openvswitch/vswitch.ovsschema|the switches themselves, their database server and their tools'
  'iproute2|ip|network namespaces and the cables between them'
  'util-linux|nsenter|runs commands inside a network namespace'
  'ethtool|ethtool|turns checksum offload off where packets cross a userspace datapath'
  'nftables|nft|lets what leaves the fabric bear the address of its node'
  'containerd|containerd ctr|runs containers that the CNI plugin attaches'
  'runc|runc|the same'
  'busybox-static|busybox /usr/share/doc/busybox-static|what the image of those containers is made of'
  'containernetworking-plugins|/usr/lib/cni/bridge /usr/lib/cni/host-local|plugins beside the one of ours: addresses, chains, what the bench compares with'
  'iputils-ping|ping|shows that packets arrive'
  'iperf3|iperf3|TCP across the fabric'
  'tcpdump|tcpdump|catches frames on an interface'
  'python3|python3|sends the raw frames of the tests, which Node.js cannot: LLDP, STP, tags in tags'
  'tshark|tshark|an outside reader of the messages and frames that Heddle writes'
  'openssl|openssl|throw-away keys and certificates for the TLS tests'
  'curl|curl|the REST examples of the README, which a test runs'
  'jq|jq|the same'
)
peers=(
  'ovn-central|ovn-northd ovn-nbctl|OVN, which the benches compare Heddle with: its databases and northd'
  'ovn-host|ovn-controller|OVN on each node'
)

usage() {
  printf 'usage: deploy/setup.sh [--peers]\n\n'
  printf 'Installs what the demo and the tests need; with --peers also what the benches compare with.\n\n'
  for need in "${needs[@]}" "${peers[@]}"; do
    IFS='|' read -r package _ why <<<"$need"
    printf '  %-20s %s\n' "$package" "$why"
  done
}

fail() {
  printf 'setup: %s\n' "$@" >&2
  exit 1
}

is_there() {
  local mark
  for mark in $1; do
    if [[ $mark == /* ]]; then [[ -e $mark ]] || return 1; else command -v "$mark" >/dev/null || return 1; fi
  done
}

case "${1:-}" in
  '') ;;
  --peers) needs+=("${peers[@]}") ;;
  -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac

missing=()
reasons=()
for need in "${needs[@]}"; do
  IFS='|' read -r package marks why <<<"$need"
  if is_there "$marks"; then continue; fi
  missing+=("$package")
  reasons+=("$(printf '%-20s %s' "$package" "$why")")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

id=unknown like=''
if [[ -r /etc/os-release ]]; then
  while IFS='=' read -r key value; do
    case "$key" in
      ID) id=${value//\"/} ;;
      ID_LIKE) like=${value//\"/} ;;
    esac
  done </etc/os-release
fi
case " $id $like " in
  *' debian '* | *' ubuntu '*) ;;
  *) fail "this machine lacks ${missing[*]}" "it runs $id; this script knows Debian and Ubuntu: install them by its own means" ;;
esac
if [[ $EUID -ne 0 ]]; then
  fail "this machine lacks ${missing[*]}" 'installing them needs root: sudo deploy/setup.sh'"${1:+ $1}"
fi

printf 'setup: installing\n'
printf '  %s\n' "${reasons[@]}"

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Another apt at work, an upgrade in the background for one, is waited for.
apt() { apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null >>"$log" 2>&1; }
install() { apt install --no-install-recommends "${missing[@]}"; }

# Package lists may be absent (a fresh image) or name versions that are gone: fetch them, once, and only then.
if ! install; then
  printf 'setup: fetching package lists\n'
  # A source of the operator's that does not answer is no reason to stop: whether the packages come is.
  apt update || true
  if ! install; then
    tail -n 30 "$log" >&2
    fail 'apt-get failed; the end of what it said is above'
  fi
fi

left=()
for need in "${needs[@]}"; do
  IFS='|' read -r package marks _ <<<"$need"
  is_there "$marks" || left+=("$package")
done
[[ ${#left[@]} -eq 0 ]] || fail "apt-get ended well, and yet something of ${left[*]} is missing"
printf 'setup: done\n'
