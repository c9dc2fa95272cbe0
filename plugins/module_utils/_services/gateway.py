# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway's routes: from prefixes of paths to components, and the configuration of nginx that follows.

nginx itself lets the longest prefix win. A path is handed on as the browser wrote it, character for character, but for a prefix that is
stripped. A redirect stays on the origin: the rules for its Location are maps, which nginx works out for an answer that has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .._preflight.variables import suggestion

VARIABLE = "services_gateway_routes"

_PREFIX = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,=:@-]+/?)*")
_LOOPBACK = r"localhost|127\.0\.0\.1|0\.0\.0\.0|\[::\]|\[::1\]"
_DEFAULT = "default $upstream_http_location;"


class Route(NamedTuple):
    """Where requests below a prefix go.

    Attributes:
        prefix: Without a slash at its end; empty for all.
        to: Name of the component.
        strip: Whether the component gets the path without the prefix.
    """

    prefix: str
    to: str
    strip: bool


def routes_of(raw: object) -> list[Route]:
    """Return the routes of the variable, those that are none left out."""
    if not isinstance(raw, Mapping):
        return []
    found = []
    for prefix, target in raw.items():
        options = target if isinstance(target, Mapping) else {"to": target}
        found.append(Route(str(prefix).rstrip("/"), str(options.get("to", "")), options.get("strip") in (True, "true")))
    return found


def gateway_problems(raw: object, components: Sequence[Any]) -> Iterator[str]:
    """Say what is wrong with the routes, a sentence each.

    Args:
        raw: What the variable holds.
        components: ``app_components``.
    """
    if not isinstance(raw, Mapping) or not raw:
        yield f"{VARIABLE} names no route: write prefixes with the component that answers each, as in {{/: frontend, /api/: backend}}."
        return
    named = {str(component.get("name")): component for component in components if isinstance(component, Mapping)}
    names = [name for name, component in named.items() if component.get("port")]
    for prefix, target in raw.items():
        if not _PREFIX.fullmatch(str(prefix)):
            yield f"{VARIABLE} has the prefix {prefix!r}: write the beginning of a path such as /api/, a slash first and without blanks."
        if isinstance(target, Mapping):
            for option in target.keys() - {"to", "strip"}:
                yield f"{VARIABLE}.{prefix} has the option {option}, which is none: take to, the component, and strip (true or false)."
    claimed: dict[str, list[str]] = {}
    for route, written in zip(routes_of(raw), raw, strict=True):
        claimed.setdefault(route.prefix, []).append(str(written))
        if route.to not in names:
            what = "a component without a port" if route.to in named else "which is no component"
            remedy = suggestion(route.to, names, similar=0.6) or f"the components with a port are {', '.join(names)}."
            yield f"{VARIABLE}.{written} leads to {route.to or 'nothing'}, {what}: {remedy}"
    for spelled in claimed.values():
        if spelled[1:]:
            yield f"{VARIABLE} has {' and '.join(spelled)}, which are one prefix: keep one of them."


def gateway_config(raw: object, components: Sequence[Mapping[str, Any]], namespace: str) -> str:
    """Return what nginx includes: the maps and locations of the routes.

    Args:
        raw: What the variable holds.
        components: ``app_components``.
        namespace: Where they are deployed.
    """
    given = {component["name"]: (component.get("service") or {}).get("port") or component.get("port") for component in components}
    ports = {name: int(port) for name, port in given.items() if port}
    known = [route for route in routes_of(raw) if route.to in ports]
    maps: list[str] = []
    locations: list[str] = []
    for index, route in enumerate(sorted(known, key=lambda route: (-len(route.prefix), route.prefix))):
        maps += _maps(index, route, ports[route.to], namespace)
        locations += _locations(index, route, ports[route.to], namespace)
    lines = [*maps, "server {", *(f"  {line}" for line in ["include /etc/nginx/server.conf;", *locations]), "}"]
    return "".join(f"{line}\n" for line in lines)


def _maps(index: int, route: Route, port: int, namespace: str) -> Iterator[str]:
    name = re.escape(route.to)
    own = rf"{name}(?:\.{re.escape(namespace)}(?:\.svc(?:\.cluster\.local)?)?)?(?::{port})?|(?:{_LOOPBACK}):{port}"
    internal = rf"https?://(?:{own})"
    if not route.strip or not route.prefix:
        yield f"map $upstream_http_location $location_{index} {{"
        yield f'  "~^{internal}(?<p{index}>/.*)$" $p{index};'
        yield f'  "~^{internal}$" /;'
        yield f"  {_DEFAULT}"
        yield "}"
        return
    prefix, below = re.escape(route.prefix), rf"{re.escape(route.prefix)}(?:[/?#].*)?"
    yield f"map $request_uri $stripped_{index} {{"
    yield f'  "~^{prefix}(?<s{index}>/.*)$" $s{index};'
    yield f'  "~^{prefix}(?<q{index}>\\?.*)$" /$q{index};'
    yield "  default /;"
    yield "}"
    # The host that was asked for, the path that the component got, and its answer.
    yield f'map "$http_host $stripped_{index} $upstream_http_location" $location_{index} {{'
    yield f'  "~^\\S+ \\S+ {below}$" $upstream_http_location;'
    yield f'  "~^\\S+ \\S+ (?<o{index}>/(?!/).*)$" {route.prefix}$o{index};'
    yield f'  "~^\\S+ \\S+ {internal}(?<i{index}>{below})$" $i{index};'
    yield f'  "~^\\S+ \\S+ {internal}(?<j{index}>/.*)$" {route.prefix}$j{index};'
    # The same path with or without its last slash, which a framework makes of the host that was asked for.
    yield (
        f'  "~^(?<h{index}>\\S+) (?<a{index}>/[^ ?]*?)/?(?:\\?\\S*)? https?://\\k<h{index}>(?<b{index}>\\k<a{index}>/?(?:\\?.*)?)$" '
        f"{route.prefix}$b{index};"
    )
    yield f"  {_DEFAULT}"
    yield "}"


def _locations(index: int, route: Route, port: int, namespace: str) -> Iterator[str]:
    stripped = route.strip and route.prefix
    for place in (f"= {route.prefix}", f"{route.prefix}/") if route.prefix else ("/",):
        yield f"location {place} {{"
        yield "  include /etc/nginx/proxy.conf;"
        if stripped:
            yield f"  proxy_set_header X-Forwarded-Prefix {route.prefix};"
            yield f"  proxy_cookie_path ~^/(?!{re.escape(route.prefix[1:])}(?:/|$))(.+)$ {route.prefix}/$1;"
        yield f"  add_header Location $location_{index} always;"
        # A name in a variable is resolved again when it is needed, so that a Service that was made anew is found.
        yield f"  set $to {route.to}.{namespace}.svc.cluster.local:{port};"
        yield f"  proxy_pass http://$to{f'$stripped_{index}' if stripped else ''};"
        yield "}"
