#!/bin/sh
# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# end-logins GRACE LOGIN...  ends every other login of the roles that these logins are members of, after GRACE, an interval of
# PostgreSQL's such as '5 minutes'. It runs in the server's own container, where the socket needs no password.
set -eu

[ $# -ge 2 ] || {
  echo "end-logins: name the time that other logins have left and the logins that stay" >&2
  exit 1
}
grace=$1
shift
logins=
for login in "$@"; do
  case $login in
    *[!a-z0-9_]*) echo "end-logins: $login is no login of ours (lower-case letters, digits, underscores)" >&2 && exit 1 ;;
  esac
  logins=$logins${logins:+,}$login
done
exec psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --set=VERBOSITY=terse \
  --set=grace="$grace" --set=logins="{$logins}" --dbname=postgres --file="${END_LOGINS_SQL:-/usr/local/share/end-logins.sql}"
