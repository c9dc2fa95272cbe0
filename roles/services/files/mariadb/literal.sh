# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# SQL literal of a text, where a backslash is no escape.
literal() {
  rest=$1 quoted=
  while [ "${rest#*\'}" != "$rest" ]; do
    quoted=$quoted${rest%%\'*}"''"
    rest=${rest#*\'}
  done
  printf "'%s'" "$quoted$rest"
}
