# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backing service is a folder: what is written from it, and what an application gets that names it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._services.catalogue import (
    FILES,
    load_services,
    service_problems,
    with_services,
)

ROOT = Path(__file__).parents[3]
SERVICES = load_services()
MEMO = """
short_description: A made-up service
replaced_by: vault_memo_url
tls_hosts: [memo]
rotate: [vault_memo_password]
forms:
  where:
    says: where it is
    value: "{{ 'memo://:' ~ vault_memo_password ~ '@memo:6379' if services_memo_embedded else vault_memo_url }}"
    secret: true
options:
  services_memo_megabytes:
    description: Size of its memory.
    type: int
    default: 64
components:
  - name: memo
    extra: true
    build: {context: ., dockerfile: memo/Dockerfile}
    port: 6379
    args: [--maxmemory, "{{ services_memo_megabytes }}mb"]
    secret_env:
      PASSWORD: "{{ vault_memo_password }}"
    secret_files:
      path: /etc/tls
      files:
        tls.crt: "{{ vault_memo_certificate }}"
"""
MEMO_VAULT = "# The cache's password.\nvault_memo_password: ${password}\nvault_memo_certificate: |\n  ${certificate}\n"
PLAY = """
- hosts: localhost
  gather_facts: false
  vars:
    app_name: shop
    app_namespace: shop
    app_services: [memo]
    app_secrets: [token]
    app_checks: []
    app_components:
      - name: web
        image: web:1
        port: 80
        connects_to: []
        secret_env: {MEMO_URL: {from: memo, as: where}, TOKEN: "{{ vault_token }}"}
    secrets_vault_file: "{{ playbook_dir }}/vault.yml"
  roles: [plannoir.deploy.preflight]
  tasks:
    - ansible.builtin.copy:
        dest: "{{ playbook_dir }}/found.json"
        content: "{{ {'components': services_components, 'rotation': services_rotation} | to_json }}"
        mode: "0600"
      no_log: true
"""


