#!/bin/sh
# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Brings the roles and rights of a running server to what setup.sql says, as its superuser and over verified TLS.
set -eu

fail() {
  echo "setup: $1" >&2
  exit 1
}

for name in DATABASE_NAME OWNER_LOGIN APP_LOGIN POOLER_LOGIN ADMIN_PASSWORD OWNER_PASSWORD APP_PASSWORD POOLER_PASSWORD; do
  eval "[ -n \"\${$name:-}\" ]" || fail "$name is not set; give it by setup.env or, a password, by setup.secret_env."
done
case $DATABASE_NAME in
  *[!a-z0-9_]*) fail "DATABASE_NAME may hold lower-case letters, digits and underscores only." ;;
  postgres | template0 | template1 | pgbouncer) fail "DATABASE_NAME must not be $DATABASE_NAME: that name has a meaning of its own." ;;
esac

case $OWNER_LOGIN$APP_LOGIN$POOLER_LOGIN in
  *[!a-z0-9_]*) fail "OWNER_LOGIN, APP_LOGIN and POOLER_LOGIN may hold lower-case letters, digits and underscores only." ;;
esac

ca=${CA_FILE:-/etc/tls/ca.crt}
if [ -r "$ca" ]; then export PGSSLROOTCERT="$ca"; fi
export PGHOST="${DATABASE_HOST:-database}" PGUSER=postgres PGPASSWORD="$ADMIN_PASSWORD" PGSSLMODE=verify-full PGCONNECT_TIMEOUT=10
# No statement, with a password in it, gets into the server's log, whatever that logs otherwise.
export PGOPTIONS="-c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic -c log_error_verbosity=terse"
exec psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --set=VERBOSITY=terse \
  --dbname=postgres --file="${SETUP_SQL:-/usr/local/share/setup.sql}"
