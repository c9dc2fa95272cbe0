#!/bin/sh
# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes the database cluster on the first start, gives the superuser the password of the environment on every start, and becomes
# the server. Databases and all other roles are made by setup.sh. The password is seen by no command line and no log.
set -eu

fail() {
  echo "database: $1" >&2
  exit 1
}

# SQL literal of a text.
literal() {
  rest=$1 quoted=
  while [ "${rest#*\'}" != "$rest" ]; do
    quoted=$quoted${rest%%\'*}"''"
    rest=${rest#*\'}
  done
  printf "'%s'" "$quoted$rest"
}

[ -n "${POSTGRES_PASSWORD:-}" ] || fail "POSTGRES_PASSWORD is not set; give it by a Secret."
for file in tls.crt tls.key; do
  [ -r "/etc/tls/$file" ] || fail "/etc/tls/$file is missing or not readable for user 10003; the server speaks TLS only."
done

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # Made beside its place and moved there, so that a killed first start leaves nothing that looks whole.
  echo "database: making a new database cluster in $PGDATA"
  rm -rf "$PGDATA.new"
  initdb --pgdata="$PGDATA.new" --username=postgres --auth=reject --encoding=UTF8 --locale-provider=builtin --locale=C.UTF-8 \
    --data-checksums --no-instructions >/dev/null || fail "initdb failed; the volume of $PGDATA must be writable for user 10003."
  mv "$PGDATA.new" "$PGDATA"
fi
[ "$(read -r version <"$PGDATA/PG_VERSION" && echo "$version")" = 17 ] ||
  fail "the data in $PGDATA was written by another major version of PostgreSQL than 17; dump it with that version and restore it here."

# A server process without a network; nothing else uses the data yet. On standard output it prints a prompt for each line; a failed
# statement would be logged with the password in it.
postgres --single -j -D "$PGDATA" -c config_file=/etc/postgresql/postgresql.conf -c ssl=off \
  -c log_min_error_statement=panic -c log_min_messages=error -c exit_on_error=on postgres >/dev/null <<SQL || fail "the password of role postgres could not be set."
ALTER ROLE postgres PASSWORD $(literal "$POSTGRES_PASSWORD");

SQL
unset POSTGRES_PASSWORD

exec postgres -D "$PGDATA" -c config_file=/etc/postgresql/postgresql.conf "$@"
