# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From components to Helm releases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.plannoir.deploy.plugins.filter.releases import releases
from ansible_collections.plannoir.deploy.plugins.module_utils._component.values import (
    chart_digest,
    has_load_balancer,
    idle_jobs,
    missing_secrets,
    network_of,
    secret_keys,
)

CHART = Path(__file__).parents[3] / "charts/plannoir"
SECRET = "Zx9-never-in-values"
NAMES = {
    name: {kind: f"{name}-{kind}-0433059784" for kind in ("env", "files", "migration", "setup", "test")}
    for name in ("backend", "database", "proxy")
}
BACKEND = {"name": "backend", "image": "api:1", "port": 8000, "secret_env": {"TOKEN": SECRET}}
DATABASE = {"name": "database", "image": "db:1", "port": 5432, "extra": True}
PROXY = {"name": "proxy", "image": "proxy:1", "port": 80}


def planned(*components: dict[str, Any], timeout: int = 180, chart: Path = CHART) -> list[dict[str, Any]]:
    images = {component["name"]: f"local/{component['name']}:1" for component in components}
    return releases(list(components), "shop", str(chart), images, NAMES, timeout)


def test_the_extras_are_released_before_the_application() -> None:
    assert [(release["name"], release["state"]) for release in planned(BACKEND, DATABASE)] == [
        ("shop-extras", "present"),
        ("shop", "present"),
    ]


def test_a_load_balancer_is_found_among_the_values() -> None:
    balanced = {**PROXY, "service": {"type": "LoadBalancer"}}
    assert [has_load_balancer(release["values"]) for release in planned(balanced, BACKEND, DATABASE)] == [False, True]
    assert not any(has_load_balancer(release["values"]) for release in planned({**balanced, "service": {"type": "NodePort"}}, BACKEND))


def test_a_release_without_components_is_absent() -> None:
    assert [release["state"] for release in planned(BACKEND)] == ["absent", "present"]


def test_each_release_has_the_components_of_its_stage_and_no_subchart() -> None:
    extras, app = (release["values"] for release in planned(BACKEND, PROXY, DATABASE))
    assert [sorted(values["components"]) for values in (extras, app)] == [["database"], ["backend", "proxy"]]
    assert extras["tags"] == app["tags"] == {"by-hand": False}


def test_values_name_secrets_and_never_hold_them() -> None:
    values = planned(BACKEND)[1]["values"]
    assert values["components"]["backend"]["secretEnv"] == ["TOKEN"]
    assert values["components"]["backend"]["secretName"] == "backend-env-0433059784"
    assert SECRET not in str(values)


def test_a_slow_migration_raises_the_time_limit_of_its_release_only() -> None:
    slow = {**BACKEND, "migration": {"command": ["migrate"], "timeout": 600}}
    assert [release["timeout"] for release in planned(slow, DATABASE)] == [180, 615]
    assert [release["timeout"] for release in planned({**BACKEND, "test": {"command": ["look"], "timeout": 600}})] == [180, 180]


def test_a_slow_setup_raises_the_time_limit_of_its_release_only() -> None:
    slow = {**DATABASE, "setup": {"command": ["set-up"], "timeout": 600}}
    assert [release["timeout"] for release in planned(BACKEND, slow)] == [615, 180]


def test_a_new_secret_of_a_setup_changes_the_values_of_its_release_only() -> None:
    def values(name: str) -> list[dict[str, Any]]:
        components = [BACKEND, {**DATABASE, "setup": {"command": ["set-up"], "secret_env": {"ADMIN": SECRET}}}]
        images = {"backend": "api:1", "database": "db:1"}
        return [
            release["values"] for release in releases(components, "shop", str(CHART), images, {**NAMES, "database": {"setup": name}}, 180)
        ]

    before, after = values("database-setup-1"), values("database-setup-2")
    assert before[0]["components"]["database"]["setup"]["secretName"] == "database-setup-1"
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_a_misspelt_option_is_refused_by_name() -> None:
    with pytest.raises(AnsibleFilterError, match="replcas"):
        planned({**BACKEND, "replcas": 2})


def test_a_component_without_an_image_names_the_role_to_run() -> None:
    with pytest.raises(AnsibleFilterError, match="No image reference for backend: run the images role"):
        releases([BACKEND], "shop", str(CHART), {}, {}, 180)


def test_a_secret_without_a_name_names_the_role_to_run() -> None:
    with pytest.raises(AnsibleFilterError, match="No name of the Secret backend-env: run the secrets role"):
        releases([BACKEND], "shop", str(CHART), {"backend": "api:1"}, {}, 180)


def test_a_folder_that_is_no_chart_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnsibleFilterError, match=r"correct release_chart"):
        planned(BACKEND, chart=tmp_path)


def test_the_secrets_that_a_release_reads_are_known_by_key() -> None:
    migration = {"command": ["migrate"], "secret_env": {"OWNER": SECRET}}
    setup = {"command": ["set-up"], "secret_env": {"ADMIN": SECRET}}
    everything = {**BACKEND, "migration": migration, "setup": setup, "secret_files": {"path": "/etc/tls", "files": {"tls.key": SECRET}}}
    other = {**PROXY, "secret_env": {"COOKIE": SECRET}}
    assert secret_keys(planned(everything, other, DATABASE)[1]["values"]) == {
        "backend-env-0433059784": {"TOKEN"},
        "backend-migration-0433059784": {"OWNER"},
        "backend-setup-0433059784": {"ADMIN"},
        "backend-files-0433059784": {"tls.key"},
        "proxy-env-0433059784": {"COOKIE"},
    }


