#!/bin/sh
# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes the database on the first start, gives the application's role the password of the environment on every start, and
# becomes the server. The password is seen by no command line and no log.
set -eu

fail() {
  echo "database: $1" >&2
  exit 1
}

# Runs the SQL of its standard input in a server process without a network; nothing else uses the data yet.
single_user() {
  # On standard output it prints a prompt for each line; a failed statement would be logged with the password in it.
  postgres --single -j -D "$1" -c config_file=/etc/postgresql/postgresql.conf -c ssl=off \
    -c log_min_error_statement=panic -c log_min_messages=error -c exit_on_error=on "$2" >/dev/null
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

user=${POSTGRES_USER:-plannoir}
database=${POSTGRES_DB:-$user}
[ -n "${POSTGRES_PASSWORD:-}" ] || fail "POSTGRES_PASSWORD is not set; give it by a Secret."
case $user$database in *[!a-z0-9_]*) fail "POSTGRES_USER and POSTGRES_DB may hold lower-case letters, digits and underscores only." ;; esac
[ "$user" != postgres ] || fail "POSTGRES_USER must not be postgres: that is the superuser, which never logs in over the network."
for file in tls.crt tls.key; do
  [ -r "/etc/tls/$file" ] || fail "/etc/tls/$file is missing or not readable for user 10003; the server speaks TLS only."
done

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # Made beside its place and moved there, so that a killed first start leaves nothing that looks whole.
  echo "database: making a new database cluster in $PGDATA"
  rm -rf "$PGDATA.new"
  initdb --pgdata="$PGDATA.new" --username=postgres --auth=reject --encoding=UTF8 --locale-provider=builtin --locale=C.UTF-8 \
    --data-checksums --no-instructions >/dev/null || fail "initdb failed; the volume of $PGDATA must be writable for user 10003."
  single_user "$PGDATA.new" postgres <<SQL
CREATE ROLE $user LOGIN;

CREATE DATABASE $database OWNER $user;

SQL
  mv "$PGDATA.new" "$PGDATA"
fi
[ "$(read -r version <"$PGDATA/PG_VERSION" && echo "$version")" = 17 ] ||
  fail "the data in $PGDATA was written by another major version of PostgreSQL than 17; dump it with that version and restore it here."

single_user "$PGDATA" postgres <<SQL || fail "the password of role $user could not be set; does the role exist in this database?"
ALTER ROLE $user PASSWORD $(literal "$POSTGRES_PASSWORD");

SQL
unset POSTGRES_PASSWORD

exec postgres -D "$PGDATA" -c config_file=/etc/postgresql/postgresql.conf "$@"
