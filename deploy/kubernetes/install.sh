#!/bin/sh
# Runs in the DaemonSet: puts the executable, the node's settings and the network configuration on the node, and keeps them as the
# ConfigMap and the Secret have them. The configuration comes last, and whole: with it the node is ready for pods.
set -eu

# Into the same directory first, then by rename: a runtime never starts half an executable.
put() {
  cmp -s "$1" "$2" && return
  cp "$1" "$2.heddle-new"
  chmod "$3" "$2.heddle-new"
  mv "$2.heddle-new" "$2"
  echo "put $2"
}

put_all() {
  put /heddle-cni /host/opt/cni/bin/heddle-cni 755
  put /settings/cni.json /host/etc/heddle/cni.json 644
  put /secret/token /host/etc/heddle/cni-token 600
  put /settings/10-heddle.conflist /host/etc/cni/net.d/10-heddle.conflist 644
}

trap 'exit 0' TERM INT
while :; do
  put_all
  # The files of a ConfigMap and a Secret change in place.
  sleep 30 &
  wait $!
done
