# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A value of the vault outside of Secrets, and a secret that browsers get, are named by option and variable, never by value."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.exposure import browser_hints, browser_problems, exposed_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.store import component_secrets

API = {"name": "api", "image": "a/b:1", "port": 8000}
BUILT = {"name": "page", "build": {"context": "page"}, "port": 3000}
VALUE = "Zq9/hunter+Zq9"
VAULT = {
    "vault_openai_key": VALUE,
    "vault_pin": "482193",
    "vault_mode": "production",
    "vault_region": "eu-central-1",
    "vault_port": "54321",
}


def loaded(*raw: dict[str, Any]) -> list[Any]:
    components, wrong = load_components(list(raw))
    assert wrong == []
    return components


def exposed(component: dict[str, Any], vault: dict[str, str] | None = None, public: tuple[str, ...] = ()) -> list[str]:
    sentences = list(exposed_problems(loaded(component), vault or VAULT, public))
    assert "Zq9" not in "".join(sentences)
    return sentences


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"env": {"OPENAI_API_KEY": VALUE}}, "api.env.OPENAI_API_KEY"),
        ({"env": {"HEADER": f"Bearer {VALUE}"}}, "api.env.HEADER"),
        ({"env": {"URL": f"postgresql://u:{quote(VALUE, safe='')}@db/x"}}, "api.env.URL"),
        ({"env": {"CODED": base64.b64encode(f"u:{VALUE}".encode()).decode()}}, "api.env.CODED"),
        ({"args": ["--verbose", f"--key={VALUE}"]}, "api.args[1]"),
        ({"command": ["run", VALUE]}, "api.command[1]"),
        ({"config_files": {"/etc/api.yml": f"key: {VALUE}\n"}}, "api.config_files./etc/api.yml"),
        ({"migration": {"command": ["x"], "env": {"KEY": VALUE}}}, "api.migration.env.KEY"),
        ({"probes": {"readiness": {"command": ["curl", "-u", VALUE]}}}, "api.probes.readiness.command[2]"),
        ({"post_release": [VALUE]}, "api.post_release[0]"),
    ],
)
def test_a_vaults_value_outside_of_secrets_is_named(options: dict[str, Any], name: str) -> None:
    (sentence,) = exposed({**API, **options})
    assert sentence.startswith(
        f"{name} holds the value of vault_openai_key, which Helm's records and the description of the pod would show"
    )
    assert "move it to secret_env" in sentence
    assert exposed({**API, **options}, public=("vault_openai_key",)) == []


def test_a_build_argument_stays_in_the_history_of_the_image() -> None:
    (sentence,) = exposed({**BUILT, "build": {"context": "page", "args": {"KEY": VALUE}}})
    assert sentence.startswith("page.build.args.KEY holds the value of vault_openai_key, which the history of the image would show")


def test_a_short_value_is_compared_as_a_whole_and_a_url_is_named_once() -> None:
    assert len(exposed({**API, "env": {"PIN": "482193"}})) == 1
    url = {"vault_url": "postgresql://shop:Zq9hunterZq9@db.shop.com/shop"}
    (sentence,) = exposed({**API, "env": {"DATABASE_URL": url["vault_url"]}}, url)
    assert sentence.startswith("api.env.DATABASE_URL holds the value of vault_url, which")
    (sentence,) = exposed({**API, "env": {"PGPASSWORD": "Zq9hunterZq9"}}, url)
    assert sentence.startswith("api.env.PGPASSWORD holds the value of vault_url (its password), which")
    assert exposed({**API, "env": {"KEY": VALUE}}, {"vault_keys.openai": VALUE}, public=("vault_keys",)) == []


@pytest.mark.parametrize(
    "options",
    [
        {"secret_env": {"OPENAI_API_KEY": VALUE}},
        {"secret_files": {"path": "/x", "files": {"key": VALUE}}},
        {"migration": {"command": ["x"], "secret_env": {"KEY": VALUE}}},
        {"env": {"NODE_ENV": "production", "REGION": "eu-central-1", "TICKET": "#48219356", "PORT": "54321"}},
        {"env": {"KEY": "Zq9".lower(), "EMPTY": "", "NONE": 0}},
    ],
)
def test_secrets_and_common_values_pass(options: dict[str, Any]) -> None:
    assert exposed({**API, **options}) == []


def test_what_a_framework_hands_to_browsers_is_no_secret() -> None:
    secret = {"NEXT_PUBLIC_KEY": VALUE, "VITE_TOKEN": VALUE, "NUXT_PUBLIC_X": VALUE, "API_KEY": VALUE}
    secrets = component_secrets(loaded({**API, "secret_env": secret}))
    assert [sentence.partition(" is no")[0] for sentence in browser_problems(secrets, ["api.secret_env.VITE_TOKEN"])] == [
        "api.secret_env.NEXT_PUBLIC_KEY",
        "api.secret_env.NUXT_PUBLIC_X",
    ]


def test_what_is_read_at_build_gets_its_hint_at_run_time() -> None:
    (hint,) = browser_hints(loaded({**BUILT, "env": {"NEXT_PUBLIC_API_URL": "/api", "API_URL": "http://api:8000"}}), [])
    assert hint.startswith(
        "page.env.NEXT_PUBLIC_API_URL has no effect in the pages: Next.js reads it when it is built: give it as build.args."
    )
    both = {"build": {"context": "page", "args": {"VITE_API": "/api"}}, "env": {"VITE_API": "/api", "NUXT_PUBLIC_API": "/api"}}
    assert list(browser_hints(loaded({**BUILT, **both}), [])) == []
    assert list(browser_hints(loaded({**API, "env": {"VITE_API": "/api"}}), ["api.env.VITE_API"])) == []
