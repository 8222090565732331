#!/usr/bin/env bash
# Two network namespaces, a bad path between them, and a node of a scenario in each.
#
#   path.sh veth|tun LOSS DUP STORMGLASS FOLDER MESSAGES ARGUMENT...      LOSS and DUP in percent
#
# veth: a pair of devices; nft drops what comes in and doubles what goes out.
# tun:  a router in user space loses, doubles and delays; see tunrouter.py.
# In an argument {i} is the number of the node.
# It runs in namespaces of its own (unshare -nmpf --mount-proc), so nothing is left behind. The nodes are asked to end
# when both have delivered MESSAGES. Exit 77: this path cannot be built here, and standard output says why.
set -uo pipefail
kind=$1 loss=$2 dup=$3 stormglass=$4 folder=$5 messages=$6
shift 6

cannot() { echo "$*"; exit 77; }

mount -t tmpfs tmpfs /run && mkdir /run/netns || cannot "no mount namespace"
for i in 0 1; do
  ip netns add "h$i" 2>"$folder/ip" || cannot "ip netns add: $(cat "$folder/ip")"
  ip -n "h$i" link set lo up
done

case $kind in
veth)
  ip link add e0 netns h0 type veth peer name e0 netns h1 2>"$folder/ip" || cannot "veth: $(cat "$folder/ip")"
  for i in 0 1; do
    ip -n "h$i" addr add "10.98.0.$((i + 1))/24" dev e0 && ip -n "h$i" link set e0 up || cannot "veth: no address"
    ip netns exec "h$i" nft -f - 2>"$folder/nft" <<RULES || cannot "nft: $(head -1 "$folder/nft")"
table inet lossy {
  chain in { type filter hook input priority 0; udp dport 9000 numgen random mod 100 < $loss counter drop; }
}
table netdev doubling {
  chain out { type filter hook egress device "e0" priority 0; udp dport 9000 numgen random mod 100 < $dup counter dup to "e0"; }
}
RULES
  done
  ;;
tun)
  [ -r /dev/net/tun ] && [ -w /dev/net/tun ] || cannot "no access to /dev/net/tun"
  here=$(dirname "$0")
  fraction() { printf '%d.%02d' $(($1 / 100)) $(($1 % 100)); }
  python3 "$here/tunrouter.py" h0 10.98.0.1 h1 10.98.0.2 1 "$(fraction "$loss")" "$(fraction "$dup")" 0.002 0.002 \
    >"$folder/router" 2>&1 &
  router=$!
  for _ in $(seq 100); do grep -qs ready "$folder/router" && break; sleep 0.05; done
  grep -qs ready "$folder/router" || cannot "tun: $(tail -1 "$folder/router")"
  ;;
esac

nodes=()
for i in 0 1; do
  ip netns exec "h$i" "$stormglass" udp node "${@//\{i\}/$i}" --id "$i" --fresh --drain 10s -o "$folder/n$i" >"$folder/said-$i" 2>&1 &
  nodes+=($!)
done

# A line of figures a second; they have until the end of the scenario, and then end by themselves.
delivered() { tail -qn 1 "$folder/n$1/n$1.metrics.jsonl" 2>/dev/null | grep -q "\"deliveries\":$messages,"; }
while kill -0 "${nodes[@]}" 2>/dev/null && ! { delivered 0 && delivered 1; }; do sleep 0.2; done
# What comes twice comes soon.
sleep 1
kill "${nodes[@]}" 2>/dev/null
status=0
for node in "${nodes[@]}"; do
  wait "$node"
  code=$?
  # 143: it was asked to end.
  [ $code = 143 ] || [ $code = 0 ] || status=1
done
case $kind in
veth) for i in 0 1; do ip netns exec "h$i" nft list ruleset | grep counter | sed "s/^[ \t]*/h$i /" >>"$folder/path"; done ;;
tun) kill "$router"; wait "$router"; tail -1 "$folder/router" >"$folder/path" ;;
esac
exit $status
