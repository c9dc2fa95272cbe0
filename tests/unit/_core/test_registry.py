# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry's API, asked over HTTP on this machine: logins, tokens, what is missing and what is refused."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.registry import Registry, name_problem
from ansible_collections.plannoir.deploy.plugins.module_utils._images.push import by_digest, digests

PASSWORD = "colon:and=ü"
BASIC = f"Basic {base64.b64encode(f'joe:{PASSWORD}'.encode()).decode()}"
DIGEST = f"sha256:{'a' * 64}"


class Handler(BaseHTTPRequestHandler):
    """Has the repository team/shop-web with the tag 1; a bearer's token is given for joe's login."""

    scheme = "Basic"
    may_push = True
    asked: list[tuple[str, str]]

    def do_HEAD(self) -> None:
        self._any()

    def do_GET(self) -> None:
        self._any()

    def do_POST(self) -> None:
        self._any()

    def do_PUT(self) -> None:
        self._any()

    def do_DELETE(self) -> None:
        self._any()

    def _any(self) -> None:
        self.asked.append((self.command, self.path))
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        given = self.headers.get("Authorization", "")
        if self.path.startswith("/token"):
            return self._answer(200, {"token": "t"}) if given == BASIC else self._answer(401, {})
        if given != (BASIC if self.scheme == "Basic" else "Bearer t"):
            realm = f'Bearer realm="http://{self.headers["Host"]}/token",service="s",scope="repository:team/shop-web:pull,push"'
            return self._answer(401, {}, {"WWW-Authenticate": realm if self.scheme == "Bearer" else 'Basic realm="x"'})
        if self.command == "POST":
            location = {"Location": "/v2/team/shop-web/blobs/uploads/7?_state=x"}
            return self._answer(202, {}, location) if self.may_push else self._answer(403, {"errors": [{"message": "read only"}]})
        if self.command == "PUT":
            digest = unquote(self.path).rpartition("sha256:")[2]
            return self._answer(201 if hashlib.sha256(content).hexdigest() == digest else 400, {})
        if self.command == "DELETE" or self.path == "/v2/":
            return self._answer(204, {})
        if self.path == "/v2/team/shop-web/manifests/1":
            return self._answer(200, {}, {"Docker-Content-Digest": DIGEST})
        if self.path == "/v2/team/shop-web/tags/list":
            return self._answer(200, {"tags": ["2", "1"]})
        return self._answer(404, {})

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for key, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(content)

    def log_message(self, *arguments: Any) -> None:
        pass


@contextlib.contextmanager
def serving(**attributes: Any) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    asked: list[tuple[str, str]] = []
    handler = type("Own", (Handler,), {"asked": asked, **attributes})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}/team", asked
        server.shutdown()


@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
def test_a_login_by_either_scheme_reads_digests_and_may_push(scheme: str) -> None:
    with serving(scheme=scheme) as (name, asked):
        registry = Registry(name, "joe", PASSWORD)
        registry.check()
        assert digests([f"{name}/shop-web:1", f"{name}/shop-web:2"], registry) == {f"{name}/shop-web:1": DIGEST, f"{name}/shop-web:2": ""}
        assert registry.tags(f"{name}/shop-web:1") == ["1", "2"]
        registry.check_push(f"{name}/shop-web:2")
    # The upload that was begun is given up, and nothing else is deleted.
    assert {path for method, path in asked if method == "DELETE"} == {"/v2/team/shop-web/blobs/uploads/7?_state=x"}


@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
def test_a_login_that_is_wrong_or_lacking_is_named(scheme: str) -> None:
    with serving(scheme=scheme) as (name, _asked):
        with pytest.raises(Failure, match="refuses the login of joe"):
            Registry(name, "joe", "wrong").check()
        with pytest.raises(Failure, match="wants a login"):
            Registry(name).digest(f"{name}/shop-web:1")


@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
def test_an_image_that_holds_nothing_is_pushed_by_its_digest(scheme: str) -> None:
    with serving(scheme=scheme) as (name, asked):
        reference = Registry(name, "joe", PASSWORD).put_image(f"{name}/shop-web", "linux/arm64")
        other = Registry(name, "joe", PASSWORD).put_image(f"{name}/shop-web", "linux/amd64")
    assert reference.startswith(f"{name}/shop-web@sha256:")
    assert reference != other
    assert ("PUT", f"/v2/team/shop-web/manifests/{reference.rpartition('@')[2]}") in asked
    assert len([path for method, path in asked if method == "PUT" and "/uploads/7?_state=x&digest=" in path]) >= 4


def test_an_account_that_may_only_read_is_named_before_anything_is_built() -> None:
    with serving(may_push=False) as (name, _asked), pytest.raises(Failure, match=r"does not let joe push to .*\(read only\)"):
        Registry(name, "joe", PASSWORD).check_push(f"{name}/shop-web:2")


def test_a_server_that_is_no_registry_and_one_that_is_not_there_are_told_apart() -> None:
    class Page(Handler):
        def _any(self) -> None:
            self._answer(404, {})

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        name = f"127.0.0.1:{server.server_port}"
        with pytest.raises(Failure, match="is no registry"):
            Registry(name).check()
        server.shutdown()
    with pytest.raises(Failure, match="does not answer"):
        Registry(name).check()


def test_a_certificate_authority_that_cannot_be_read_is_named() -> None:
    for ca in ("/nowhere/ca.pem", "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----"):
        with pytest.raises(Failure, match=r"^images_registry_ca: .* holds no certificate"):
            Registry("registry.example.org", ca=ca)


@pytest.mark.parametrize(
    "name",
    [
        *("registry.example.org", "registry.example.org/team", "localhost:5000", "127.0.0.1:5000/a/b", "ghcr.io/me/some-thing", "me"),
        *("Registry.Example.Org/team", "registry:5000/a__b", "123456789.dkr.ecr.eu-central-1.amazonaws.com/shop", "[::1]:5000/team"),
    ],
)
def test_what_names_a_registry_passes(name: str) -> None:
    assert not name_problem(name)


@pytest.mark.parametrize(
    "name", ["", "https://ghcr.io/me", "ghcr.io/Me", "ghcr.io/me/", "ghcr.io/me:1", "a b", "ghcr.io//me", "ghcr.io/me@sha256"]
)
def test_what_names_no_registry_is_refused(name: str) -> None:
    assert name_problem(name).startswith("images_registry: ")


def test_a_digest_takes_the_place_of_the_tag_and_not_of_the_port() -> None:
    assert by_digest("host:5000/team/web:1", DIGEST) == f"host:5000/team/web@{DIGEST}"
