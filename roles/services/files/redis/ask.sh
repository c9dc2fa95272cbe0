#!/bin/sh
# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ask COMMAND...  sends a command to the server as the user admin, by the socket in its own container.
REDISCLI_AUTH=$ADMIN_PASSWORD exec valkey-cli -s /tmp/valkey.sock -t 2 --no-auth-warning --user admin "$@"
