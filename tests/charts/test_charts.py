# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the umbrella chart renders, seen through the helm binary of the toolchain."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.plannoir.deploy.plugins.filter.releases import releases
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._core.labels import APPLICATION
from ansible_collections.plannoir.deploy.plugins.module_utils._namespace.objects import object_names

CHART = Path(__file__).parents[2] / "charts/plannoir"
KUBERNETES = "1.34.4"
SECRET = "Zx9-never-in-a-chart"

EVERYTHING = {
    "name": "shop",
    "image": "registry.example/shop:1",
    "replicas": 1,
    "command": ["serve"],
    "args": ["--fast"],
    "port": 8080,
    "service": {"type": "NodePort", "node_port": 30090},
    "env": {"DEBUG": False, "WORKERS": 2},
    "secret_env": {"TOKEN": SECRET},
    "secret_files": {"path": "/etc/tls", "files": {"tls.key": SECRET}},
    "config_files": {"/etc/shop.conf": "x=1\n", "/etc/other.conf": "y=2\n"},
    "probes": {"startup": {"tcp": True}, "liveness": {"path": "/up", "period": 7}, "readiness": {"command": ["ready"]}},
    "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "1", "memory": "64Mi"}},
    "run_as_user": 1000660000,
    "writable_paths": ["/tmp", "/var/cache"],
    "persistence": {"path": "/data", "size": "2Gi", "storage_class": "fast"},
    "migration": {"command": ["migrate"], "args": ["up"], "env": {"DEBUG": True}, "secret_env": {"OWNER": SECRET}, "timeout": 60},
    "setup": {"command": ["set-up"], "args": ["all"], "env": {"DEBUG": True}, "secret_env": {"ADMIN": SECRET}, "timeout": 90},
    "stop_grace_seconds": 20,
    "host_aliases": [{"ip": "10.0.0.1", "hostnames": ["models.example"]}],
}
"""A component that uses every option."""


def helm(*arguments: str, values: Mapping[str, Any] | None = None) -> subprocess.CompletedProcess[str]:
    program = shutil.which("helm")
    if program is None:
        pytest.fail("helm is not on PATH: run ./bootstrap nox -s charts, which builds it first.")
    stdin = json.dumps(values or {})
    return subprocess.run([program, *arguments, "--values=-"], input=stdin, capture_output=True, text=True, check=False)


def render(*options: str, values: Mapping[str, Any] | None = None, release: str = "my-app") -> list[dict[str, Any]]:
    result = helm("template", release, str(CHART), f"--kube-version={KUBERNETES}", *options, values=values)
    assert result.returncode == 0, result.stderr
    return [item for item in yaml.safe_load_all(result.stdout) if item]


def refusal(*options: str, values: Mapping[str, Any] | None = None) -> str:
    result = helm("template", "my-app", str(CHART), f"--kube-version={KUBERNETES}", *options, values=values)
    assert result.returncode != 0
    return result.stderr


