#!/bin/sh
# Runs kube-router, and removes its rules when it is told to end: it leaves them itself, and they would go on denying.
set -u

# kube-router learns of a pod about a second after the pod's process began, and refuses connections that it may open until then: a process
# that connects first of all, such as a migration, would end. Without the refusal (ICMP) TCP asks again after a second, and is let in.
# Byte 44 is where such a packet quotes whom it was for: a pod (Minikube's pod network is 10.244.0.0/16). What kube-proxy refuses for a
# Service without pods stays refused.
refusals() {
    iptables --table raw "$1" OUTPUT --protocol icmp --icmp-type port-unreachable \
        --match u32 --u32 '44=0x0AF40000:0x0AF4FFFF' --jump DROP
}

# A connection to a Service that was opened while kube-proxy wrote its rules keeps the Service's own address (Minikube's are of
# 10.96.0.0/12), which no network has: it is reset, so that its client opens another one, and does not leave by the default route.
resets() {
    for chain in OUTPUT FORWARD; do
        iptables --table filter "$1" "$chain" --destination 10.96.0.0/12 --protocol tcp --jump REJECT --reject-with tcp-reset || return
    done
}

remove_rules() {
    refusals --delete
    resets --delete 2>/dev/null
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

# The network of several nodes: kube-router adds the addresses of this node's pods, and routes to those of the others.
bridge='{"cniVersion":"0.3.0","name":"pods","plugins":[
  {"name":"kubernetes","type":"bridge","bridge":"kube-bridge","isDefaultGateway":true,"hairpinMode":true,"ipam":{"type":"host-local"}},
  {"type":"portmap","capabilities":{"portMappings":true}}]}'
conf=${KUBE_ROUTER_CNI_CONF_FILE:-}
if [ "$conf" ] && [ ! -s "$conf" ]; then echo "$bridge" >"$conf"; fi
# Services lead to pods of a node that ended until Kubernetes gives it up, 46 s later. Without a route to that node, what is sent to them
# must not leave by the default route, for another network that has such addresses.
if [ "$conf" ]; then ip route replace unreachable 10.244.0.0/16 metric 4278198272 || echo "kube-router.sh: no route is refused" >&2; fi

if [ "$conf" ]; then resets --check 2>/dev/null || resets --append || echo "kube-router.sh: no connection is reset" >&2; fi
refusals --check 2>/dev/null || refusals --append || echo "kube-router.sh: a pod's first connections may be refused" >&2
kube-router "$@" &
router=$!
ended=
trap 'ended=1; kill "$router"' TERM INT
wait "$router"
status=$?
[ "$ended" ] || exit "$status"
wait "$router"
remove_rules
