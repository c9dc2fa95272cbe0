#!/bin/sh
# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Brings the database and the logins of a running server to what setup.sql says, as its user admin and over verified TLS.
set -eu

fail() {
  echo "setup: $1" >&2
  exit 1
}

for name in DATABASE_NAME OWNER_LOGIN APP_LOGIN ADMIN_PASSWORD OWNER_PASSWORD APP_PASSWORD; do
  eval "[ -n \"\${$name:-}\" ]" || fail "$name is not set; give it by setup.env or, a password, by setup.secret_env."
done
case $DATABASE_NAME$OWNER_LOGIN$APP_LOGIN in
  *[!a-z0-9_]*) fail "DATABASE_NAME, OWNER_LOGIN and APP_LOGIN may hold lower-case letters, digits and underscores only." ;;
esac

# What the client says of an error begins with the statement, in which a password may stand.
said=$(MYSQL_PWD=$ADMIN_PASSWORD mariadb --no-defaults --host="${DATABASE_HOST:-mariadb}" --user=admin --connect-timeout=10 \
  --ssl-ca=/etc/tls/ca.crt --ssl-verify-server-cert --batch --skip-column-names --abort-source-on-error 2>&1 <<SQL
SET sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES');
SET @database_name = '$DATABASE_NAME', @owner_login = '$OWNER_LOGIN', @app_login = '$APP_LOGIN';
SET @owner_password = $(literal OWNER_PASSWORD), @app_password = $(literal APP_PASSWORD);
SET sql_mode = DEFAULT;
source /usr/local/share/setup.sql
SQL
) || fail "the server refused: ${said##*ERROR }"
echo "setup: $said"
