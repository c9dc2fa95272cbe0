#!/bin/sh
# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Builds the root file system of a final image from named Debian packages and nothing else. Runs in builder stages only.
# Its source is roles/services/files/debian.sh. The folders under apps/ have copies, because each of them is a build context of its own;
# `./bootstrap nox -s docs` writes them.
#
#   debian.sh install PACKAGE...      install packages into the builder itself
#   debian.sh unpack ROOT PACKAGE...  unpack packages, without their maintainer scripts, into ROOT
#   debian.sh user ROOT NAME UID      add a user and a group of that name and number
#   debian.sh check ROOT              fail when a library that a program in ROOT needs is not in ROOT
#   debian.sh with COMMAND...         run a command with the machine's package indexes and certificates
#
# Optional build secrets: ca (certificate bundle of the network), pip.conf, npmrc.
set -eu

secrets=/run/secrets

fetch() {
  set -- -qq -o Acquire::Retries=3 -o APT::Sandbox::User=root "$@"
  if [ -e $secrets/ca ]; then set -- -o Acquire::https::CAInfo=$secrets/ca "$@"; fi
  apt-get "$@"
}

install_packages() {
  fetch update
  DEBIAN_FRONTEND=noninteractive fetch install --yes --no-install-recommends "$@" >/dev/null
}

unpack() {
  root=$1 && shift
  mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/sbin" "$root/var/lib/dpkg/status.d" "$root/run" "$root/tmp"
  chmod 1777 "$root/tmp"
  for folder in bin lib sbin lib64; do # the merged /usr, before any package could bring a real folder
    mkdir -p "$root/usr/$folder"
    [ -L "$root/$folder" ] || ln -s "usr/$folder" "$root/$folder"
  done
  fetch update
  archives=$(mktemp -d) && cd "$archives"
  fetch download "$@"
  for archive in *.deb; do
    dpkg --extract "$archive" "$root"
    # Where scanners of images without a package manager look.
    dpkg-deb --field "$archive" >"$root/var/lib/dpkg/status.d/$(dpkg-deb --field "$archive" Package)"
  done
  cd / && rm -r "$archives"
  # Licences stay; what only a person at a terminal reads goes.
  find "$root/usr/share/doc" -type f ! -name copyright -delete
  rm -rf "$root/usr/share/man" "$root/usr/share/info" "$root/usr/share/locale" "$root/usr/share/lintian" "$root/usr/share/bug"
  bundle_certificates "$root"
}

# What the maintainer script of ca-certificates does, without openssl.
bundle_certificates() {
  [ -d "$1/usr/share/ca-certificates" ] || return 0
  mkdir -p "$1/etc/ssl/certs"
  find "$1/usr/share/ca-certificates" -name '*.crt' -exec cat {} + >"$1/etc/ssl/certs/ca-certificates.crt"
  rm -r "$1/usr/share/ca-certificates"
}

add_user() {
  echo "$2:x:$3:$3::/nonexistent:/usr/sbin/nologin" >>"$1/etc/passwd"
  echo "$2:x:$3:" >>"$1/etc/group"
}

# Asks the root's own dynamic linker, so that RPATHs count; a NEEDED entry without its file fails the build, not the first request. A library
# that finds what it needs only by the RPATH of what loads it, as those in a wheel's NAME.libs do, is complete where that program is.
check() {
  root=$(realpath "$1")
  linker=$(cd "$root" && find usr/lib usr/lib64 -name 'ld-linux-*.so.*' | head -n 1)
  [ -n "$linker" ] || { echo "$1 has no dynamic linker: unpack libc6 into it." >&2 && exit 1; }
  listed=$(mktemp) loaded=$(mktemp) missing=$(mktemp)
  find "$root" -type f \( -name '*.so*' -o -name '*.node' -o -perm /111 \) -exec grep -lae "^$(printf '\177')ELF" {} + | while read -r file; do
    program=${file#"$root"}
    chroot "$root" "/$linker" --list "$program" 2>&1 |
      sed -n -e "s|.*error while loading shared libraries: \([^:]*\):.*|$program\tneeds\t\1|p" \
        -e "s|[[:space:]]*\(.*\) => not found|$program\tneeds\t\1|p" \
        -e "s|.* => \(/.*\) (0x[0-9a-f]*)|$program\tloads\t\1|p"
  done | sort -u >"$listed"
  awk -F '\t' 'NR == FNR { incomplete[$1] = incomplete[$1] || $2 == "needs"; next } $2 == "loads" && !incomplete[$1] { print $3 }' \
    "$listed" "$listed" | sort -u | while read -r path; do realpath "$root$path"; done >"$loaded"
  awk -F '\t' -v root="$root" -v loaded="$loaded" 'BEGIN { while ((getline path <loaded) > 0) complete[path] }
    $2 == "needs" && !((root $1) in complete) { print $1 " needs " $3 ", which no listed package brings." }' "$listed" >"$missing"
  [ ! -s "$missing" ] || { cat "$missing" >&2 && exit 1; }
}

run_with_secrets() {
  if [ -e $secrets/pip.conf ]; then export PIP_CONFIG_FILE=$secrets/pip.conf; fi
  if [ -e $secrets/npmrc ]; then export NPM_CONFIG_USERCONFIG=$secrets/npmrc; fi
  if [ -e $secrets/ca ]; then export PIP_CERT=$secrets/ca SSL_CERT_FILE=$secrets/ca NODE_EXTRA_CA_CERTS=$secrets/ca; fi
  exec "$@"
}

task=$1 && shift
case $task in
  install) install_packages "$@" ;;
  unpack) unpack "$@" ;;
  user) add_user "$@" ;;
  check) check "$@" ;;
  with) run_with_secrets "$@" ;;
  *) echo "debian.sh: unknown task $task" >&2 && exit 2 ;;
esac
