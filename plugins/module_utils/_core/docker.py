# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Docker Engine: the few calls of its API that are needed, with the standard library alone.

The Docker SDK takes half a second to import; this is what keeps a run that has nothing to build short.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from .docker_client import certificates
from .errors import Failure

DEFAULT_HOST = "unix:///var/run/docker.sock"


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Docker:
    """A Docker Engine, found as the docker client finds it.

    Args:
        environment: Where DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH are looked up.
        timeout: Seconds to wait for each answer.
    """

    def __init__(self, environment: Mapping[str, str], timeout: float = 60) -> None:
        self.host = environment.get("DOCKER_HOST") or DEFAULT_HOST
        self._certificates = certificates(environment)
        self._timeout = timeout

    @classmethod
    def at(cls, host: str) -> Docker:
        """Return the engine at an address; for an empty one that of the docker client, which may follow a context."""
        from .process import output  # the plan of the images, which each run makes, does without

        host = host or output(["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]).strip()
        return cls({**os.environ, **({"DOCKER_HOST": host} if host else {})})

    @property
    def client(self) -> dict[str, str]:
        """Environment in which the docker client speaks to this engine."""
        return {"DOCKER_HOST": self.host}

    def labels(self, *references: str) -> dict[str, dict[str, str]]:
        """Return the labels of those of the images that the engine has."""
        found = {reference: self._json("GET", f"/images/{quote(reference)}/json", missing_ok=True) for reference in references}
        return {reference: (image.get("Config") or {}).get("Labels") or {} for reference, image in found.items() if image}

    def images(self) -> list[dict[str, Any]]:
        """Return the images, each with ``Id``, ``RepoTags`` and ``Created`` (seconds since the epoch)."""
        return list(self._json("GET", "/images/json"))

    def image_id(self, reference: str) -> str | None:
        """Return the id of an image, or ``None`` when the engine has none of that reference."""
        image = self._json("GET", f"/images/{quote(reference)}/json", missing_ok=True)
        return str(image["Id"]) if image else None

    def used_image_ids(self) -> set[str]:
        """Return the ids of the images that containers use, running or not."""
        return {container["ImageID"] for container in self._json("GET", "/containers/json?all=1")}

    def remove_image(self, reference: str) -> None:
        """Remove a tag, and the image when that was its last; one that is gone already is fine."""
        self._json("DELETE", f"/images/{quote(reference)}", missing_ok=True)

    def prune_dangling(self, label: str) -> int:
        """Remove images without a tag that carry a label (``key=value``); return the bytes that became free."""
        filters = json.dumps({"dangling": ["true"], "label": [label]})
        return int(self._json("POST", f"/images/prune?{urlencode({'filters': filters})}")["SpaceReclaimed"])

    def prune_build_cache(self, keep: int) -> tuple[int, list[str]]:
        """Remove the oldest build layers beyond ``keep`` bytes; return the bytes that became free, and what made them, largest first."""
        layers = {layer["ID"]: layer for layer in (self._json("GET", "/system/df?type=build-cache") or {}).get("BuildCache") or []}
        answer = self._json("POST", f"/build/prune?{urlencode({'keep-storage': keep, 'all': 1})}")
        removed = [layers[name] for name in answer.get("CachesDeleted") or [] if name in layers]
        removed.sort(key=lambda layer: int(layer["Size"]), reverse=True)
        return int(answer["SpaceReclaimed"]), [str(layer["Description"]) for layer in removed]

    def image(self, reference: str) -> dict[str, Any]:
        """Return what the engine knows of an image: ``Id``, ``RootFS``, ``Config`` and more."""
        return dict(self._json("GET", f"/images/{quote(reference)}/json"))

    def answers(self) -> bool:
        """Return whether the engine is there."""
        try:
            self.information()
        except Failure:
            return False
        return True

    def information(self) -> dict[str, Any]:
        """Return what the engine says of itself, such as ``DockerRootDir`` and ``Driver``."""
        return dict(self._json("GET", "/info"))

    def mirrors(self) -> list[str]:
        """Return the mirrors of Docker Hub that the engine asks first."""
        return list((self.information().get("RegistryConfig") or {}).get("Mirrors") or [])

    def saved(self, references: Sequence[str]) -> http.client.HTTPResponse:
        """Return a stream of the images as ``docker save`` writes them; what they share stands in it once."""
        return self._request("GET", f"/images/get?{urlencode({'names': references}, doseq=True)}")

    def copy_images(self, references: Sequence[str], target: Docker) -> None:
        """Stream images to another engine, without a file in between."""
        source = self.saved(references)
        # http.client sends a body of unknown length in chunks, as it reads it.
        answer = target._request("POST", "/images/load?quiet=1", source, {"Content-Type": "application/x-tar"}).read()
        for line in answer.splitlines():
            if b'"error"' in line:
                raise Failure(f"{target.host} did not take {' and '.join(references)}: {json.loads(line)['error']}.")

    def platform(self) -> str:
        """Return what images are built for here, such as ``linux/amd64``."""
        found = self._json("GET", "/version")
        return f"{found['Os']}/{found['Arch']}"

    def distrust(self, reference: str, login: str) -> str:
        """Return why the engine does not trust the certificate of a reference's registry; nothing where it does.

        Args:
            reference: What would be pushed; it need not be there.
            login: As ``Registry.engine_login``.
        """
        try:
            self._request("GET", f"/distribution/{quote(reference)}/json", headers={"X-Registry-Auth": login}).read()
        except Failure as error:
            return str(error)[str(error).index("x509: ") :].rstrip(".") if "x509: " in str(error) else ""
        return ""

    def push(self, reference: str, login: str, look: Callable[[dict[str, dict[str, int]]], None]) -> str:
        """Push an image to the registry of its reference; layers that are there are not sent again.

        Args:
            reference: With its tag.
            login: As ``Registry.engine_login``.
            look: Takes, again and again, layer -> what of it is done: ``current`` and ``total`` bytes of those that are sent.

        Returns:
            The image's digest there.

        Raises:
            Failure: The engine or the registry refuses.
        """
        name, _colon, tag = reference.rpartition(":")
        layers: dict[str, dict[str, int]] = {}
        digest = ""
        path = f"/images/{quote(name)}/push?{urlencode({'tag': tag})}"
        # Each line is an object; the answer begins at once and ends with the push.
        for line in self._request("POST", path, headers={"X-Registry-Auth": login}):
            told = json.loads(line)
            if "error" in told:
                raise Failure(str(told["error"]))
            digest = (told.get("aux") or {}).get("Digest") or digest
            if progress := told.get("progressDetail"):
                layers[told["id"]] = progress
                look(layers)
        return str(digest)

    def _json(self, method: str, path: str, *, missing_ok: bool = False) -> Any:
        response = self._request(method, path, missing_ok=missing_ok)
        body = response.read()
        return None if response.status == http.client.NOT_FOUND else json.loads(body or "null")

    def _request(
        self,
        method: str,
        path: str,
        body: http.client.HTTPResponse | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        missing_ok: bool = False,
    ) -> http.client.HTTPResponse:
        connection = self._connection()
        connection.blocksize = 1 << 20
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
        except OSError as error:
            raise Failure(f"The Docker Engine at {self.host} does not answer ({error}): start it, or its cluster, again.") from error
        if response.status >= 400 and not (missing_ok and response.status == http.client.NOT_FOUND):
            raise Failure(f"The Docker Engine at {self.host} refused {method} {path}: {_message(response.read())}.")
        return response

    def _connection(self) -> http.client.HTTPConnection:
        address = urlsplit(self.host)
        if address.scheme == "unix":
            return _UnixConnection(address.path, self._timeout)
        if address.scheme not in ("tcp", "http", "https") or not address.hostname:
            raise Failure(f"DOCKER_HOST {self.host} is not supported: use unix:// or tcp://.")
        if not self._certificates:
            return http.client.HTTPConnection(address.hostname, address.port or 2375, timeout=self._timeout)
        folder = self._certificates
        try:
            tls = ssl.create_default_context(cafile=str(folder / "ca.pem"))
            if (folder / "cert.pem").exists():
                tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        except OSError as error:
            raise Failure(f"The certificates of the Docker Engine in {folder} cannot be used ({error}).") from error
        return http.client.HTTPSConnection(address.hostname, address.port or 2376, timeout=self._timeout, context=tls)


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"]).rstrip(".")
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")[:200]
