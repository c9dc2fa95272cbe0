# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry of images: the few requests of its API that are needed (OCI Distribution 1.1); it is never told to delete anything."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode, urljoin, urlsplit

from .authorities import bundle
from .errors import Failure
from .hosts import is_loopback
from .references import API_HOSTS, names_host, registry

REGISTRY_SPEC: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "username": {"type": "str", "default": ""},
    "password": {"type": "str", "default": "", "no_log": True},
    "ca": {"type": "str", "default": ""},
}
"""Options that plugins/doc_fragments/registry.py documents."""

NAME = re.compile(
    r"(?:(?P<host>localhost|[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+|[a-zA-Z0-9-]+(?=:)|\[[0-9a-fA-F:]+\])(?P<port>:[0-9]+)?)?"
    r"(?P<path>(?:(?:^|/)[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)"
)
"""A registry and the first part of its repositories' names, as distribution/reference reads them."""

_MANIFESTS = (
    *("application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"),
    *("application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json"),
)
_PATIENCE = 20.0
"""Seconds for each step of a connection."""
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


def name_problem(name: str) -> str:
    """Say why a text names no registry; empty where it does."""
    if "://" in name:
        return f"images_registry: {name}: leave out {name.partition('://')[0]}://, as in registry.example.org/team."
    if not name or not NAME.fullmatch(name):
        return (
            f"images_registry: {name} names no registry: write its host, its port where that is not 443, and the first part of the "
            "repositories' names in small letters, as in registry.example.org/team."
        )
    return ""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A login must not follow to another host; none of these requests is redirected by the registries that are known."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Registry:
    """A registry with a login.

    Args:
        name: Its host and the first part of its repositories' names, ``registry.example.org/team``.
        username: Of the login; empty for none.
        password: Of the login.
        ca: A file with certificate authorities, or these as text (PEM); they are trusted beside the machine's.

    Raises:
        Failure: The name or the certificate authorities cannot be used.
    """

    def __init__(self, name: str, username: str = "", password: str = "", ca: str = "") -> None:
        if problem := name_problem(name):
            raise Failure(problem)
        self.name = name
        self.host = registry(f"{name}/x")
        self.username = username
        self._password = password
        api = API_HOSTS.get(self.host, self.host)
        self._url = f"https://{api}"
        self._may_be_plain = is_loopback(urlsplit(self._url).hostname or "")
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects(), urllib.request.HTTPSHandler(context=_trust(ca))]
        if self._may_be_plain:
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Registry:
        """Return the registry that the options of ``REGISTRY_SPEC`` name."""
        return cls(*(str(given[option] or "") for option in REGISTRY_SPEC))

    @property
    def engine_login(self) -> str:
        """The login as Docker's API takes it in the header X-Registry-Auth."""
        login = {"username": self.username, "password": self._password, "serveraddress": self.host} if self.username else {}
        return base64.urlsafe_b64encode(json.dumps(login).encode()).decode()

    def digest(self, reference: str) -> str:
        """Return the digest of an image, or nothing where the registry has none of that reference.

        Raises:
            Failure: It cannot be asked.
        """
        repository, _colon, tag = self._path(reference).rpartition(":")
        headers = {"Accept": ", ".join(_MANIFESTS)}
        for method in ("HEAD", "GET"):  # few registries leave the digest out of their answer's headers
            answer = self._ask(method, f"/v2/{repository}/manifests/{tag}", headers, missing_ok=True)
            if answer is None:
                return ""
            with answer:
                if found := answer.headers.get("Docker-Content-Digest"):
                    return str(found)
                body = answer.read()
        return _digest(body)

    def tags(self, reference: str) -> list[str]:
        """Return the tags of the reference's repository; nothing where the registry does not list them."""
        repository = self._path(reference).rpartition(":")[0]
        try:
            answer = self._ask("GET", f"/v2/{repository}/tags/list", missing_ok=True)
        except Failure:  # a right of its own at some registries
            return []
        if answer is None:
            return []
        with answer:
            return sorted(json.loads(answer.read() or b"{}").get("tags") or [])

    def check(self) -> None:
        """Raise Failure where it does not answer, is not trusted or refuses the login."""
        if answer := self._ask("GET", "/v2/", missing_ok=True):
            answer.close()
            return
        raise Failure(f"images_registry: {self.host} answers, and is no registry of images: correct images_registry.")

    def check_push(self, reference: str) -> None:
        """Raise Failure where nothing may be pushed to the reference's repository: an upload is begun, and given up again."""
        repository = self._path(reference).rpartition(":")[0]
        answer = self._ask("POST", f"/v2/{repository}/blobs/uploads/", missing_ok=True)
        if answer is None:
            raise Failure(
                f"images_registry: {self.host} has no place for a repository {repository}: make it or its project there, or correct "
                "images_registry."
            )
        with answer:
            location = answer.headers.get("Location")
        if location:
            try:
                self._ask("DELETE", urljoin(f"{self._url}/", location), missing_ok=True)
            except Failure:
                return  # it gives up by itself what nobody goes on with

    def put_image(self, repository: str, platform: str) -> str:
        """Push an image that holds nothing, of some 600 bytes and without a tag, and return its reference by digest.

        Args:
            repository: As a reference has it, without a tag.
            platform: What it is for, such as ``linux/amd64``.

        Raises:
            Failure: It is refused.
        """
        path, (system, machine) = f"/v2/{self._path(repository)}", platform.split("/")
        layer = bytes(1024)  # the end of an archive, and nothing before it
        config = {
            "architecture": machine,
            "os": system,
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
        blobs = (json.dumps(config).encode(), gzip.compress(layer, mtime=0))
        kinds = ("config.v1+json", "layer.v1.tar+gzip")
        described, layers = (
            {"mediaType": f"application/vnd.oci.image.{kind}", "digest": _digest(blob), "size": len(blob)}
            for kind, blob in zip(kinds, blobs, strict=True)
        )
        for blob in blobs:
            with self._asked("POST", f"{path}/blobs/uploads/") as answer:
                location = urljoin(f"{self._url}/", str(answer.headers.get("Location")))
            query = urlencode({"digest": _digest(blob)})
            self._asked("PUT", f"{location}{'&' if '?' in location else '?'}{query}", data=blob).close()
        kind = "application/vnd.oci.image.manifest.v1+json"
        manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": described, "layers": [layers]}).encode()
        self._asked("PUT", f"{path}/manifests/{_digest(manifest)}", {"Content-Type": kind}, manifest).close()
        return f"{repository}@{_digest(manifest)}"

    def _asked(self, method: str, path: str, headers: Mapping[str, str] | None = None, data: bytes = b"") -> HTTPResponse:
        # Only what may be missing has no answer.
        return cast(HTTPResponse, self._ask(method, path, {"Content-Type": "application/octet-stream", **(headers or {})}, data=data))

    def _path(self, reference: str) -> str:
        head, _slash, rest = reference.partition("/")
        return rest if names_host(head) else reference

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, *, missing_ok: bool = False, data: bytes = b""
    ) -> HTTPResponse | None:
        url = path if "://" in path else f"{self._url}{path}"
        login = self._basic() if self.username and _same_host(url, self._url) else ""
        try:
            try:
                return self._open(method, url, headers, login, data)
            except urllib.error.HTTPError as error:
                challenge = error.headers.get("WWW-Authenticate", "")
                if error.code != 401 or not challenge.lower().startswith("bearer"):
                    raise
                return self._open(method, url, headers, f"Bearer {self._token(challenge)}", data)
        except urllib.error.HTTPError as error:
            if error.code == 404 and missing_ok:
                return None
            raise Failure(self._refused(error, method)) from None
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            if self._may_be_plain and isinstance(reason, ssl.SSLError) and "WRONG_VERSION" in str(reason) and url.startswith("https:"):
                self._url = self._url.replace("https:", "http:", 1)  # on this machine itself, where Docker does without TLS, too
                return self._ask(method, path.replace("https:", "http:", 1), headers, missing_ok=missing_ok, data=data)
            raise Failure(self._unreached(reason)) from None

    def _open(self, method: str, url: str, headers: Mapping[str, str] | None, login: str, data: bytes = b"") -> HTTPResponse:
        more = {"Authorization": login} if login else {}
        body = data if method in ("POST", "PUT") else None
        request = urllib.request.Request(
            url, data=body, headers={"User-Agent": "plannoir.deploy", **(headers or {}), **more}, method=method
        )
        answer: HTTPResponse = self._opener.open(request, timeout=_PATIENCE)
        return answer

    def _basic(self) -> str:
        return f"Basic {base64.b64encode(f'{self.username}:{self._password}'.encode()).decode()}"

    def _token(self, challenge: str) -> str:
        """Return a token for what a challenge asks for, from the server that it names."""
        asked = dict(_PARAMETER.findall(challenge))
        realm = asked.pop("realm", "")
        if not realm.startswith("https:") and not self._url.startswith("http:"):
            raise Failure(f"images_registry: {self.host} wants the login to be sent without TLS, to {realm}: correct images_registry.")
        query = urlencode({key: asked[key] for key in ("service", "scope") if key in asked})
        with self._open("GET", f"{realm}?{query}", None, self._basic() if self.username else "") as answer:
            found = json.loads(answer.read())
        return str(found.get("token") or found.get("access_token") or "")

    def _refused(self, error: urllib.error.HTTPError, method: str) -> str:
        said = _said(error)
        if error.code in (401, 403):
            if not self.username:
                return (
                    f"images_registry: {self.host} wants a login{said}: give images_registry_credentials, whose password belongs into the "
                    "vault."
                )
            if error.code == 401 and not error.headers.get("WWW-Authenticate", "").lower().startswith("bearer"):
                return (
                    f"images_registry: {self.host} refuses the login of {self.username}{said}: correct images_registry_credentials; the "
                    "password stands in the vault."
                )
            what = "push to" if method in ("POST", "PUT") else "read"
            return (
                f"images_registry: {self.host} does not let {self.username} {what} {self.name}{said}: give this account the right to, or "
                "correct images_registry and images_registry_credentials."
            )
        return f"images_registry: {self.host} answers {error.code}{said}: correct images_registry, or see its log."

    def _unreached(self, reason: Any) -> str:
        if isinstance(reason, ssl.SSLCertVerificationError):
            return (
                f"images_registry: the certificate of {self.host} is not trusted ({reason.verify_message}): name the file of its authority "
                "in images_registry_ca, or the host that the certificate is for in images_registry."
            )
        if isinstance(reason, ssl.SSLError):
            return f"images_registry: {self.host} speaks no TLS ({reason.reason}): name its port of HTTPS in images_registry."
        return (
            f"images_registry: {self.host} does not answer ({getattr(reason, 'strerror', None) or reason}): start it, or correct "
            "images_registry."
        )


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _same_host(one: str, other: str) -> bool:
    return urlsplit(one).netloc == urlsplit(other).netloc


def _said(error: urllib.error.HTTPError) -> str:
    """Return the registry's own words, in brackets."""
    try:
        words = str(json.loads(error.read())["errors"][0]["message"])
    except (OSError, ValueError, KeyError, IndexError, TypeError, HTTPException):
        return ""
    return f" ({words[:200]})"


def _trust(ca: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=bundle(os.environ) or None)
    if not ca:
        return context
    try:
        if "-----BEGIN" in ca:
            context.load_verify_locations(cadata=ca)
        else:
            context.load_verify_locations(cafile=str(Path(ca).expanduser()))
    except (OSError, ValueError) as error:
        what = "its text" if "-----BEGIN" in ca else ca
        why = getattr(error, "strerror", None) or error
        raise Failure(
            f"images_registry_ca: {what} holds no certificate that can be read ({why}): name a file with the certificate of the registry's "
            "authority (PEM), or write that itself."
        ) from None
    return context
