#!/bin/sh
# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# end-logins SECONDS OWNER_LOGIN APP_LOGIN  ends every other login of the same two kinds, after so many seconds. It runs in the server's own
# container, where the socket needs no password.
set -eu

[ $# -eq 3 ] || {
  echo "end-logins: name the seconds that other logins have left, the owner's login and the application's" >&2
  exit 1
}
case $1 in '' | *[!0-9]*) echo "end-logins: $1 is no number of seconds" >&2 && exit 1 ;; esac
for login in "$2" "$3"; do
  case $login in
    *[!a-z0-9_]*) echo "end-logins: $login is no login of ours (lower-case letters, digits, underscores)" >&2 && exit 1 ;;
  esac
done
said=$(mariadb --connect-timeout=10 --abort-source-on-error 2>&1 <<SQL
SET @grace = $1, @owner_login = '$2', @app_login = '$3';
source /usr/local/share/end-logins.sql
SQL
) || { echo "end-logins: ${said##*ERROR }" >&2 && exit 1; }