def named(objects: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {item["metadata"]["name"]: item for item in objects if item["kind"] == kind}


def pod_specs(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        f"{item['kind']} {item['metadata']['name']}": item["spec"]["template"]["spec"]
        for item in objects
        if item["kind"] in ("Deployment", "Job")
    }


def role_values(*components: Mapping[str, Any], stage: str = "app") -> dict[str, Any]:
    """The values that the release role would pass for these components."""
    names = [component["name"] for component in components]
    secrets = {name: {kind: f"{name}-{kind}" for kind in ("env", "files", "migration", "setup")} for name in names}
    found = releases(list(components), "my-app", str(CHART), {name: f"local/{name}:1" for name in names}, secrets, 180)
    return next(release["values"] for release in found if release["name"].endswith("-extras") == (stage == "extras"))


VARIANTS = {file.stem: (f"--values={file}",) for file in sorted((CHART / "ci").glob("*-values.yaml"))}
ALL_VARIANTS = pytest.mark.parametrize("options", [(), *VARIANTS.values()], ids=["defaults", *VARIANTS])


@ALL_VARIANTS
def test_the_strict_lint_passes(options: tuple[str, ...]) -> None:
    result = helm("lint", "--strict", str(CHART), *options)
    assert result.returncode == 0, result.stdout + result.stderr


def test_by_default_exactly_frontend_and_backend_run() -> None:
    deployments = named(render(), "Deployment")
    assert {name: item["spec"]["replicas"] for name, item in deployments.items()} == {"frontend": 1, "backend": 1}


def test_the_extras_are_the_database_and_the_stand_in() -> None:
    objects = render(*VARIANTS["extras-values"])
    assert set(named(objects, "Deployment")) == {"database", "openrouter"}
    assert set(named(objects, "Job")) == {"database-setup"}


@ALL_VARIANTS
def test_every_pod_meets_the_restricted_level(options: tuple[str, ...]) -> None:
    specs = pod_specs(render(*options))
    assert specs
    for name, spec in specs.items():
        security = spec["securityContext"]
        assert security["runAsNonRoot"] is True, name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert security["runAsUser"] == security["runAsGroup"] == security["fsGroup"] > 0, name
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert set(container["resources"]) == {"requests", "limits"}, name


@pytest.mark.parametrize("options", [(), VARIANTS["extras-values"]], ids=["app", "extras"])
def test_plannoirs_own_components_have_liveness_and_readiness_probes(options: tuple[str, ...]) -> None:
    for name, item in named(render(*options), "Deployment").items():
        container = item["spec"]["template"]["spec"]["containers"][0]
        assert {"livenessProbe", "readinessProbe"} <= set(container), name


def test_the_frontend_is_reached_on_node_port_30080_and_the_backend_only_inside() -> None:
    services = named(render(), "Service")
    assert services["frontend"]["spec"]["type"] == "NodePort"
    assert services["frontend"]["spec"]["ports"] == [{"port": 3000, "targetPort": 3000, "nodePort": 30080}]
    assert services["backend"]["spec"]["type"] == "ClusterIP"
    assert services["backend"]["spec"]["ports"] == [{"port": 8000, "targetPort": 8000}]


def test_one_value_makes_the_frontend_a_load_balancer_with_the_same_node_port() -> None:
    spec = named(render("--set=frontend.service.type=LoadBalancer"), "Service")["frontend"]["spec"]
    assert (spec["type"], spec["ports"][0]["nodePort"]) == ("LoadBalancer", 30080)


def test_a_cluster_ip_service_has_no_node_port() -> None:
    assert "nodePort" not in named(render("--set=frontend.service.type=ClusterIP"), "Service")["frontend"]["spec"]["ports"][0]


def test_each_secret_variable_is_a_reference_to_its_own_key() -> None:
    env = pod_specs(render())["Deployment backend"]["containers"][0]["env"]
    secret = {entry["name"]: entry["valueFrom"]["secretKeyRef"] for entry in env if "valueFrom" in entry}
    assert secret == {key: {"name": "backend-env", "key": key} for key in ("DATABASE_URL", "OPENROUTER_API_KEY", "SESSION_SECRET")}


def test_the_migration_is_a_hook_before_the_rollout_and_is_kept_when_it_fails() -> None:
    (job,) = named(render(), "Job").values()
    assert job["metadata"]["annotations"] == {
        "helm.sh/hook": "pre-install,pre-upgrade",
        "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
        "release/revision": "1",
    }
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert container["command"] == ["alembic", "upgrade", "head"]
    assert "DATABASE_URL" in {entry["name"] for entry in container["env"]}


def test_without_a_migration_there_is_no_job() -> None:
    assert not named(render(values={"backend": {"migration": None}}), "Job")


def test_a_migrations_own_variables_win_over_the_components() -> None:
    objects = render(values=role_values({**EVERYTHING, "env": {"DEBUG": False, "OWNER": "nobody"}}))
    env = {entry["name"]: entry for entry in pod_specs(objects)["Job shop-migration"]["containers"][0]["env"]}
    assert env["DEBUG"]["value"] == "true"
    assert env["OWNER"]["valueFrom"]["secretKeyRef"] == {"name": "shop-migration", "key": "OWNER"}
    assert env["TOKEN"]["valueFrom"]["secretKeyRef"] == {"name": "shop-env", "key": "TOKEN"}


def test_the_setup_is_a_hook_after_the_rollout_and_is_kept_when_it_fails() -> None:
    job = named(render(*VARIANTS["extras-values"]), "Job")["database-setup"]
    assert job["metadata"]["annotations"] == {
        "helm.sh/hook": "post-install,post-upgrade",
        "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
        "release/revision": "1",
    }
    assert job["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] == "database-setup"


def test_a_setup_has_its_own_secret_and_nothing_of_the_pods_secrets_or_data() -> None:
    spec = pod_specs(render(values=role_values(EVERYTHING)))["Job shop-setup"]
    (container,) = spec["containers"]
    assert (container["image"], container["command"], container["args"]) == ("local/shop:1", ["set-up"], ["all"])
    env = {entry["name"]: entry for entry in container["env"]}
    assert (env["DEBUG"]["value"], env["WORKERS"]["value"]) == ("true", "2")
    references = {name: entry["valueFrom"]["secretKeyRef"] for name, entry in env.items() if "valueFrom" in entry}
    assert references == {"ADMIN": {"name": "shop-setup", "key": "ADMIN"}}
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/tmp", "/var/cache"}
    assert all("emptyDir" in volume for volume in spec["volumes"])


def test_a_changed_secret_of_a_setup_makes_other_values_and_the_same_pods() -> None:
    before, after = (
        named(render(*VARIANTS["extras-values"], f"--set=database.setup.secretName=database-setup-{digit}"), "Deployment") for digit in "ab"
    )
    assert before == after


@ALL_VARIANTS
def test_a_service_selects_the_pods_of_its_component_and_no_migration(options: tuple[str, ...]) -> None:
    objects = render(*options)
    pods = {name: item["spec"]["template"]["metadata"]["labels"] for name, item in named(objects, "Deployment").items()}
    jobs = [item["spec"]["template"]["metadata"]["labels"] for item in named(objects, "Job").values()]
    for name, service in named(objects, "Service").items():
        selector = service["spec"]["selector"].items()
        assert [pod for pod, labels in pods.items() if selector <= labels.items()] == [name]
        assert not [labels for labels in jobs if selector <= labels.items()]


def test_a_selector_does_not_change_with_the_chart() -> None:
    selector = named(render(), "Deployment")["backend"]["spec"]["selector"]["matchLabels"]
    assert selector == {"app.kubernetes.io/name": "backend", "app.kubernetes.io/instance": "my-app"}


def test_a_rollout_never_goes_below_the_wanted_number_of_pods() -> None:
    spec = named(render(), "Deployment")["backend"]["spec"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    assert spec["template"]["spec"]["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}


def test_a_volume_outlives_the_release_and_is_never_mounted_twice() -> None:
    objects = render(*VARIANTS["extras-values"])
    (claim,) = named(objects, "PersistentVolumeClaim").values()
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert named(objects, "Deployment")["database"]["spec"]["strategy"] == {"type": "Recreate"}


def test_only_several_pods_get_a_disruption_budget() -> None:
    assert set(named(render("--set=backend.replicas=2"), "PodDisruptionBudget")) == {"backend"}
    assert not named(render(), "PodDisruptionBudget")


def test_no_replicas_is_a_number_too() -> None:
    assert named(render("--set=backend.replicas=0"), "Deployment")["backend"]["spec"]["replicas"] == 0


def test_a_changed_secret_rolls_only_the_pods_that_read_it() -> None:
    before, after = (named(render(f"--set=backend.secretName=backend-env-{digit}"), "Deployment") for digit in "ab")
    assert before["backend"] != after["backend"]
    assert before["frontend"] == after["frontend"]


def test_a_changed_configuration_file_rolls_the_pods() -> None:
    before, after = (
        named(render(values=role_values({**EVERYTHING, "config_files": {"/etc/shop.conf": text}})), "Deployment")["shop"] for text in "ab"
    )
    assert before["spec"]["template"] != after["spec"]["template"]


def test_an_edited_template_that_renders_the_same_rolls_no_pod() -> None:
    before, after = (render(f"--set=global.chartDigest={digit * 16}") for digit in "ab")
    assert before == after


def test_every_option_of_a_component_reaches_the_cluster() -> None:
    objects = render(values=role_values(EVERYTHING))
    assert set(named(objects, "Deployment")) == {"shop"}
    spec = named(objects, "Deployment")["shop"]["spec"]["template"]["spec"]
    container = spec["containers"][0]
    assert (container["command"], container["args"]) == (["serve"], ["--fast"])
    assert {"name": "DEBUG", "value": "false"} in container["env"]
    assert {"name": "WORKERS", "value": "2"} in container["env"]
    assert container["startupProbe"]["tcpSocket"] == {"port": 8080}
    assert (container["livenessProbe"]["httpGet"]["path"], container["livenessProbe"]["periodSeconds"]) == ("/up", 7)
    assert container["readinessProbe"]["exec"] == {"command": ["ready"]}
    assert container["resources"]["limits"] == {"cpu": "1", "memory": "64Mi"}
    assert spec["securityContext"]["runAsUser"] == 1000660000
    assert spec["terminationGracePeriodSeconds"] == 20
    assert spec["hostAliases"] == [{"ip": "10.0.0.1", "hostnames": ["models.example"]}]
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    assert set(mounts) == {"/tmp", "/var/cache", "/etc/tls", "/etc/shop.conf", "/etc/other.conf", "/data"}
    secret = next(volume["secret"] for volume in spec["volumes"] if volume["name"] == "secret-files")
    assert (secret["secretName"], secret["defaultMode"]) == ("shop-files", 0o440)
    config = named(objects, "ConfigMap")["shop-config"]["data"]
    assert config[mounts["/etc/shop.conf"]["subPath"]] == "x=1\n"
    claim = named(objects, "PersistentVolumeClaim")["shop-data"]["spec"]
    assert (claim["storageClassName"], claim["resources"]["requests"]["storage"]) == ("fast", "2Gi")
    assert named(objects, "Job")["shop-migration"]["spec"]["activeDeadlineSeconds"] == 60
    assert named(objects, "Job")["shop-setup"]["spec"]["activeDeadlineSeconds"] == 90
    assert named(objects, "Service")["shop"]["spec"]["ports"] == [{"port": 8080, "targetPort": 8080, "nodePort": 30090}]


def test_no_secret_value_reaches_the_chart() -> None:
    values = role_values(EVERYTHING)
    assert SECRET not in json.dumps(values)
    assert SECRET not in json.dumps(render(values=values))


def test_another_applications_component_keeps_nothing_of_the_charts_defaults() -> None:
    """Helm merges dictionaries: without care Plannoir's variables, probes and migration would stay beside those given."""
    other = {
        "name": "backend",
        "image": "registry.example/api:2",
        "port": 9000,
        "env": {"MODE": "b"},
        "probes": {"liveness": {"tcp": True}},
    }
    objects = render(values=role_values(other))
    assert not named(objects, "Job")
    container = pod_specs(objects)["Deployment backend"]["containers"][0]
    assert container["env"] == [{"name": "MODE", "value": "b"}]
    assert "httpGet" not in container["livenessProbe"]
    assert "readinessProbe" not in container
    assert named(objects, "Service")["backend"]["spec"]["ports"] == [{"port": 9000, "targetPort": 9000}]


def test_extras_and_application_never_render_the_same_object() -> None:
    components = [{"name": "database", "image": "db:1", "port": 5432, "extra": True}, {"name": "backend", "image": "api:1", "port": 8000}]
    extras, app = (
        {(item["kind"], item["metadata"]["name"]) for item in render(values=role_values(*components, stage=stage), release=stage)}
        for stage in ("extras", "app")
    )
    kinds = ("Deployment", "NetworkPolicy", "Service")
    assert extras == {*((kind, "database") for kind in kinds), ("NetworkPolicy", "extras-default-deny")}
    assert app == {*((kind, "backend") for kind in kinds), ("NetworkPolicy", "app-default-deny")}


def test_every_object_carries_our_label_and_has_a_name_that_is_looked_for_before() -> None:
    """What has such a name and is somebody else's stops a run before anything is built, so the list of names must be whole."""
    resources = {"NetworkPolicy": "networkpolicies"}
    several = {**EVERYTHING, "name": "web", "persistence": None, "replicas": 2, "service": {}}
    for stage, release in (("extras", "my-app-extras"), ("app", "my-app")):
        given = [{**component, "extra": stage == "extras"} for component in (EVERYTHING, several)]
        objects = render(values=role_values(*given, stage=stage), release=release)
        made = {f"{resources.get(item['kind'], item['kind'].lower() + 's')}/{item['metadata']['name']}" for item in objects}
        loaded, problems = load_components(given)
        assert not problems
        looked_for = {re.sub(r"\..*/", "/", name) for name in object_names("my-app", loaded)}
        assert made | {"networkpolicies/my-app-default-deny", "networkpolicies/my-app-extras-default-deny"} == looked_for
        for item in objects:
            labels = [item["metadata"]["labels"]]
            labels += [item["spec"]["template"]["metadata"]["labels"]] if "template" in item.get("spec", {}) else []
            assert {found.get(APPLICATION) for found in labels} == {"my-app"}, item["metadata"]["name"]


def test_a_policy_denies_what_the_graph_does_not_allow() -> None:
    web = {"name": "web", "image": "web:1", "port": 80, "connects_to": ["api"], "outside": False, "service": {"type": "NodePort"}}
    api = {"name": "api", "image": "api:1", "port": 8000, "connects_to": [], "migration": {"command": ["up"]}}
    policies = named(render(values=role_values(web, api)), "NetworkPolicy")
    assert {name: item["spec"]["podSelector"] for name, item in policies.items()} == {
        "my-app-default-deny": {"matchLabels": {"app.kubernetes.io/instance": "my-app"}},
        **{
            name: {"matchLabels": {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": "my-app"}}
            for name in ("web", "api", "api-migration")
        },
    }
    specs = {name: item["spec"] for name, item in policies.items()}
    assert all(spec["policyTypes"] == ["Ingress", "Egress"] for spec in specs.values())
    assert not {"ingress", "egress"} & set(specs["my-app-default-deny"])
    # The page is published, so everybody may come; the API lets the page in, and its migration nobody.
    assert specs["web"]["ingress"] == [{"ports": [{"port": 80}]}]
    callers = {"podSelector": {"matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "In", "values": ["web"]}]}}
    assert specs["api"]["ingress"] == [{"ports": [{"port": 8000}], "from": [callers]}]
    assert "ingress" not in specs["api-migration"]
    dns, to_api = specs["web"]["egress"]
    assert [entry["port"] for entry in dns["ports"]] == [53, 53]
    assert to_api == {"to": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "api"}}}], "ports": [{"port": 8000}]}
    outside = [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}, {"ipBlock": {"cidr": "::/0"}}]}]
    assert specs["api"]["egress"] == specs["api-migration"]["egress"] == [dns, *outside]


def test_the_migrations_policy_is_there_before_it() -> None:
    api = {"name": "api", "image": "api:1", "port": 8000, "migration": {"command": ["up"]}}
    objects = render(values=role_values(api))
    policy, job = (named(objects, kind)["api-migration"]["metadata"]["annotations"] for kind in ("NetworkPolicy", "Job"))
    assert policy["helm.sh/hook"] == job["helm.sh/hook"]
    assert int(policy["helm.sh/hook-weight"]) < int(job.get("helm.sh/hook-weight", 0))


def test_a_component_that_names_no_connections_may_make_any() -> None:
    policies = named(render(values=role_values({"name": "api", "image": "api:1", "port": 8000})), "NetworkPolicy")
    assert policies["api"]["spec"]["egress"] == [{}]


def test_by_hand_there_are_no_policies() -> None:
    assert not named(render(), "NetworkPolicy")


@pytest.mark.parametrize(
    ("values", "named_key"),
    [
        ({"backend": {"replcas": 2}}, "replcas"),
        ({"backnd": {"replicas": 2}}, "backnd"),
        ({"backend": {"port": "8000"}}, "/backend/port"),
        ({"backend": {"secretEnv": {"DATABASE_URL": "postgresql://u:p@h/d"}}}, "/backend/secretEnv"),
        ({"backend": {"runAsUser": 0}}, "/backend/runAsUser"),
        ({"backend": {"probes": {"liveness": {"path": "/a", "tcp": True}}}}, "/backend/probes/liveness"),
        ({"backend": {"image": ""}}, "/backend/image"),
        ({"backend": {"setup": {"env": {"A": "1"}}}}, "/backend/setup"),
        ({"frontend": {"service": {"nodePort": 80}}}, "/frontend/service/nodePort"),
        ({"database": {"enabled": True, "replicas": 2}}, "/database/replicas"),
        ({"components": {"proxy": {"port": 80}}}, "/components/proxy"),
        ({"components": {"Proxy": {"image": "x:1", "port": 80}}}, "Proxy"),
    ],
)
def test_a_wrong_value_is_refused_by_name(values: dict[str, Any], named_key: str) -> None:
    assert named_key in refusal(values=values)


def test_a_packaged_chart_holds_everything_it_needs(tmp_path: Path) -> None:
    program = shutil.which("helm") or "helm"
    subprocess.run([program, "package", str(CHART), "--destination", str(tmp_path)], check=True, capture_output=True)
    (archive,) = tmp_path.iterdir()
    result = helm("template", "my-app", str(archive), f"--kube-version={KUBERNETES}")
    assert result.returncode == 0, result.stderr
