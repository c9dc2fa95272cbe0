# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the environment says of the engine, and where it leads to one that cannot run a cluster."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from .._core.docker_client import certificates, follows_context

_TLS_PORT = 2376
_BACK = "run `unset {}` and this again"


def environment_problems(environment: Mapping[str, str]) -> Iterator[str]:
    """Say why the engine that DOCKER_HOST and the like name is not this machine's own, as a cluster and its images need it.

    Args:
        environment: The variables of the process; an empty one counts as absent, as for docker.
    """
    host, certificates = environment.get("DOCKER_HOST", ""), environment.get("DOCKER_CERT_PATH", "")
    profile = environment.get("MINIKUBE_ACTIVE_DOCKERD", "")
    scheme, address = host.partition("://")[::2]
    if host and (profile or (Path(certificates).parent.name == ".minikube" and scheme != "unix")):
        whose = f" of the profile {profile}" if profile else ""
        yield (
            f"DOCKER_HOST is {host}, the engine inside a cluster's node{whose}, as `eval $(minikube docker-env)` sets it; the cluster "
            f"itself would be built in there: {_BACK.format('DOCKER_HOST DOCKER_TLS_VERIFY DOCKER_CERT_PATH MINIKUBE_ACTIVE_DOCKERD')}."
        )
    elif host and scheme not in ("unix", "tcp", "http", "https"):
        yield (
            f"DOCKER_HOST is {host}, and only unix:// and tcp:// are supported: name the engine's socket, or {_BACK.format('DOCKER_HOST')}."
        )
    elif scheme not in ("", "unix") and not _is_here(urlsplit(host).hostname or ""):
        yield (
            f"DOCKER_HOST is {host}, the engine of another machine ({address}), where the cluster's ports would be published, too: run "
            f"this on that machine, or {_BACK.format('DOCKER_HOST')}."
        )
    else:
        yield from _tls_problems(environment, urlsplit(host) if scheme == "tcp" else None)


def _tls_problems(environment: Mapping[str, str], address: SplitResult | None) -> Iterator[str]:
    """Say where DOCKER_TLS_VERIFY and DOCKER_CERT_PATH do not fit each other, or the engine's address."""
    folder = certificates(environment)
    if folder and not follows_context(environment) and not (folder / "ca.pem").is_file():
        yield (
            f"DOCKER_TLS_VERIFY is set (any text counts, also 0), and {folder} has no ca.pem, so that docker does not even start: name the "
            f"folder of the engine's certificates in DOCKER_CERT_PATH, or {_BACK.format('DOCKER_TLS_VERIFY DOCKER_CERT_PATH')}."
        )
    elif not folder and address and address.port == _TLS_PORT and environment.get("DOCKER_CERT_PATH") and not environment.get("DOCKER_TLS"):
        yield (
            f"DOCKER_HOST is {address.geturl()}, where engines speak TLS, but without DOCKER_TLS_VERIFY docker does not use the "
            "certificates in DOCKER_CERT_PATH: run `export DOCKER_TLS_VERIFY=1` and this again."
        )


def _is_here(name: str) -> bool:
    """Tell whether an address is one of this machine's: only then can something listen on it."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(name, 0, type=socket.SOCK_STREAM)[0]
        with closing(socket.socket(family, kind, protocol)) as probe:
            probe.bind(address)
    except OSError:
        return False
    return True
