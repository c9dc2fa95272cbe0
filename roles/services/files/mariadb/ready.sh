#!/bin/sh
# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Whether the server answers, which it does once its data is recovered.
exec mariadb --connect-timeout=2 --execute='DO 1'
