#!/usr/bin/env bash
# Runs the ensemble example on three nodes over SSH, and shows which instance ran where. The nodes are
# namespaces of this machine; see nodes_up.sh. Needs root, Linux, OpenSSH and iproute2.
#
#   demo_cluster.sh PYTHON
set -euo pipefail

python=$(command -v "$1")
python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly python here count=3 slot=251
folder=$(mktemp -d "${TMPDIR:-/tmp}/conjoin_demo_XXXXXX")
readonly folder

main() {
    require
    trap 'clean_up' EXIT
    "$here/nodes_up.sh" "$count" "$folder" "$slot"
    write_files
    echo "The hosts file:"
    sed 's/^/    /' "$folder/hosts.toml"
    # paramiko reads the SSH configuration in $HOME, which describes the nodes
    HOME=$folder "$python" -m conjoin hosts check "$folder/hosts.toml"
    run=run_cluster_$(date +%Y%m%d_%H%M%S)
    mkdir "$run"
    HOME=$folder "$python" -m conjoin run --start-all --hosts "$folder/hosts.toml" \
        --run-dir "$run" "$here/../../examples/ensemble/ensemble.ymmsl"
    echo "Which instance ran where:"
    sed -n "s/.*instances are placed node='\([^']*\)' count=[0-9]* instances='\([^']*\)'/    \1: \2/p" \
        "$run/muscle3_manager.log" | sort
}

require() {
    local program
    if [ "$(uname)" != Linux ] || [ "$(id -u)" -ne 0 ]; then
        echo "This demo creates network namespaces, and so needs root on Linux." >&2
        exit 1
    fi
    export PATH=$PATH:/usr/sbin:/sbin
    for program in sshd ssh-keygen ip unshare; do
        if ! command -v "$program" >/dev/null; then
            echo "This demo needs $program: install openssh-server, openssh-client and iproute2." >&2
            exit 1
        fi
    done
}

write_files() {
    local i
    mkdir -m 700 "$folder/.ssh"
    cp "$folder/known_hosts" "$folder/.ssh/known_hosts"
    for i in $(seq "$count"); do
        printf 'Host node%d\n  HostName 10.77.%d.%d\n' "$i" "$slot" $((10 + i))
    done >"$folder/.ssh/config"
    printf 'Host *\n  User root\n  IdentityFile %s\n' "$folder/id_ed25519" >>"$folder/.ssh/config"
    cat >"$folder/hosts.toml" <<HOSTS
hosts = ["node1", "node2", "node3"]
cores = 4
environment = { PATH = "$(dirname "$python"):/usr/local/bin:/usr/bin:/bin" }
HOSTS
}

clean_up() {
    "$here/nodes_down.sh" "$folder" "$slot"
    rm -rf "$folder"
}

main
