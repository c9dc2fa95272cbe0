# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be called how."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._component.names import RULES, name_problem, release_names
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._services.catalogue import load_services

JOB = {"command": ["up"]}
DATABASE = "services_postgresql_database"
DATABASE_RULE = load_services()["postgresql"].names[DATABASE]


def component(name: str, **options: Any) -> dict[str, Any]:
    return {"name": name, "port": 80, "image": "web:1", **options}


@pytest.mark.parametrize("name", ["shop", "a", "my-shop-2", "x" * 46, "extras", "shop-extras-2"])
def test_a_good_application_name_passes(name: str) -> None:
    assert name_problem("app_name", name) == ""
    assert all(len(release) <= 53 for release in release_names(name))


@pytest.mark.parametrize("name", ["MyShop_1", "My Shop", "2048", 2048, "-x", "x-", "", "x" * 47, "shop-extras", "shop\n", "café"])
def test_a_name_that_helm_or_docker_would_refuse_is_named_with_the_rule(name: object) -> None:
    problem = name_problem("app_name", name, written="app.yml:3")
    assert problem.startswith("app_name (app.yml:3) must be at most 46 lower-case letters")
    assert repr(name if isinstance(name, str) else str(name)) in problem


@pytest.mark.parametrize("namespace", ["shop", "1-shop", "2048", "x" * 63, "kubernetes-shop"])
def test_a_good_namespace_passes(namespace: str) -> None:
    assert name_problem("app_namespace", namespace) == ""


@pytest.mark.parametrize("namespace", ["My_Shop", "", "x" * 64, "-x", "kube-system", "kube-public", "kube-mine", "a.b"])
def test_a_namespace_that_is_none_or_the_clusters_own_is_refused(namespace: str) -> None:
    assert name_problem("app_namespace", namespace).startswith("app_namespace must be at most 63 ")


@pytest.mark.parametrize(
    ("profile", "good"), [("plannoir", True), ("my-2", True), ("MyShop", False), ("x", False), ("a_b", False), ("x-", False)]
)
def test_a_profile_is_a_node_of_kubernetes(profile: str, good: bool) -> None:
    assert (name_problem("minikube_profile", profile) == "") == good


@pytest.mark.parametrize("name", ["shop", "my_shop", "2shop", "x" * 48, "postgresql", "my_pgbouncer", "template"])
def test_a_good_database_name_passes_and_its_longest_role_fits(name: str) -> None:
    assert name_problem(DATABASE, name, DATABASE_RULE) == ""
    assert len(f"{name}_owner_12345678") <= 63  # NAMEDATALEN of PostgreSQL, less its final zero


@pytest.mark.parametrize("name", ["My_Shop", "my-shop", "x" * 49, "postgres", "pgbouncer", "template1", "pg_shop", "a b", ""])
def test_a_database_name_that_postgresql_cuts_or_keeps_is_refused(name: str) -> None:
    assert name_problem(DATABASE, name, DATABASE_RULE).startswith(f"{DATABASE} must be at most 48 ")


def test_the_longest_application_has_a_database_that_fits() -> None:
    assert name_problem(DATABASE, "a" * 46, DATABASE_RULE) == ""
    assert set(RULES) == {"app_name", "app_namespace", "minikube_profile"}


@pytest.mark.parametrize("job", ["migration", "setup", "test"])
def test_a_component_that_is_called_like_a_job_of_another_is_refused(job: str) -> None:
    (problem,) = load_components([component("web", **{job: JOB}), component(f"web-{job}")])[1]
    assert problem == f"Component web-{job}: web and web-{job} would each make networkpolicies/web-{job}: rename web-{job}."


@pytest.mark.parametrize(
    "components",
    [
        [component("web"), component("web-migration")],  # web has none
        [component("web", migration=JOB), component("web-migrations")],
        [component("web", migration=JOB), component("web-setup")],
        [component("web", config_files={"/etc/x": "y"}), component("web-config", config_files={"/etc/x": "y"})],
        [component("web", persistence={"path": "/data"}), component("web-data", persistence={"path": "/data"})],
        [component("web", secret_env={"A": "b"}), component("web-env", secret_env={"A": "b"})],
    ],
)
def test_names_that_only_look_alike_pass(components: list[dict[str, Any]]) -> None:
    assert load_components(components)[1] == []


def test_a_component_that_is_called_like_an_object_of_its_release_is_refused() -> None:
    components = [component("shop-default-deny"), component("other-default-deny")]
    assert load_components(components)[1] == []
    (problem,) = load_components(components, "shop")[1]
    assert "the release itself and shop-default-deny would each make networkpolicies/shop-default-deny" in problem


@pytest.mark.parametrize(
    "image",
    [
        "nginx",
        "a/b:1",
        "ghcr.io/owner/name:1.2",
        "localhost/web:dev",
        "localhost:5000/web",
        "registry:5000/a/b/c:V1_x.Y",
        "Registry.Example.com/a:1",
        "a__b/c--d.e_f:1",
        "10.0.0.1:5000/a",
        "[fd00::1]:5000/a:1",
        "debian@sha256:" + "a1" * 32,
        "ghcr.io/a/b:1@sha256:" + "0" * 64,
    ],
)
def test_an_image_reference_passes(image: str) -> None:
    assert load_components([component("web", image=image)])[1] == []


@pytest.mark.parametrize(
    "image",
    [
        "x y",
        "Org/API:1",
        "Org/api",
        "ghcr.io/Owner/name",
        "https://ghcr.io/a/b",
        "docker://a/b",
        "a/b:",
        "a//b",
        "a/b:1:2",
        "-a",
        "a@sha256:12",
        "a/b:" + "x" * 129,
        "a/b\n",
    ],
)
def test_what_docker_would_not_read_as_an_image_is_refused(image: str) -> None:
    (problem,) = load_components([component("web", image=image)])[1]
    assert "image must be an image reference such as ghcr.io/owner/name:1.2" in problem


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"secret_files": {"path": "/etc/x", "files": {"..": "a"}}}, "must be a file name"),
        ({"secret_files": {"path": "/etc/x", "files": {"..data": "a"}}}, "must be a file name"),
        ({"config_files": {"/etc/x\nB: evil": "a"}}, "must be an absolute path"),
        ({"run_as_user": 2**40}, "run_as_user must be between 1 and 2147483647"),
    ],
)
def test_what_kubernetes_would_refuse_is_refused_before(options: dict[str, Any], said: str) -> None:
    (problem,) = load_components([component("web", **options)])[1]
    assert said in problem


def test_files_with_one_dot_first_pass() -> None:
    files = dict.fromkeys([".env", "a..b", "-x", "_", "tls.crt"], "text")
    assert load_components([component("web", secret_files={"path": "/etc/x", "files": files})])[1] == []
