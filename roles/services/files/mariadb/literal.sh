#!/bin/sh
# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# literal NAME  prints the text of an environment variable as SQL has it, where a backslash is no escape. No value is on a command line.
set -eu

eval "rest=\$$1"
quoted=
while [ "${rest#*\'}" != "$rest" ]; do
  quoted=$quoted${rest%%\'*}"''"
  rest=${rest#*\'}
done
printf "'%s'" "$quoted$rest"
