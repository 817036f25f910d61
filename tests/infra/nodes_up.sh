#!/usr/bin/env bash
# Starts "nodes": machines with an SSH server each, as namespaces of this machine. Needs root.
#
#   nodes_up.sh COUNT FOLDER SLOT
#
# Each node has its own network, host name, process IDs and mounts, but shares all files with this
# machine, except for /tmp/local. Node I is named nodeI, and has the address 10.77.SLOT.(10+I). This
# machine has the address 10.77.SLOT.1, and is named head there. Nodes that run already are left
# alone, so this also starts those again that have lost power.
#
# FOLDER gets id_ed25519, the key of the user; known_hosts; and for each node a folder with
#   unshare.pid: a process to kill for a power failure (kill -9); all processes of the node die
#   sshd.log, sshd_config and host_key
# The cable of node I is the network interface cjSLOTvI: to pull it, run `ip link set cjSLOTvI down`.
# Its network namespace is cjSLOTnodeI.
set -euo pipefail

readonly count=$1 folder=$2 slot=$3
readonly network=10.77.$slot bridge=cj${slot}br

main() {
    mkdir -p "$folder" /run/sshd
    create_user_key
    create_bridge
    local i
    for i in $(seq "$count"); do
        is_running "$i" || start_node "$i"
    done
    write_known_hosts
    for i in $(seq "$count"); do
        wait_for_sshd "$i"
    done
}

create_user_key() {
    [ -f "$folder/id_ed25519" ] || ssh-keygen -q -t ed25519 -N '' -f "$folder/id_ed25519"
    cp "$folder/id_ed25519.pub" "$folder/authorized_keys"
    chmod 644 "$folder/authorized_keys"
}

create_bridge() {
    ip link show "$bridge" >/dev/null 2>&1 || ip link add "$bridge" type bridge
    ip addr replace "$network.1/24" dev "$bridge"
    ip link set "$bridge" up
}

address() {
    echo "$network.$((10 + $1))"
}

is_running() {
    local file=$folder/node$1/unshare.pid state
    [ -f "$file" ] || return
    state=$(ps -o stat= -p "$(cat "$file")") || return
    [[ $state != Z* ]] # a zombie has ended
}

start_node() {
    local i=$1 name=node$1 netns=cj${slot}node$1 own=$folder/node$1
    mkdir -p "$own/local"
    create_network "$i" "$netns"
    [ -f "$own/host_key" ] || ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$own/host_key"
    write_sshd_config "$i" "$own"
    setsid ip netns exec "$netns" \
        unshare --uts --ipc --mount --pid --fork --kill-child --mount-proc \
        bash -c "hostname $name; mkdir -p /tmp/local; mount --bind '$own/local' /tmp/local
            exec /usr/sbin/sshd -D -e -f '$own/sshd_config'" \
        >>"$own/sshd.log" 2>&1 </dev/null &
    echo $! >"$own/unshare.pid" # setsid and ip are replaced by unshare, with the same process ID
}

create_network() {
    local i=$1 netns=$2 cable=cj${slot}v$1 mac
    # A restarted node keeps its MAC address, because other nodes remember it.
    mac=$(printf '02:00:0a:4d:%02x:%02x' "$slot" "$((10 + i))")
    ip link del "$cable" 2>/dev/null || true
    ip netns del "$netns" 2>/dev/null || true
    mkdir -p "/etc/netns/$netns"
    hosts >"/etc/netns/$netns/hosts"
    ip netns add "$netns"
    ip link add "$cable" type veth peer name eth0 address "$mac" netns "$netns"
    ip link set "$cable" master "$bridge" up
    ip -n "$netns" addr add "$(address "$i")/24" dev eth0
    ip -n "$netns" link set lo up
    ip -n "$netns" link set eth0 up
    ip -n "$netns" route add default via "$network.1"
}

hosts() {
    local i
    echo "127.0.0.1 localhost"
    echo "$network.1 head"
    for i in $(seq "$count"); do
        echo "$(address "$i") node$i"
    done
}

write_sshd_config() {
    cat >"$2/sshd_config" <<CONFIG
Port 22
ListenAddress $(address "$1")
HostKey $2/host_key
PidFile $2/sshd.pid
AuthorizedKeysFile $folder/authorized_keys
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
AllowAgentForwarding yes
AllowTcpForwarding yes
AcceptEnv LANG LC_* CONJOIN_*
UseDNS no
MaxSessions 100
MaxStartups 100
Subsystem sftp internal-sftp
CONFIG
}

write_known_hosts() {
    local i
    for i in $(seq "$count"); do
        echo "node$i,$(address "$i") $(cut -d' ' -f1,2 "$folder/node$i/host_key.pub")"
    done >"$folder/known_hosts"
}

wait_for_sshd() {
    local attempt
    for attempt in $(seq 20); do
        timeout 1 bash -c "exec 3<>/dev/tcp/$(address "$1")/22" 2>/dev/null && return
        sleep 0.02
    done
    echo "The SSH server of node$1 does not answer; see $folder/node$1/sshd.log." >&2
    return 1
}

main
