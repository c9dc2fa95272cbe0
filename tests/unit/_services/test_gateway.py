# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of the gateway: what is wrong with them, and which Location a browser gets, and at which address."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.plannoir.deploy.plugins.module_utils._services.gateway import gateway_config, gateway_problems
from jinja2 import Template

COMPONENTS: list[dict[str, Any]] = [
    {"name": "web", "port": 3000},
    {"name": "api", "port": 8000, "service": {"port": 80}},
    {"name": "api-v2", "port": 8001},
    {"name": "worker"},
]
ROUTES = {"/": "web", "/api/": {"to": "api", "strip": True}, "/api/v2": "api-v2"}
NONE = "services_gateway_routes names no route:"
CONFIG = gateway_config(ROUTES, COMPONENTS, "shop")


def mapped(config: str, name: str, key: str, **variables: str) -> str:
    """Work a map of nginx out as nginx does: the first pattern that fits, else the default."""
    (body,) = re.findall(rf"^map .* \${name} {{\n(.*?)^}}", config, re.MULTILINE | re.DOTALL)
    for line in body.splitlines():
        pattern, value = re.fullmatch(r'  (?:"~(.*)"|(default)) (\S+);', line).group(1, 3)  # type: ignore[union-attr]
        found = re.match(re.sub(r"\(\?<(\w+)>", r"(?P<\1>", re.sub(r"\\k<(\w+)>", r"(?P=\1)", pattern)), key) if pattern else None
        if found or not pattern:
            known = {**variables, **(found.groupdict() if found else {})}
            return "".join(known.get(part[1:]) or "" if part[0] == "$" else part for part in re.findall(r"\$\w+|[^$]+", value))
    raise AssertionError(body)


def index(prefix: str) -> str:
    """Return the number of the route in its variables."""
    (body,) = re.findall(rf"location {re.escape(prefix)} {{(.*?)}}", CONFIG, re.DOTALL)
    return str(re.findall(r"\$location_(\d+)", body)[0])


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ("/api/items/?a=/b", "/items/?a=/b"),
        ("/api/", "/"),
        ("/api", "/"),
        ("/api?page=2", "/?page=2"),
        ("/api/a%2Fb//c%20d", "/a%2Fb//c%20d"),
    ],
)
def test_a_stripped_path_arrives_as_it_was_written(asked: str, got: str) -> None:
    assert mapped(CONFIG, f"stripped_{index('/api/')}", asked) == got


@pytest.mark.parametrize(
    ("path", "location", "seen"),
    [
        ("/items", "http://127.0.0.1:30080/items/", "/api/items/"),  # a slash at the end, by the Host that was asked for
        ("/items/", "http://127.0.0.1:30080/items", "/api/items"),
        ("/items?a=1", "http://127.0.0.1:30080/items/?a=1", "/api/items/?a=1"),
        ("/items", "/items/7", "/api/items/7"),
        ("/items", "/api/items/7", "/api/items/7"),  # a program that knows its prefix
        ("/items", "/apis", "/api/apis"),
        ("/items", "http://api/items/7", "/api/items/7"),
        ("/items", "http://api:80/items/7", "/api/items/7"),
        ("/items", "http://api.shop.svc.cluster.local/api/x", "/api/x"),
        ("/items", "http://localhost:80/x", "/api/x"),
        ("/login", "http://127.0.0.1:30080/dashboard", "http://127.0.0.1:30080/dashboard"),  # another part's page
        ("/login", "https://accounts.example.org/login/", "https://accounts.example.org/login/"),
        ("/login", "https://api.example.org/login", "https://api.example.org/login"),
        ("/login", "//cdn.example.org/x", "//cdn.example.org/x"),
        ("/login", "next", "next"),
        ("/login", "", ""),
    ],
)
def test_a_redirect_of_a_stripped_part_stays_below_its_prefix(path: str, location: str, seen: str) -> None:
    key = f"127.0.0.1:30080 {path} {location}"
    assert mapped(CONFIG, f"location_{index('/api/')}", key, upstream_http_location=location) == seen


