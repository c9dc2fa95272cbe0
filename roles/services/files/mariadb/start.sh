#!/bin/sh
# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes the system tables on the first start, gives the user admin the password of the environment on every start, and becomes the server.
# The database and its logins are made by setup.sh. The password is seen by no command line, no file and no log.
set -eu

fail() {
  echo "mariadb: $1" >&2
  exit 1
}

[ -n "${ADMIN_PASSWORD:-}" ] || fail "ADMIN_PASSWORD is not set; give it by a Secret."
for file in tls.crt tls.key; do
  [ -r "/etc/tls/$file" ] || fail "/etc/tls/$file is missing or not readable for user 10008; the server speaks TLS."
done

data=/var/lib/mysql/data
if [ ! -d "$data/mysql" ]; then
  # Made beside its place and moved there, so that a killed first start leaves nothing that looks whole.
  echo "mariadb: making new system tables in $data"
  rm -rf "$data.new"
  mkdir "$data.new" || fail "the volume of /var/lib/mysql must be writable for user 10008."
  mariadbd --no-defaults --bootstrap --datadir="$data.new" --tmpdir=/tmp --silent-startup --log-warnings=0 --innodb-buffer-pool-size=16M \
    --innodb-log-file-size=48M --max-allowed-packet=8M </usr/share/system.sql >/dev/null ||
    fail "the system tables could not be made."
  mv "$data.new" "$data"
fi

password=$(literal ADMIN_PASSWORD)
unset ADMIN_PASSWORD
# Each statement is one line. They come through a pipe, before the first client does.
exec mariadbd --init-file=/dev/fd/3 "$@" 3<<SQL
SET sql_mode = 'NO_BACKSLASH_ESCAPES';
CREATE OR REPLACE USER admin@'%' IDENTIFIED BY $password REQUIRE SSL;
GRANT ALL PRIVILEGES ON *.* TO admin@'%' WITH GRANT OPTION;
SQL
