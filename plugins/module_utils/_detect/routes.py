# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which part a browser reaches under which prefix of the one origin, and how parts find each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from .evidence import compose_services
from .folder import Folder
from .javascript import Script, scripts
from .model import Fact, Part, Problem, Route, Variable
from .roles import is_browser

BACKEND_PREFIX = "/backend"
"""What the gateway takes off on the way to the part that answers a browser's calls, where the pages can be told of it."""
PAGE_SERVERS = frozenset(
    (
        *(
            "@react-router/serve",
            "@react-router/node",
            "@remix-run/serve",
            "@remix-run/node",
            "nuxt",
            "@sveltejs/kit",
            "@sveltejs/adapter-node",
        ),
        *("@solidjs/start", "@tanstack/react-start", "@astrojs/node", "@builder.io/qwik-city", "@analogjs/platform"),
    )
)
"""Packages of servers that make pages."""
_API_WORDS = ("/api", "/ws", "/graphql", "/auth", "/socket.io", "/trpc", "/v1")
_CONFIGURATION = re.compile(r"(?:^|/)(?:next|vite|vue|webpack|rspack|astro|svelte|nuxt)\.config\.[cm]?[jt]s$")
_USUAL = {"fastapi": ("8000",), "starlette": ("8000",), "django": ("8000",), "flask": ("5000",), "node": ("3001", "4000", "5000", "8080")}
"""Ports at which servers of a kind listen while they are developed."""
_LOCAL = re.compile(r"(?:https?|wss?)://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d+))?(/[^\s]*)?")


@dataclass(frozen=True)
class Origin:
    """What follows from one origin: routes, and values of variables by part and name."""

    routes: tuple[Route, ...] = ()
    values: tuple[tuple[str, str, Fact[str]], ...] = ()
    problems: tuple[Problem, ...] = ()


def is_page(part: Part) -> bool:
    """Tell whether a part is what a browser opens."""
    return part.kind.value in ("next", "static") or bool(part.node and part.node.dependencies.keys() & PAGE_SERVERS)


def origin(folder: Folder, parts: Sequence[Part]) -> Origin:
    """Return how a browser, and parts among themselves, reach the parts that answer requests.

    A variable of the pages with the place of an API gets a path below the origin, ``/backend``, or an absolute URL where the code needs one
    (``{origin}`` stands for the public one). A variable of the server alone gets the address in the cluster. Pages that call ``/api``
    without any variable have that prefix led there as it is.
    """
    serving = [part for part in parts if part.port.value and not part.same_image_as]
    pages = [part for part in serving if is_page(part)]
    interfaces = [part for part in serving if not is_page(part)]
    if not serving:
        return Origin()
    front = pages[0] if pages else interfaces[0]
    routes = [Route("/", front.name, False, Fact("/", front.kind.source, tuple(part.name for part in pages) if len(pages) > 1 else ()))]
    values: list[tuple[str, str, Fact[str]]] = []
    problems: list[Problem] = []
    for page in pages if interfaces else []:
        _page(folder, page, interfaces, routes, values, problems)
    for part in pages[1:]:
        if not any(route.part == part.name for route in routes):
            problems.append(
                Problem(
                    part.name,
                    "prefix",
                    part.kind.source,
                    f"{front.name} has the prefix / already: publish it under one of its own.",
                    stops=False,
                )
            )
    return Origin(tuple(routes), tuple(values), tuple(problems))


def _page(
    folder: Folder,
    page: Part,
    interfaces: list[Part],
    routes: list[Route],
    values: list[tuple[str, str, Fact[str]]],
    problems: list[Problem],
) -> None:
    called = [variable for variable in page.variables if variable.role in ("api_url", "websocket_url")]
    browser = [variable for variable in called if variable.phase != "process" and is_browser(variable.name)]
    target = {variable.name: _target(folder, variable, interfaces) for variable in called}
    prefixes: dict[str, str] = {}
    for variable in browser:
        part = target[variable.name]
        if part not in prefixes:
            prefix = BACKEND_PREFIX if not prefixes else f"/{part}"
            prefixes[part] = prefix
            routes.append(Route(prefix, part, True, Fact(prefix, variable.source, (), f"The browser is told of it by {variable.name}.")))
        values.append((page.name, variable.name, _browser_value(folder, page, variable, prefixes[part])))
    for variable in called:
        if variable not in browser:
            other = next(interface for interface in interfaces if interface.name == target[variable.name])
            address = f"http://{other.name}:{other.port.value}{_path(variable.default)}"
            values.append((page.name, variable.name, Fact(address, variable.source)))
    _proxied(folder, page, interfaces, routes)
    if not browser:
        _literal_calls(folder, page, interfaces, routes, problems)
    own = {_first_word(path) for path in page.paths}
    for interface in interfaces if not called else []:
        first = next((word for path in interface.paths if (word := _first_word(path)) in _API_WORDS and word not in own), "")
        if first and not any(first == route.prefix or route.part == interface.name for route in routes):
            routes.append(Route(first, interface.name, False, Fact(first, interface.kind.source, (), "Its own paths begin with it.")))


def _path(default: str | None) -> str:
    """Return the path of a default address, which the code takes for granted."""
    try:
        return urlsplit(default or "").path.rstrip("/")
    except ValueError:
        return ""


