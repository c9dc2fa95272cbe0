#!/bin/sh
# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Gives the application's user its password, or with OPEN=true none. One of before goes on working until end-passwords.sh ends it. Safe to run again. The password
# reaches the server on standard input, and is seen by no command line and no log.
set -eu

fail() {
  echo "setup: $1" >&2
  exit 1
}

[ -n "${ADMIN_PASSWORD:-}" ] || fail "ADMIN_PASSWORD is not set; give it by setup.secret_env."
[ -n "${PASSWORD:-}" ] || fail "PASSWORD is not set; give it by setup.secret_env."
case $PASSWORD in *[!A-Za-z0-9_.~+/=-]*) fail "PASSWORD may hold letters, digits and _.~+/=- only." ;; esac

set -- --no-auth-warning --user admin
if [ "${TLS:-}" = true ]; then set -- --tls --cacert /etc/tls/ca.crt "$@"; fi
rule=">$PASSWORD"
if [ "${OPEN:-}" = true ]; then rule=nopass; fi
# Whose passwords are the newest one alone says which one stays.
said=$(REDISCLI_AUTH=$ADMIN_PASSWORD valkey-cli -h "${REDIS_HOST:-redis}" "$@" <<COMMANDS
ACL SETUSER default on ~* &* +@all -@admin +config|get +client|list $rule
ACL SETUSER newest off resetpass $rule
ACL SAVE
COMMANDS
) || fail "the server does not answer."
[ "$said" = "OK
OK
OK" ] || fail "the server refused: $said"
echo "setup: the application's user is known"
