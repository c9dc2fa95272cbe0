#!/bin/sh
# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Ends every password of the application's user but for the newest. It runs in the server's own container.
set -eu

newest=$(ask ACL LIST | while read -r _user name words; do
  [ "$name" = newest ] || continue
  for word in $words; do
    case $word in '#'* | nopass) printf '%s\n' "$word" ;; esac
  done
done)
case $newest in '#'????????* | nopass) ;; *) echo "end-passwords: there is no newest password: nothing was ended" >&2 && exit 1 ;; esac
[ "$(ask ACL SETUSER default resetpass "$newest")" = OK ]
[ "$(ask ACL SAVE)" = OK ]
