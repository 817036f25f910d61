#!/usr/bin/env bash
# Removes the nodes that nodes_up.sh started: nodes_down.sh FOLDER SLOT
#
# Without a FOLDER ('') it removes what is left of a slot whose folder has been deleted.
set -uo pipefail

readonly folder=$1 slot=$2

for pid in ${folder:+"$folder"/node*/unshare.pid}; do
    [ -f "$pid" ] && kill -9 "$(cat "$pid")" 2>/dev/null
    rm -f "$pid"
done
for netns in $(ip netns list | cut -d' ' -f1 | grep "^cj${slot}node"); do
    ip netns pids "$netns" | xargs -r kill -9 2>/dev/null
    ip link del "cj${slot}v${netns#cj"${slot}"node}" 2>/dev/null
    ip netns del "$netns"
    rm -rf "/etc/netns/$netns"
done
ip link del "cj${slot}br" 2>/dev/null
exit 0