WRITE_ROLE = """
from pathlib import Path
from scripts.services import FILES
for name, content in FILES.items():
    Path(name).write_text(content(), encoding="utf-8")
"""


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the collection with one service more, which is a folder and nothing else."""
    folder = tmp_path_factory.mktemp("collections")
    copy = folder / "ansible_collections/plannoir/deploy"
    for name in ("plugins", "roles", "scripts", "meta"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "galaxy.yml", copy)
    memo = copy / "roles/services/files/memo"
    memo.mkdir()
    (memo / "service.yml").write_text(MEMO, encoding="utf-8")
    (memo / "vault.yml").write_text(MEMO_VAULT, encoding="utf-8")
    (memo / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": f"{folder}:{copy}"}
    subprocess.run([sys.executable, "-c", WRITE_ROLE], cwd=copy, check=True, env=environment)
    return folder


def run(collections: Path, *command: str) -> str:
    settings = collections / "ansible.cfg"
    settings.touch()
    (collections / "password").write_text("secret")
    given = {"ANSIBLE_CONFIG": str(settings), "ANSIBLE_COLLECTIONS_PATH": str(collections), "NO_COLOR": "1"}
    given["ANSIBLE_VAULT_PASSWORD_FILE"] = str(collections / "password")
    done = subprocess.run(command, cwd=collections, env={**os.environ, **given}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def found(collections: Path) -> dict[str, Any]:
    """What a first run with the made-up service has."""
    (collections / "play.yml").write_text(PLAY, encoding="utf-8")
    run(collections, "ansible-playbook", "play.yml")
    found: dict[str, Any] = json.loads((collections / "found.json").read_text(encoding="utf-8"))
    return found


def test_a_folder_is_all_that_a_service_needs_to_be_deployed(found: dict[str, Any]) -> None:
    components, problems = load_components(found["components"])
    web, memo = components
    assert problems == []
    assert web["connects_to"] == ["memo"]
    assert memo["args"] == ["--maxmemory", "64mb"]
    assert memo["build"]["context"].endswith("/ansible_collections/plannoir/deploy/roles/services/files")
    assert f":{memo['secret_env']['PASSWORD']}@memo:6379" in web["secret_env"]["MEMO_URL"]
    assert "BEGIN CERTIFICATE" in memo["secret_files"]["files"]["tls.crt"]


def test_its_credentials_are_made_and_rotated(found: dict[str, Any], collections: Path) -> None:
    assert found["rotation"] == {"memo": {"names": ["vault_memo_password"], "kept": {}, "embedded": True}}
    vault = run(collections, "ansible-vault", "view", "vault.yml")
    assert list(yaml.safe_load(vault)) == ["vault_checksum_key", "vault_token", "vault_memo_password", "vault_memo_certificate"]
    assert "# The cache's password." in vault


def test_its_variables_are_documented(collections: Path) -> None:
    printed = run(collections, "ansible-doc", "--type=role", "plannoir.deploy.services", "--entry-point=memo", "--json")
    options = json.loads(printed)["plannoir.deploy.services"]["entry_points"]["memo"]["options"]
    assert options["services_memo_megabytes"]["default"] == 64
    assert {"services_memo_connection", "services_memo_embedded", "services_memo_components"} <= options.keys()


@pytest.mark.parametrize("service", SERVICES.values(), ids=lambda service: service.name)
def test_a_description_fits_its_folder(service: Any) -> None:
    assert all(name.startswith(f"services_{service.name}_") for name in service.options)
    for component in service.components:
        assert (FILES / component["build"]["context"] / component["build"]["dockerfile"]).is_file()
    assert all(f"\n{name}: " in service.vault for name in service.rotate)
    assert not service.replaced_by or f"# {service.replaced_by}: " in service.vault


def connected(targets: Any, **used: Any) -> dict[str, Any]:
    (component, *_services) = with_services(
        [{"name": "web", "connects_to": targets, "outside": False}], {name: {"components": parts} for name, parts in used.items()}
    )
    return dict(component)


def test_connects_to_may_name_a_service() -> None:
    parts = [{"name": "database"}, {"name": "pgbouncer"}]
    assert connected(["api", "postgresql", "database"], postgresql=parts) == {
        "name": "web",
        "connects_to": ["api", "database", "pgbouncer"],
        "outside": False,
    }


def test_a_service_of_ones_own_is_outside() -> None:
    assert connected(["postgresql"], postgresql=[]) == {"name": "web", "connects_to": [], "outside": True}
    assert connected(["api"], postgresql=[])["outside"] is False


def test_where_pods_and_volumes_go_is_the_inventorys_unless_a_component_says_otherwise() -> None:
    cluster = {"node_selector": {"pool": "apps"}, "tolerations": [{"operator": "Exists"}], "storage_class": "fast"}
    plain = {"name": "web", "persistence": {"path": "/data"}}
    own = {"name": "job", "node_selector": {}, "tolerations": [], "persistence": {"path": "/data", "storage_class": "slow"}}
    placed, kept, service = with_services([plain, own], {"cache": {"components": [{"name": "cache"}]}}, cluster=cluster)
    assert placed == {
        "name": "web",
        "node_selector": {"pool": "apps"},
        "tolerations": [{"operator": "Exists"}],
        "persistence": {"path": "/data", "storage_class": "fast"},
    }
    assert kept == own
    assert service["node_selector"] == {"pool": "apps"}
    assert "persistence" not in service
    nothing: dict[str, Any] = {"node_selector": {}, "tolerations": None, "storage_class": ""}
    assert with_services([plain, own], {}, cluster=nothing) == [plain, own]


def test_what_is_built_has_the_registrys_login_and_a_login_of_its_own_stays() -> None:
    login, own = {"username": "joe", "password": "s"}, {"username": "ann", "password": "t"}
    built, ready = {"name": "web", "build": {"context": "web"}}, {"name": "api", "image": "ghcr.io/a/b:1"}
    other = {"name": "job", "build": {"context": "job"}, "pull_credentials": {**own, "registry": "mirror.example"}}
    components = [built, ready, other]
    pulled = with_services(components, {}, "registry.example.org:5000/team", login)
    assert pulled == [{**built, "pull_credentials": {**login, "registry": "registry.example.org:5000"}}, ready, other]
    assert with_services(components, {}, "me", login)[0]["pull_credentials"]["registry"] == "docker.io"
    assert with_services(components, {}, "registry.example.org", {}) == components
    assert with_services(components, {}, "", login) == components


@pytest.mark.parametrize("raw", ["x", ["x"], [{"connects_to": 1}], [{"connects_to": [{}]}], [{}]])
def test_what_is_no_component_is_left_to_who_names_it(raw: Any) -> None:
    assert with_services(raw, {"postgresql": {"components": []}}) == raw


def test_an_unknown_service_and_a_name_that_is_taken_are_one_sentence_each() -> None:
    components = [{"name": name} for name in ("web", "pgbouncer", "postgresql", "openrouter")]
    assert list(service_problems(["redos", "postgresql"], components, SERVICES)) == [
        f"app_services names redos, which is no service: take one of {', '.join(SERVICES)}, or describe it in app_components.",
        "Component pgbouncer: the service postgresql is called so, or a part of it: rename the component.",
        "Component postgresql: the service postgresql is called so, or a part of it: rename the component.",
    ]


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_no_component_of_a_service_shows_what_stands_in_the_vault(service: str) -> None:
    def shown(options: Any) -> Any:
        if isinstance(options, dict):
            return [shown(value) for key, value in options.items() if key not in ("secret_env", "secret_files")]
        return [shown(value) for value in options] if isinstance(options, list) else options

    content = yaml.safe_load((FILES / service / "service.yml").read_text(encoding="utf-8"))
    assert content["components"]
    assert set(re.findall(r"vault_\w+", str(shown(content["components"])))) <= set(content.get("public", []))
