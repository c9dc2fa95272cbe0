#!/bin/sh
# Runs kube-router, and removes its rules when it is told to end: it leaves them itself, and they would go on denying.
set -u

remove_rules() {
    rules=$(iptables-save -t filter)
    chains=$(echo "$rules" | sed -nE 's/^:(KUBE-(ROUTER|POD-FW|NWPLCY)-[^ ]+) .*/\1/p')
    {
        echo '*filter'
        for chain in $chains; do echo ":$chain - [0:0]"; done
        echo "$rules" | sed -nE 's/^-A ((INPUT|FORWARD|OUTPUT) .* -j KUBE-ROUTER-.*)/-D \1/p'
        for chain in $chains; do echo "-X $chain"; done
        echo COMMIT
    } | iptables-restore --noflush
    for set in $(ipset list -name | grep -E '^KUBE-(SRC|DST)-'); do ipset destroy "$set"; done
}

kube-router "$@" &
router=$!
ended=
trap 'ended=1; kill "$router"' TERM INT
wait "$router"
status=$?
[ "$ended" ] || exit "$status"
wait "$router"
remove_rules