def test_a_missing_secret_and_a_missing_key_are_named() -> None:
    needed = {"a-env": {"X", "Y"}, "b-env": {"Z"}, "c-env": {"Q"}}
    assert missing_secrets(needed, {"a-env": {"X"}, "c-env": {"Q", "R"}}) == [
        "Secret a-env has no key Y.",
        "There is no Secret b-env (it needs the keys Z).",
    ]


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    for name in ("Chart.yaml", "templates/a.yaml", "charts/sub/templates/b.yaml", "ci/x-values.yaml", "README.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("edited", ["Chart.yaml", "templates/a.yaml", "charts/sub/templates/b.yaml"])
def test_the_digest_sees_an_edit_of_any_file_of_the_chart(chart: Path, edited: str) -> None:
    before = chart_digest(chart)
    (chart / edited).write_text("edited", encoding="utf-8")
    assert chart_digest(chart) != before


def test_the_digest_sees_a_renamed_file(chart: Path) -> None:
    before = chart_digest(chart)
    (chart / "templates/a.yaml").rename(chart / "templates/c.yaml")
    assert chart_digest(chart) != before


@pytest.mark.parametrize("edited", ["ci/x-values.yaml", "README.md"])
def test_the_digest_ignores_what_no_release_is_made_of(chart: Path, edited: str) -> None:
    before = chart_digest(chart)
    (chart / edited).write_text("edited", encoding="utf-8")
    assert chart_digest(chart) == before


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with an application and its migrations."""
    for path, text in {
        "Dockerfile": "FROM scratch\nCOPY . /\n",
        "main.py": "print(1)\n",
        "migrations/0001.sql": "create table a;\n",
    }.items():
        (tmp_path / "api" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "api" / path).write_text(text, encoding="utf-8")
    return tmp_path


def migrated(root: Path, migration: dict[str, Any] | None = None, image: str = "api:1", **options: Any) -> dict[str, Any]:
    job = {"command": ["migrate"], "sources": ["migrations"], **(migration or {})}
    component = {"name": "backend", "build": {"context": "api"}, "port": 8000, "migration": job, **options}
    found = releases([component], "shop", str(CHART), {"backend": image}, NAMES, 180, str(root))
    values: dict[str, Any] = found[1]["values"]
    return values


def test_a_migration_is_idle_while_what_it_runs_from_stays(source: Path) -> None:
    before = migrated(source)
    (source / "api/main.py").write_text("print(2)\n", encoding="utf-8")
    assert idle_jobs(migrated(source, image="api:2", replicas=3), before) == ["backend"]


@pytest.mark.parametrize(
    "change",
    [
        {"migration": {"command": ["migrate", "again"]}},
        {"migration": {"env": {"A": "1"}}},
        {"migration": {"secret_env": {"URL": SECRET}}},
        {"env": {"A": "1"}},
        {"secret_env": {"URL": SECRET}},
        {"config_files": {"/etc/a": "b"}},
        {"run_as_user": 10009},
        {"migration": {"sources": []}},
        {"setup": {"command": ["set-up"]}},
    ],
    ids=str,
)
def test_a_migration_runs_when_something_that_it_has_changed(source: Path, change: dict[str, Any]) -> None:
    assert idle_jobs(migrated(source, **change), migrated(source)) is None


@pytest.mark.parametrize("path", ["0001.sql", "0002.sql"])
def test_a_migration_runs_when_its_sources_changed(source: Path, path: str) -> None:
    before = migrated(source)
    (source / "api/migrations" / path).write_text("create table b;\n", encoding="utf-8")
    assert idle_jobs(migrated(source), before) is None


def test_a_migration_runs_when_the_chart_changed_or_it_is_new(source: Path) -> None:
    values = migrated(source)
    assert idle_jobs(values, {**values, "global": {"chartDigest": "another"}}) is None
    assert idle_jobs(values, {**values, "components": {}}) is None


def test_sources_that_the_build_does_not_get_are_named(source: Path) -> None:
    (source / "api/.dockerignore").write_text("migrations\n", encoding="utf-8")
    with pytest.raises(
        AnsibleFilterError, match=r"backend\.migration\.sources names migrations, of which the build of .*/api gets no file"
    ):
        migrated(source)


def test_sources_of_a_finished_image_are_refused() -> None:
    job = {"command": ["migrate"], "sources": ["migrations"]}
    with pytest.raises(AnsibleFilterError, match=r"migration\.sources needs build"):
        planned({**BACKEND, "migration": job})


def test_another_image_leaves_the_connections_as_they_are(source: Path) -> None:
    before = network_of(migrated(source))
    assert network_of(migrated(source, image="api:2")) == before
    assert network_of(migrated(source, outside=False)) != before
    assert network_of(migrated(source, service={"type": "NodePort", "node_port": 30080})) != before
    assert network_of({}) == {}