def _target(folder: Folder, variable: Variable, interfaces: list[Part]) -> str:
    """Return the part whose address a variable holds: the one whose name, or whose port, name or default say; else the first."""
    name = variable.name.lower()
    for part in interfaces:
        if len(interfaces) > 1 and re.sub(r"[^a-z0-9]", "", part.name) in name.replace("_", ""):
            return part.name
    match = _LOCAL.match(variable.default or "")
    for part in interfaces if match and match[1] else []:
        if match and match[1] in _ports(folder, part):
            return part.name
    return interfaces[0].name


def _browser_value(folder: Folder, page: Part, variable: Variable, prefix: str) -> Fact[str]:
    """Return what the pages call: a path, or an absolute address where a path is no URL to the code."""
    path = f"{prefix}{_path(variable.default)}"
    schema = re.compile(rf"{variable.name}[\"']?\s*:\s*(?:z\.string\(\)[^,\n]*\.url\(|z\.url\(|url\()|new URL\([^)]*{variable.name}")
    absolute = next((place for place in variable.places if schema.search(folder.text(place.rpartition(":")[0]))), "")
    if variable.role == "websocket_url":
        return Fact(f"{{ws_origin}}{path}", variable.source, (), "A WebSocket's address is absolute.")
    if server := _server_reads(folder, page, variable):
        return Fact(
            f"{{origin}}{path}",
            server,
            (),
            "The server reads it as well as the browser, so it is a whole URL that has to be true in both places.",
        )
    if absolute:
        return Fact(f"{{origin}}{path}", absolute, (), "It has to be a whole URL, so the public one stands in it.")
    return Fact(path, variable.source)


def _literal_calls(folder: Folder, page: Part, interfaces: list[Part], routes: list[Route], problems: list[Problem]) -> None:
    """Find what pages without a variable call: paths of an API, hosts in the source."""
    files = [path for path in scripts(folder, page.folder, []) if re.search(r"""["'`](/|https?://|wss?://)""", folder.text(path))]
    own = {f"/{word}" for path in page.paths if (word := path.strip("/").partition("/")[0])}
    for path in files:
        if _CONFIGURATION.search(path):
            continue
        for text, source in Script(folder, path).strings():
            if local := _LOCAL.match(text):
                if any(local[1] in _ports(folder, part) for part in interfaces):
                    said = f"the source has {text} in it, which is the browser's own machine there: let it come from a variable."
                    problems.append(Problem(page.name, "address", source, said, stops=False))
                continue
            first = _first_word(text)
            part = next((part for part in interfaces if any(_first_word(answer) == first for answer in part.paths)), None)
            if part and first in _API_WORDS and first not in own and not any(route.prefix == first for route in routes):
                routes.append(Route(first, part.name, False, Fact(first, source, (), f"{part.name} answers there itself.")))


def _proxied(folder: Folder, page: Part, interfaces: list[Part], routes: list[Route]) -> None:
    """Lead where the development server, or Next.js itself, leads: the proxy of vite.config, the rewrites of next.config."""
    for path in scripts(folder, page.folder, []):
        if not _CONFIGURATION.search(path) or (path.rpartition("/")[0] or ".") != page.folder:
            continue
        before, place = "", ""
        for key, value, source in Script(folder, path).pairs():
            target, prefix, strip = value, "", False
            if key == "source":
                before, place = value.strip("\"'`"), source
            elif key == "destination" and before:
                prefix = re.split(r"/:|/\(", before)[0]
                # Another place for development than elsewhere is the first text of a choice.
                address = re.search(r"(?:https?://[^/\"'`\s]*|\$\{[^}]*\})([^\"'`\s]*)", value)
                rest = address[1] if address else value.strip("\"'`")
                source, strip = place, not rest.startswith(prefix)
                if prefix == before and strip:
                    prefix = ""  # one path that becomes another one is no prefix
                if not (_LOCAL.search(value) or "${" in value):
                    prefix = ""
                before = ""
            elif key.startswith("/") and (_LOCAL.search(value) or "target" in value):
                prefix, strip = key.rstrip("*").rstrip("/"), "rewrite" in value
            if not prefix or any(route.prefix == prefix for route in routes):
                continue
            local = _LOCAL.search(target)
            part = next((part for part in interfaces if local and local[1] in _ports(folder, part)), interfaces[0])
            strip = strip and not any(path == prefix or path.startswith(f"{prefix}/") for path in part.paths)
            routes.append(Route(prefix, part.name, strip, Fact(prefix, source, (), f"{path.rpartition('/')[2]} leads it there.")))


def _ports(folder: Folder, part: Part) -> set[str]:
    """Return the ports at which a part may once have been reached."""
    found = {str(part.port.value)}
    found |= {str(number) for service in compose_services(folder) if service.folder == part.folder for number in service.ports}
    return found | {str(number) for number in (part.dockerfile.ports if part.dockerfile else ())} | set(_USUAL.get(part.kind.value, ()))


def _first_word(text: str) -> str:
    match = re.match(r"(/[\w.-]+)(?=/|$|\?)", text)
    return match[1] if match else ""


def _server_reads(folder: Folder, page: Part, variable: Variable) -> str:
    """Return the place in a file of the server alone, such as a server action, that reads a browser's variable; empty for none."""
    if page.kind.value != "next":
        return ""
    for place in variable.places:
        path = place.rpartition(":")[0]
        head = folder.text(path).lstrip()[:200]
        if re.match(r"""["']use server["']""", head) or re.search(r"/route\.[cm]?[jt]sx?$", path):
            return place
    return ""
