#!/bin/sh
# Prepares what systemd and kubelet expect of a machine, then becomes systemd.
set -eu

# Volumes that pods mount must be seen by the kubelet and by Docker alike.
mount --make-rshared /

# kubelet reads the kernel's log, which a container may not have.
[ -e /dev/kmsg ] || ln -s /dev/console /dev/kmsg

# One identity for each node, not one for all that come from this image.
[ -s /var/lib/machine-id ] || tr -d - </proc/sys/kernel/random/uuid >/var/lib/machine-id
cp /var/lib/machine-id /etc/machine-id

# Docker's resolver at 127.0.0.11 does not answer nested containers, and CoreDNS would ask itself: name the servers behind it. Docker notes them
# in a comment, "# ExtServers: [host(1.2.3.4) 5.6.7.8]". The file is a mount: write through it.
if grep -q '^nameserver 127\.0\.0\.11' /etc/resolv.conf; then
  servers=$(sed -n 's/^# ExtServers: \[\(.*\)\]/\1/p' /etc/resolv.conf | tr ' ' '\n' | sed 's/^host(\(.*\))$/\1/; s/^/nameserver /')
  if [ "$servers" ]; then
    rest=$(grep -E '^(search|options)' /etc/resolv.conf || true)
    printf '%s\n%s\n' "$servers" "$rest" >/etc/resolv.conf
  fi
fi

# Without CAP_SYS_RESOURCE (bit 24) the kernel refuses what every pod asks for; see runc-clamped.
capabilities=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
if [ $((0x$capabilities >> 24 & 1)) -eq 1 ]; then
  ln -sf /usr/libexec/runc/runc /usr/sbin/runc
else
  ln -sf /usr/libexec/runc/runc-clamped /usr/sbin/runc
fi

# On cgroup v1 only a cgroup namespace of its own lets systemd be pid 1.
[ -f /sys/fs/cgroup/cgroup.controllers ] || exec unshare --cgroup -- /lib/systemd/systemd "$@"
exec /lib/systemd/systemd "$@"
