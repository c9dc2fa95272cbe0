# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate authorities that this machine trusts, as one file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables of the environment that name a bundle, the first that does wins."""

BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem")
"""The distributions' bundles."""


def named_bundle(environment: Mapping[str, str]) -> str:
    """Return the bundle that the environment names, or nothing."""
    return _first(environment.get(variable, "") for variable in VARIABLES)


def system_bundle() -> str:
    """Return the distribution's bundle, or nothing."""
    return _first(BUNDLES)


def bundle(environment: Mapping[str, str]) -> str:
    """Return the bundle that holds here: the one that the environment names, or else the distribution's; or nothing."""
    return named_bundle(environment) or system_bundle()


def _first(paths: Iterable[str]) -> str:
    return next((path for path in paths if path and Path(path).is_file()), "")
