# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The key with which a cluster's API server encrypts Secrets before it hands them to etcd.

Minikube copies what lies in its folder ``files`` into every node before a start, and the API server's pod mounts
``/var/lib/minikube/certs`` already; so the configuration needs a file there and one option of the API server.
Format: https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/ (EncryptionConfiguration v1, provider secretbox, 32 bytes).
"""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path

from .._core.errors import Failure
from .._core.files import write_private

OPTION = "apiserver.encryption-provider-config"
PROVIDER = "secretbox"
_FOLDER = "/var/lib/minikube/certs"


def node_path(profile: str) -> str:
    """Return where the API server of a profile finds its configuration. Each profile has a file, because minikube copies all of them."""
    return f"{_FOLDER}/encryption-{profile}.json"


def host_path(minikube_home: Path, profile: str) -> Path:
    """Return the file of the same configuration on this machine; ``minikube_home`` is the folder ``.minikube``."""
    return minikube_home / "files" / node_path(profile).lstrip("/")


def configuration() -> str:
    """Return an EncryptionConfiguration with a new random key."""
    # JSON is YAML too, and needs no library. No provider `identity`: plaintext in etcd would be an error, not a fallback.
    key = {"name": "key1", "secret": base64.b64encode(secrets.token_bytes(32)).decode()}
    return json.dumps(
        {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "EncryptionConfiguration",
            "resources": [{"resources": ["secrets"], "providers": [{PROVIDER: {"keys": [key]}}]}],
        }
    )


def write_new_key(file: Path) -> None:
    """Write a configuration with a new key, readable by its owner only.

    Raises:
        Failure: The file cannot be written.
    """
    try:
        write_private(file, configuration())
    except OSError as error:
        raise Failure(f"The cluster's encryption key cannot be written to {file} ({error.strerror}): make its folder writable.") from error


def refuse_missing_key(file: Path) -> None:
    """Raise Failure when the key of an existing cluster is gone: minikube would try for eight minutes and give up."""
    if not file.is_file():
        raise Failure(
            f"The key that this cluster's Secrets are encrypted with is missing: restore {file} from a backup,"
            " or make the cluster anew, without its data, with -e minikube_recreate=true."
        )
