# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The databases that trials are made on: a server of the embedded service's own image, which goes with the trial's pod."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_POSTGRESQL = r"""
initdb --pgdata=/data/pg --username=trial --auth=trust --encoding=UTF8 --locale-provider=builtin --locale=C.UTF-8 --no-sync \
  --no-instructions > /dev/null
printf 'CREATE DATABASE one;\n\nCREATE DATABASE two;\n\n' | postgres --single -j -D /data/pg postgres > /dev/null
exec postgres -D /data/pg -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off
"""

# The login has the rights that an owner has at the service, of these two databases alone. The statements run before the first client does.
_MARIADB = r"""
mkdir /data/db
mariadbd --no-defaults --bootstrap --datadir=/data/db --tmpdir=/data --silent-startup --log-warnings=0 --innodb-buffer-pool-size=16M \
  --innodb-log-file-size=48M --max-allowed-packet=8M </usr/share/system.sql >/dev/null
printf '%s\n' 'CREATE DATABASE one;' 'CREATE DATABASE two;' "CREATE USER trial@'%' IDENTIFIED BY 'trial';" \
  "GRANT ALL PRIVILEGES ON one.* TO trial@'%';" "GRANT ALL PRIVILEGES ON two.* TO trial@'%';" >/data/init.sql
exec mariadbd --no-defaults --datadir=/data/db --tmpdir=/data --socket=/data/socket --pid-file=/data/pid --bind-address=127.0.0.1 \
  --skip-name-resolve --init-file=/data/init.sql --innodb-buffer-pool-size=32M --innodb-flush-log-at-trx-commit=0 --log-warnings=1
"""


@dataclass(frozen=True)
class Scratch:
    """A kind of database: what it speaks, where it listens in the pod, its address with ``{host}`` and ``{database}``, and its server.

    Attributes:
        protocol: A key of ``PROTOCOLS``.
        port: On the loopback, which the pod's containers share.
        address: In the service's own spelling; without TLS, which a loopback needs none of.
        user: Number of the image's user.
        server: A shell script: makes the databases ``one`` and ``two`` below /data and becomes the server.
    """

    protocol: str
    port: int
    address: str
    user: int = 0
    server: str = ""

    def present(self, database: str) -> str:
        return self.address.format(host=f"127.0.0.1:{self.port}", database=database)

    @property
    def away(self) -> str:
        """An address at which nobody answers."""
        return self.address.format(host="127.0.0.1:9", database="one")


SCRATCH: Mapping[str, Scratch] = {
    "postgresql": Scratch("postgresql", 5432, "postgresql://trial:trial@{host}/{database}?sslmode=disable", 10003, _POSTGRESQL),
    "mariadb": Scratch("mysql", 3306, "mysql://trial:trial@{host}/{database}?ssl-mode=DISABLED", 10008, _MARIADB),
}
"""By the service."""

ABSENT: Mapping[str, Scratch] = {
    "redis": Scratch("redis", 6379, "redis://{host}/0"),
    "mail": Scratch("smtp", 25, "smtp://{host}"),
}
"""Services of which no server is there in a trial, so that a client is told its address and nothing answers."""
