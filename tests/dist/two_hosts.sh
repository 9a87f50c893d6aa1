#!/usr/bin/env bash
# Two hosts in one: network namespaces a and b, joined by a cable with a delay. Runs a command on ranks in both:
#   tests/dist/two_hosts.sh DELAY RANKS COMMAND...      as root: two_hosts.sh 1ms 2 build/release/tests/dist_tests --train 1
set -euo pipefail
delay=$1 ranks=$2
shift 2
tag=chainrule$$
clean_up() {
  for name in a b; do ip netns del "$tag$name" 2>/dev/null || true; done
  rm -f "$agent"
}
agent=$(mktemp)
trap clean_up EXIT
for name in a b; do
  ip netns add "$tag$name"
  ip -n "$tag$name" link set lo up
done
ip -n "${tag}a" link add eth0 type veth peer name eth0 netns "${tag}b"
ip -n "${tag}a" addr add 10.77.0.1/24 dev eth0
ip -n "${tag}b" addr add 10.77.0.2/24 dev eth0
for name in a b; do
  ip -n "$tag$name" link set eth0 up
  if [[ $delay != 0 ]]; then ip netns exec "$tag$name" tc qdisc add dev eth0 root netem delay "$delay"; fi
done
# What mpirun takes for ssh: HOST COMMAND...
cat >"$agent" <<END
#!/bin/sh
host=\$1
shift
exec ip netns exec "$tag\$host" unshare --uts sh -c "hostname \$host; \$*"
END
chmod +x "$agent"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
ip netns exec "${tag}a" unshare --uts sh -c 'hostname a; exec "$@"' sh \
  mpirun --bind-to none --oversubscribe --mca plm_rsh_agent "$agent" --mca btl tcp,self,vader \
  --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 \
  --host "a:$(((ranks + 1) / 2)),b:$((ranks / 2))" -n "$ranks" "$@"
