# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the docker client has its settings and certificates, and the credential helpers that its settings name.

Tried with the docker client 28.2: any text in DOCKER_TLS_VERIFY counts, also 0; ca.pem has to be there then, cert.pem and key.pem not.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .references import DOCKER_HUB

_HUB_LOGINS = ("https://index.docker.io/v1/", "index.docker.io", DOCKER_HUB)
"""What Docker Hub is called among logins."""


def settings_file(environment: Mapping[str, str]) -> Path:
    """Return the client's config.json, which need not be there."""
    return Path(environment.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"


def certificates(environment: Mapping[str, str]) -> Path | None:
    """Return the folder of the certificates that the client takes, or nothing where it speaks without TLS."""
    if not environment.get("DOCKER_TLS_VERIFY"):
        return None
    return Path(environment.get("DOCKER_CERT_PATH") or settings_file(environment).parent)


def follows_context(environment: Mapping[str, str]) -> bool:
    """Tell whether a context says where the engine is, so that the variables for TLS do not count."""
    context = environment.get("DOCKER_CONTEXT") or _settings(environment).get("currentContext") or "default"
    return not environment.get("DOCKER_HOST") and context != "default"


def missing_helper(registry: str, environment: Mapping[str, str]) -> str:
    """Say that the program which the client asks for a registry's credentials is not there; empty when it is, or none is asked."""
    settings = _settings(environment)
    logins = _HUB_LOGINS if registry in (*_HUB_LOGINS, "registry-1.docker.io") else (registry,)
    helpers = settings.get("credHelpers") or {}
    own = next((str(helpers[login]) for login in logins if login in helpers), "")
    name, key = (own, "credHelpers") if own else (str(settings.get("credsStore") or ""), "credsStore")
    program = f"docker-credential-{name}"
    if not name or shutil.which(program, path=environment.get("PATH")):
        return ""
    return f'{settings_file(environment)} names {program}, which is not on PATH: install it, or take "{key}" out of that file'


def _settings(environment: Mapping[str, str]) -> dict[str, Any]:
    try:
        found = json.loads(settings_file(environment).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
