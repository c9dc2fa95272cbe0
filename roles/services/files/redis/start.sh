#!/bin/sh
# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Gives the user admin the password of the environment on every start, and becomes the server. The application's user is `default`, whose
# passwords are set by setup.sh and stay in the volume.
set -eu

fail() {
  echo "redis: $1" >&2
  exit 1
}

[ -n "${ADMIN_PASSWORD_SHA256:-}" ] || fail "ADMIN_PASSWORD_SHA256 is not set; give it by a Secret."
users=/data/users.acl
{
  echo "user admin on #$ADMIN_PASSWORD_SHA256 ~* &* +@all"
  if [ -r "$users" ]; then
    while IFS= read -r line; do
      case $line in "user admin "*) ;; *) printf '%s\n' "$line" ;; esac
    done <"$users"
  else
    echo "user default off"
  fi
} >"$users.new" || fail "the volume of /data must be writable for user 10006."
mv "$users.new" "$users"
exec valkey-server /etc/valkey/valkey.conf "$@"