@pytest.mark.parametrize(
    ("location", "seen"),
    [
        ("http://localhost:3000/login?next=/", "/login?next=/"),  # Next.js takes the address that it listens on for its own
        ("http://0.0.0.0:3000", "/"),
        ("http://web:3000/a", "/a"),
        ("http://web/a", "/a"),
        ("http://localhost:30080/login", "http://localhost:30080/login"),
        ("http://localhost:8000/login", "http://localhost:8000/login"),
        ("http://website/a", "http://website/a"),
        ("/login", "/login"),
        ("", ""),
    ],
)
def test_a_redirect_to_the_parts_own_address_leads_to_the_origin(location: str, seen: str) -> None:
    assert mapped(CONFIG, f"location_{index('/')}", location, upstream_http_location=location) == seen


def test_a_prefix_ends_at_a_slash_and_a_component_is_reached_at_its_services_port() -> None:
    places = re.findall(r"^  location (.*?) {.*?set \$to (.*?);.*?proxy_pass (\S+?);", CONFIG, re.DOTALL | re.MULTILINE)
    assert places == [
        ("= /api/v2", "api-v2.shop.svc.cluster.local:8001", "http://$to"),
        ("/api/v2/", "api-v2.shop.svc.cluster.local:8001", "http://$to"),
        ("= /api", "api.shop.svc.cluster.local:80", f"http://$to$stripped_{index('/api/')}"),
        ("/api/", "api.shop.svc.cluster.local:80", f"http://$to$stripped_{index('/api/')}"),
        ("/", "web.shop.svc.cluster.local:3000", "http://$to"),
    ]


@pytest.mark.parametrize(
    "routes",
    [
        ROUTES,
        {"/": "web"},
        {"/api": {"to": "api"}},
        {"/api/v1.0/~me/@x": "web", "/API": "api", "/api": "api-v2"},
        {"/a/": {"to": "web", "strip": False}, "/a-b": "web"},
    ],
)
def test_right_routes_are_right(routes: Any) -> None:
    assert list(gateway_problems(routes, COMPONENTS)) == []


@pytest.mark.parametrize(
    ("routes", "problems"),
    [
        (
            {},
            [f"{NONE} write prefixes with the component that answers each, as in {{/: frontend, /api/: backend}}."],
        ),
        (
            {"/": "web", "/api": "api", "/api/": "api-v2"},
            ["services_gateway_routes has /api and /api/, which are one prefix: keep one of them."],
        ),
        (
            {"/": "worker"},
            ["services_gateway_routes./ leads to worker, a component without a port: the components with a port are web, api, api-v2."],
        ),
        ({"/": "wep"}, ["services_gateway_routes./ leads to wep, which is no component: did you mean web?"]),
        (
            {"/": {"too": "web"}},
            [
                "services_gateway_routes./ has the option too, which is none: take to, the component, and strip (true or false).",
                "services_gateway_routes./ leads to nothing, which is no component: the components with a port are web, api, api-v2.",
            ],
        ),
        (
            {"api": "api", "/a b": "web"},
            [
                f"services_gateway_routes has the prefix {prefix!r}: write the beginning of a path such as /api/, a slash first and "
                "without blanks."
                for prefix in ("api", "/a b")
            ],
        ),
    ],
)
def test_wrong_routes_are_a_sentence_each(routes: Any, problems: list[str]) -> None:
    assert list(gateway_problems(routes, COMPONENTS)) == problems


@pytest.mark.parametrize(("variables", "host"), [({}, "127.0.0.1"), ({"cluster_host": "192.0.2.10"}, "192.0.2.10")])
def test_the_forms_name_where_the_clusters_node_ports_answer(variables: dict[str, str], host: str) -> None:
    defaults = yaml.safe_load((Path(__file__).parents[3] / "roles/services/defaults/main.yml").read_text(encoding="utf-8"))

    def rendered(text: str, **more: str) -> str:
        return str(Template(text).render(app_node_port=30080, **variables, **more))

    own = rendered(defaults["services_gateway_host"])
    forms = {form: rendered(text, services_gateway_host=own) for form, text in defaults["services_gateway_connection"].items()}
    assert forms["url"] == f"http://{host}:30080"
    assert forms["origins"].split(",") == json.loads(forms["origins_json"]) == [f"http://{host}:30080", "http://localhost:30080"]
