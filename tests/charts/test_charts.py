# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the umbrella chart renders, seen through the helm binary of the toolchain."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.plannoir.deploy.plugins.filter.releases import releases
from ansible_collections.plannoir.deploy.plugins.module_utils._component.checks import JOBS
from ansible_collections.plannoir.deploy.plugins.module_utils._component.names import object_names
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._component.specification import OPTIONS
from ansible_collections.plannoir.deploy.plugins.module_utils._component.values import secret_keys
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import reference
from ansible_collections.plannoir.deploy.plugins.module_utils._core.labels import APPLICATION
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain import pins

from scripts import by_hand

CHART = Path(__file__).parents[2] / "charts/plannoir"
KUBERNETES = pins.KUBERNETES
SECRET = "Zx9-never-in-a-chart"

EVERYTHING = {
    "name": "shop",
    "image": "registry.example/shop:1",
    "replicas": 1,
    "command": ["serve"],
    "args": ["--fast"],
    "port": 8080,
    "service": {"type": "NodePort", "port": 80, "node_port": 30090},
    "env": {"DEBUG": False, "WORKERS": 2},
    "secret_env": {"TOKEN": SECRET},
    "secret_files": {"path": "/etc/tls", "files": {"tls.key": SECRET}},
    "pull_credentials": {"username": "joe", "password": SECRET},
    "config_files": {"/etc/shop.conf": "x=1\n", "/etc/other.conf": "y=2\n"},
    "probes": {"startup": {"tcp": True}, "liveness": {"path": "/up", "period": 7}, "readiness": {"command": ["ready"]}},
    "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "1", "memory": "64Mi"}},
    "run_as_user": 1000660000,
    "writable_paths": ["/tmp", "/var/cache"],
    "persistence": {"path": "/data", "size": "2Gi", "storage_class": "fast"},
    "migration": {"command": ["migrate"], "args": ["up"], "env": {"DEBUG": True}, "secret_env": {"OWNER": SECRET}, "timeout": 60},
    "setup": {"command": ["set-up"], "args": ["all"], "env": {"DEBUG": True}, "secret_env": {"ADMIN": SECRET}, "timeout": 90},
    "test": {"command": ["look"], "args": ["twice"], "env": {"DEBUG": True}, "secret_env": {"VISITOR": SECRET}, "timeout": 30},
    "stop_grace_seconds": 20,
    "topology_spread": [{"topology_key": "topology.kubernetes.io/zone", "max_skew": 2, "when_unsatisfiable": "DoNotSchedule"}],
    "node_selector": {"kubernetes.io/arch": "amd64", "pool": "08"},
    "tolerations": [
        {"key": "dedicated", "operator": "Equal", "value": "1e5", "effect": "NoExecute", "toleration_seconds": 60},
        {"operator": "Exists"},
    ],
    "host_aliases": [{"ip": "10.0.0.1", "hostnames": ["models.example"]}],
}
"""A component that uses every option that the chart reads."""

SHOP = {
    "name": "shop",
    "image": "shop:1",
    "port": 80,
    "connects_to": ["search"],
    "service": {"type": "NodePort", "node_port": 30080},
    "probes": {"liveness": {"path": "/up"}},
}
SEARCH = {
    "name": "search",
    "image": "search:2",
    "port": 9200,
    "connects_to": [],
    "persistence": {"path": "/data"},
    "setup": {"command": ["make-index"], "secret_env": {"ADMIN": SECRET}},
    "probes": {"readiness": {"tcp": True}},
}
SCALED = {
    **SHOP,
    "connects_to": [],
    "autoscale": {"min": 1, "max": 4},
    "resources": {"requests": {"cpu": "250m"}, "limits": {"memory": "64Mi"}},
}
NIGHTLY = {
    "name": "nightly",
    "image": "shop:1",
    "command": ["report", "--all"],
    "args": ["$HOME"],
    "schedule": {"cron": "0 3 * * 1-5", "time_zone": "Europe/Berlin", "concurrency": "Replace", "timeout": 90, "retries": 1, "keep": 2},
    "connects_to": ["search"],
    "outside": False,
    "env": {"LOG_LEVEL": "info"},
    "secret_env": {"TOKEN": SECRET},
    "secret_files": {"path": "/etc/tls", "files": {"tls.key": SECRET}},
    "config_files": {"/etc/shop.conf": "x=1\n"},
    "pull_credentials": {"username": "joe", "password": SECRET},
    "stop_grace_seconds": 20,
}


def helm(*arguments: str, values: Mapping[str, Any] | None = None) -> subprocess.CompletedProcess[str]:
    program = shutil.which("helm")
    if program is None:
        pytest.fail("helm is not on PATH: run ./bootstrap nox -s charts, which builds it first.")
    stdin = json.dumps(values or {})
    return subprocess.run([program, *arguments, "--values=-"], input=stdin, capture_output=True, text=True, check=False)


def render(*options: str, values: Mapping[str, Any] | None = None, release: str = "my-app", chart: Path = CHART) -> list[dict[str, Any]]:
    result = helm("template", release, str(chart), f"--kube-version={KUBERNETES}", *options, values=values)
    assert result.returncode == 0, result.stderr
    return [item for item in yaml.load_all(result.stdout, Loader=yaml.CSafeLoader) if item]


def refusal(*options: str, values: Mapping[str, Any] | None = None) -> str:
    result = helm("template", "my-app", str(CHART), f"--kube-version={KUBERNETES}", *options, values=values)
    assert result.returncode != 0
    return result.stderr


def named(objects: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {item["metadata"]["name"]: item for item in objects if item["kind"] == kind}


def pod_specs(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        f"{item['kind']} {item['metadata']['name']}": item["spec"].get("jobTemplate", item)["spec"]["template"]["spec"]
        for item in objects
        if item["kind"] in ("Deployment", "Job", "CronJob")
    }


def role_values(
    *components: Mapping[str, Any], stage: str = "app", secrets: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, Any]:
    """The values that the release role would pass for these components."""
    names = [component["name"] for component in components]
    secrets = secrets or {name: {kind: f"{name}-{kind}" for kind in ("env", "files", "pull", *JOBS)} for name in names}
    found = releases(list(components), "my-app", str(CHART), {name: f"plannoir/{name}:dev" for name in names}, secrets, 180)
    return next(release["values"] for release in found if release["name"].endswith("-extras") == (stage == "extras"))


VARIANTS: dict[str, dict[str, Any]] = {
    "by-hand": {},
    "load-balancer": yaml.safe_load((CHART / "ci/loadbalancer-values.yaml").read_text(encoding="utf-8")),
    "everything": role_values(EVERYTHING),
    "any-app": role_values(SHOP, SEARCH),
    "nightly": role_values(SEARCH, NIGHTLY),
    "scaled": role_values(SCALED),
}
ALL_VARIANTS = pytest.mark.parametrize("values", VARIANTS.values(), ids=list(VARIANTS))


@ALL_VARIANTS
def test_the_strict_lint_passes(values: dict[str, Any]) -> None:
    result = helm("lint", "--strict", str(CHART), values=values)
    assert result.returncode == 0, result.stdout + result.stderr


def test_by_default_exactly_frontend_and_backend_run() -> None:
    deployments = named(render(), "Deployment")
    assert {name: item["spec"]["replicas"] for name, item in deployments.items()} == {"frontend": 1, "backend": 1}


def test_by_hand_and_by_the_role_the_same_objects_come_out() -> None:
    def objects(values: dict[str, Any]) -> list[dict[str, Any]]:
        rendered = render(values=values)
        for item in rendered:
            item["metadata"]["labels"].pop("helm.sh/chart", None)  # names the subchart, or the umbrella
        return sorted(rendered, key=lambda item: (item["kind"], item["metadata"]["name"]))

    assert objects({}) == objects(role_values(*by_hand.components(), secrets=by_hand.secrets(by_hand.subcharts())))


def test_the_charts_readme_names_what_has_to_be_there() -> None:
    text = (CHART / "README.md").read_text(encoding="utf-8")
    values = by_hand.values()
    components = {name: values[name] for name in by_hand.subcharts()}
    secrets = secret_keys({"components": components})
    wanted = [component["image"] for component in components.values()] + [*secrets, *(key for keys in secrets.values() for key in keys)]
    assert wanted
    assert [word for word in wanted if word not in text] == []


@ALL_VARIANTS
def test_every_pod_meets_the_restricted_level(values: dict[str, Any]) -> None:
    specs = pod_specs(render(values=values))
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


def test_plannoirs_own_components_have_liveness_and_readiness_probes() -> None:
    for name, item in named(render(), "Deployment").items():
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
    job = named(render(), "Job")["backend-migration"]
    assert job["metadata"]["annotations"] == {
        "helm.sh/hook": "pre-install,pre-upgrade",
        "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
        "release/revision": "1",
    }
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert container["command"] == ["alembic", "upgrade", "head"]
    assert "DATABASE_URL" in {entry["name"] for entry in container["env"]}


def test_a_schedule_makes_a_cron_job_and_nothing_that_goes_on_running() -> None:
    objects = render(values=role_values(SEARCH, NIGHTLY))
    assert {item["kind"] for item in objects if item["metadata"]["name"].startswith("nightly")} == {"CronJob", "NetworkPolicy", "ConfigMap"}
    spec = named(objects, "CronJob")["nightly"]["spec"]
    job = spec.pop("jobTemplate")
    assert spec == {
        "schedule": "0 3 * * 1-5",
        "timeZone": "Europe/Berlin",
        "concurrencyPolicy": "Replace",
        "successfulJobsHistoryLimit": 2,
        "failedJobsHistoryLimit": 2,
    }
    assert (job["spec"]["backoffLimit"], job["spec"]["activeDeadlineSeconds"]) == (1, 90)
    policy = named(objects, "NetworkPolicy")["nightly"]["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= job["spec"]["template"]["metadata"]["labels"].items()
    assert policy["podSelector"]["matchLabels"].items() <= job["metadata"]["labels"].items()


def test_the_pods_of_a_schedule_have_what_those_of_a_deployment_would_have() -> None:
    by_time = pod_specs(render(values=role_values(SEARCH, NIGHTLY)))["CronJob nightly"]
    lasting = pod_specs(render(values=role_values(SEARCH, {**NIGHTLY, "schedule": None})))["Deployment nightly"]
    assert by_time.pop("restartPolicy") == "Never"
    assert by_time == lasting
    assert by_time["containers"][0]["args"] == ["$$HOME"]
    assert {entry["name"] for entry in by_time["containers"][0]["env"]} == {"LOG_LEVEL", "TOKEN"}


def test_without_a_migration_there_is_no_job() -> None:
    assert not named(render(values=role_values({**SHOP, "connects_to": []})), "Job")


def test_a_migrations_own_variables_win_over_the_components() -> None:
    objects = render(values=role_values({**EVERYTHING, "env": {"DEBUG": False, "OWNER": "nobody"}}))
    env = {entry["name"]: entry for entry in pod_specs(objects)["Job shop-migration"]["containers"][0]["env"]}
    assert env["DEBUG"]["value"] == "true"
    assert env["OWNER"]["valueFrom"]["secretKeyRef"] == {"name": "shop-migration", "key": "OWNER"}
    assert env["TOKEN"]["valueFrom"]["secretKeyRef"] == {"name": "shop-env", "key": "TOKEN"}


def test_the_setup_is_a_hook_after_the_rollout_and_is_kept_when_it_fails() -> None:
    job = named(render(values=role_values(SEARCH)), "Job")["search-setup"]
    assert job["metadata"]["annotations"] == {
        "helm.sh/hook": "post-install,post-upgrade",
        "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
        "release/revision": "1",
    }
    assert job["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] == "search-setup"


def test_a_setup_has_its_own_secret_and_nothing_of_the_pods_secrets_or_data() -> None:
    spec = pod_specs(render(values=role_values(EVERYTHING)))["Job shop-setup"]
    (container,) = spec["containers"]
    assert (container["image"], container["command"], container["args"]) == ("plannoir/shop:dev", ["set-up"], ["all"])
    env = {entry["name"]: entry for entry in container["env"]}
    assert (env["DEBUG"]["value"], env["WORKERS"]["value"]) == ("true", "2")
    references = {name: entry["valueFrom"]["secretKeyRef"] for name, entry in env.items() if "valueFrom" in entry}
    assert references == {"ADMIN": {"name": "shop-setup", "key": "ADMIN"}}
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/tmp", "/var/cache", "/etc/shop.conf", "/etc/other.conf"}
    assert all("emptyDir" in volume or volume["configMap"]["name"] == "shop-config" for volume in spec["volumes"])


def test_each_job_has_the_files_of_its_component() -> None:
    """A migration runs before the release's ConfigMap is made, or while it is the earlier one, so it has the same content in its own."""
    objects = render(values=role_values(EVERYTHING))
    files = {"/etc/shop.conf", "/etc/other.conf"}
    maps = named(objects, "ConfigMap")
    assert maps["shop-migration-config"]["data"] == maps["shop-config"]["data"]
    annotations = maps["shop-migration-config"]["metadata"]["annotations"]
    job = named(objects, "Job")["shop-migration"]["metadata"]["annotations"]
    assert annotations["helm.sh/hook"] == job["helm.sh/hook"]
    assert int(annotations["helm.sh/hook-weight"]) < int(job.get("helm.sh/hook-weight", 0))
    assert "annotations" not in maps["shop-config"]["metadata"]
    for kind, name in {"migration": "shop-migration-config", "setup": "shop-config", "test": "shop-config"}.items():
        spec = pod_specs(objects)[f"Job shop-{kind}"]
        mounts = {mount["mountPath"]: mount for mount in spec["containers"][0]["volumeMounts"]}
        assert files <= set(mounts)
        assert "/data" not in mounts
        assert {volume["name"]: volume for volume in spec["volumes"]}["config-files"]["configMap"]["name"] == name
    assert set(named(render(values=role_values({**EVERYTHING, "migration": None})), "ConfigMap")) == {"shop-config"}


def test_a_probe_names_the_host_that_is_asked_for() -> None:
    probe = {"path": "/up", "headers": {"Host": "shop.example", "X-Forwarded-Proto": "https"}}
    component = {**SHOP, "connects_to": [], "probes": {"liveness": probe}}
    (container,) = pod_specs(render(values=role_values(component)))["Deployment shop"]["containers"]
    headers = [{"name": "Host", "value": "shop.example"}, {"name": "X-Forwarded-Proto", "value": "https"}]
    assert container["livenessProbe"]["httpGet"] == {"path": "/up", "port": 80, "httpHeaders": headers}
    assert container["startupProbe"]["httpGet"] == container["livenessProbe"]["httpGet"]


def test_a_changed_secret_of_a_setup_makes_other_values_and_the_same_pods() -> None:
    before, after = (
        named(render(f"--set=components.search.setup.secretName=search-setup-{digit}", values=role_values(SEARCH)), "Deployment")
        for digit in "ab"
    )
    assert before == after


def test_the_test_is_a_hook_that_only_helm_test_runs_and_helm_removes() -> None:
    objects = render(values=role_values(EVERYTHING))
    for kind in ("Job", "NetworkPolicy"):
        annotations = named(objects, kind)["shop-test"]["metadata"]["annotations"]
        assert annotations["helm.sh/hook"] == "test"
        assert annotations["helm.sh/hook-delete-policy"] == "before-hook-creation,hook-succeeded"
    (container,) = pod_specs(objects)["Job shop-test"]["containers"]
    assert (container["image"], container["command"], container["args"]) == ("plannoir/shop:dev", ["look"], ["twice"])
    env = {entry["name"]: entry for entry in container["env"]}
    assert env["VISITOR"]["valueFrom"]["secretKeyRef"] == {"name": "shop-test", "key": "VISITOR"}
    assert env["TOKEN"]["valueFrom"]["secretKeyRef"] == {"name": "shop-env", "key": "TOKEN"}


def test_a_test_reaches_its_own_component_and_what_that_one_connects_to() -> None:
    looked_at = {**SEARCH, "test": {"command": ["look"]}, "connects_to": ["shop"]}
    specs = {
        name: item["spec"] for name, item in named(render(values=role_values({**SHOP, "service": {}}, looked_at)), "NetworkPolicy").items()
    }
    lets_in = {name: specs[name]["ingress"][0]["from"][0]["podSelector"]["matchExpressions"][0]["values"] for name in ("shop", "search")}
    assert lets_in == {"shop": ["search", "search-setup", "search-test"], "search": ["search-setup", "search-test", "shop"]}
    reached = [
        rule["to"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
        for rule in specs["search-test"]["egress"][1:]
        if "ports" in rule
    ]
    assert reached == ["shop", "search"]


@ALL_VARIANTS
def test_a_service_selects_the_pods_of_its_component_and_no_migration(values: dict[str, Any]) -> None:
    objects = render(values=values)
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


def test_a_component_without_a_port_has_no_service_and_is_good_once_it_ran_a_while() -> None:
    objects = render(values=role_values({"name": "worker", "image": "w:1", "strategy": "Recreate", "connects_to": []}))
    assert {item["kind"] for item in objects if item["metadata"]["name"] == "worker"} == {"NetworkPolicy", "Deployment"}
    deployment = named(objects, "Deployment")["worker"]["spec"]
    (container,) = deployment["template"]["spec"]["containers"]
    assert not {"ports", "lifecycle", "readinessProbe"} & container.keys()
    assert (deployment["minReadySeconds"], deployment["strategy"]) == (10, {"type": "Recreate"})
    assert "ingress" not in named(objects, "NetworkPolicy")["worker"]["spec"]


def test_a_volume_outlives_the_release_and_is_never_mounted_twice() -> None:
    objects = render(values=role_values(SEARCH))
    (claim,) = named(objects, "PersistentVolumeClaim").values()
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert named(objects, "Deployment")["search"]["spec"]["strategy"] == {"type": "Recreate"}


def test_only_several_pods_get_a_disruption_budget() -> None:
    assert set(named(render("--set=backend.replicas=2"), "PodDisruptionBudget")) == {"backend"}
    assert not named(render(), "PodDisruptionBudget")


def test_a_number_that_the_cluster_chooses_is_in_its_autoscaler_only() -> None:
    objects = render(values=role_values(SCALED))
    assert "replicas" not in named(objects, "Deployment")["shop"]["spec"]
    spec = named(objects, "HorizontalPodAutoscaler")["shop"]["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"}
    assert (spec["minReplicas"], spec["maxReplicas"]) == (1, 4)
    (metric,) = spec["metrics"]
    (container,) = pod_specs(objects)["Deployment shop"]["containers"]
    assert metric["containerResource"] == {
        "name": "cpu",
        "container": container["name"],
        "target": {"type": "Utilization", "averageUtilization": 80},
    }
    assert spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"] < 60
    assert not named(render(values=role_values({**SCALED, "autoscale": None})), "HorizontalPodAutoscaler")


@pytest.mark.parametrize(
    ("options", "several"),
    [
        ({"replicas": 1}, False),
        ({"replicas": 0}, False),
        ({"replicas": 2}, True),
        ({"autoscale": {"min": 1, "max": 1}}, False),
        ({"autoscale": {"min": 1, "max": 4}}, True),
        ({"autoscale": {"min": 2, "max": 2}}, True),
    ],
)
def test_what_may_have_several_pods_is_spread_and_drained_one_by_one(options: dict[str, Any], several: bool) -> None:
    objects = render(values=role_values({**SCALED, "autoscale": None, **options}))
    spread = pod_specs(objects)["Deployment shop"].get("topologySpreadConstraints", [])
    assert [(each["topologyKey"], each["whenUnsatisfiable"]) for each in spread] == [("kubernetes.io/hostname", "ScheduleAnyway")] * several
    budgets = named(objects, "PodDisruptionBudget")
    assert [budget["spec"]["maxUnavailable"] for budget in budgets.values()] == [1] * several
    assert all(budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow" for budget in budgets.values())


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


def variations(options: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield, for each option in ``given`` that the chart reads, its path and ``given`` with another value for it."""
    for name, option in options.items():
        if not option.get("chart", True) or given.get(name) is None:
            continue
        value, where = given[name], f"{path}{name}"
        if "options" in option:
            several = isinstance(value, list)
            for inner, other in variations(option["options"], value[0] if several else value, f"{where}."):
                yield inner, {**given, name: [other] if several else other}
        else:
            yield where, {**given, name: another(option, value)}


def another(option: Mapping[str, Any], value: Any) -> Any:
    if "choices" in option:
        return next(choice for choice in reversed(option["choices"]) if choice != value)
    if isinstance(value, dict):
        return {**value, "/x9" if option.get("keys") == "path" else "X9": "1"}
    if isinstance(value, list):
        return [*value, "/x9"]
    if isinstance(value, int):
        return value - 1
    if option.get("format") in ("cron", "time_zone"):
        return {"cron": "@hourly", "time_zone": "Etc/UTC"}[option["format"]]
    if option.get("format") in ("cores", "bytes"):
        return re.sub(r"\d+", lambda number: str(int(number[0]) + 1), value)
    return f"{value}9"


def leaves(options: Mapping[str, Mapping[str, Any]], path: str = "") -> Iterator[str]:
    for name, option in options.items():
        if option.get("chart", True):
            yield from leaves(option["options"], f"{path}{name}.") if "options" in option else [f"{path}{name}"]


def test_every_option_of_a_component_reaches_the_cluster() -> None:
    """Whatever the specification offers to the chart, another value of it makes other objects."""
    kinds = OPTIONS["probes"]["options"]
    when = {"initial_delay": 4, "period": 7, "timeout": 9, "failure_threshold": 11}

    def probed(**way: Any) -> dict[str, Any]:
        return {**EVERYTHING, "connects_to": [], "probes": {kind: {**when, **way} for kind in kinds}}

    asked, commanded, connected = probed(path="/up", headers={"Host": "a"}), probed(command=["ready"]), probed(tcp=True)
    found = [(path, base, other) for base in (asked, commanded) for path, other in variations(OPTIONS, base)]
    for kind in kinds:
        found.append((f"probes.{kind}.tcp", asked, {**asked, "probes": {**asked["probes"], kind: connected["probes"][kind]}}))
    scheduled = {**NIGHTLY, "name": "shop", "connects_to": []}
    by_time = [(path, scheduled, other) for path, other in variations(OPTIONS, scheduled)]
    stateless = {**asked, "persistence": None}  # a volume decides the strategy by itself
    found.append(("strategy", stateless, {**stateless, "strategy": "Recreate"}))
    found += [variant for variant in by_time if variant[0].startswith("schedule.")]
    scaled = {**SCALED, "autoscale": {"min": 2, "max": 4, "cpu": 70}}
    found += [variant for variant in ((path, scaled, other) for path, other in variations(OPTIONS, scaled)) if "autoscale" in variant[0]]
    assert {path for path, _, _ in found} == set(leaves(OPTIONS))
    values = role_values(EVERYTHING)
    values["components"] = {
        f"variant-{number}-{which}": role_values(component)["components"]["shop"] | {"image": component["image"]}
        for number, (_, *pair) in enumerate(found)
        for which, component in zip("ab", pair, strict=True)
    }
    objects: dict[str, list[str]] = {}
    for item in render(values=values):
        if match := re.match(r"variant-\d+-[ab]", item["metadata"]["name"]):
            objects.setdefault(match[0], []).append(json.dumps(item, sort_keys=True).replace(match[0], "NAME"))
    lost = [path for number, (path, _, _) in enumerate(found) if objects[f"variant-{number}-a"] == objects[f"variant-{number}-b"]]
    assert lost == []


def test_a_component_is_rendered_as_it_is_described() -> None:
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
    assert set(mounts) == {"/tmp", "/var/cache", "/etc/tls/tls.key", "/etc/shop.conf", "/etc/other.conf", "/data"}
    # The folder stays the image's: only the file appears.
    assert mounts["/etc/tls/tls.key"] == {"name": "secret-files", "mountPath": "/etc/tls/tls.key", "subPath": "tls.key", "readOnly": True}
    secret = next(volume["secret"] for volume in spec["volumes"] if volume["name"] == "secret-files")
    assert (secret["secretName"], secret["defaultMode"]) == ("shop-files", 0o440)
    config = named(objects, "ConfigMap")["shop-config"]["data"]
    assert config[mounts["/etc/shop.conf"]["subPath"]] == "x=1\n"
    claim = named(objects, "PersistentVolumeClaim")["shop-data"]["spec"]
    assert (claim["storageClassName"], claim["resources"]["requests"]["storage"]) == ("fast", "2Gi")
    assert named(objects, "Job")["shop-migration"]["spec"]["activeDeadlineSeconds"] == 60
    assert named(objects, "Job")["shop-setup"]["spec"]["activeDeadlineSeconds"] == 90
    assert named(objects, "Service")["shop"]["spec"]["ports"] == [{"port": 80, "targetPort": 8080, "nodePort": 30090}]


def test_the_pods_of_one_revision_are_spread_whatever_other_pods_there_are() -> None:
    component = {**SEARCH, "persistence": None, "replicas": 3, "topology_spread": [{"topology_key": "kubernetes.io/hostname"}]}
    objects = render(values=role_values(component))
    labels = {"app.kubernetes.io/name": "search", "app.kubernetes.io/instance": "my-app"}
    assert pod_specs(objects)["Deployment search"]["topologySpreadConstraints"] == [
        {
            "topologyKey": "kubernetes.io/hostname",
            "maxSkew": 1,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": labels},
            "matchLabelKeys": ["pod-template-hash"],
        }
    ]
    assert "topologySpreadConstraints" not in pod_specs(objects)["Job search-setup"]


def test_every_pod_of_a_component_runs_on_the_nodes_that_are_named() -> None:
    specs = {name: spec for name, spec in pod_specs(render(values=role_values(EVERYTHING))).items() if "shop" in name}
    assert len(specs) == 4  # those of its Jobs, too
    for spec in specs.values():
        assert spec["nodeSelector"] == {"kubernetes.io/arch": "amd64", "pool": "08"}
        assert spec["tolerations"] == [
            {"operator": "Equal", "key": "dedicated", "value": "1e5", "effect": "NoExecute", "tolerationSeconds": 60},
            {"operator": "Exists"},
        ]
    plain = pod_specs(render(values=role_values(SHOP, SEARCH)))["Deployment shop"]
    assert "nodeSelector" not in plain
    assert "tolerations" not in plain


def test_no_secret_value_reaches_the_chart() -> None:
    values = role_values(EVERYTHING)
    assert SECRET not in json.dumps(values)
    assert SECRET not in json.dumps(render(values=values))


def test_another_applications_component_called_backend_has_nothing_of_plannoirs() -> None:
    other = {
        "name": "backend",
        "image": "registry.example/api:2",
        "port": 9000,
        "env": {"MODE": "b"},
        "probes": {"liveness": {"tcp": True}},
    }
    objects = render(values=role_values(other))
    assert set(named(objects, "Deployment")) == {"backend"}
    assert not named(objects, "Job")
    container = pod_specs(objects)["Deployment backend"]["containers"][0]
    assert container["env"] == [{"name": "MODE", "value": "b"}]
    assert "httpGet" not in container["livenessProbe"]
    assert "readinessProbe" not in container


def test_no_template_knows_a_component_by_name() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in CHART.rglob("templates/*"))
    assert [name for name in (*by_hand.subcharts(), "database", "openrouter", "pgbouncer") if name in text] == []


def test_the_notes_say_how_a_published_component_is_reached(tmp_path: Path) -> None:
    chart = tmp_path / "plannoir"
    shutil.copytree(CHART, chart)  # `helm template` leaves the notes out, so a copy of the chart has them in an object
    text = (chart / "templates/NOTES.txt").read_text(encoding="utf-8")
    wrapped = '{{ define "notes" }}' + text + '{{ end }}{kind: Notes, metadata: {name: notes}, text: {{ include "notes" . | quote }}}'
    (chart / "templates/notes.yaml").write_text(wrapped, encoding="utf-8")

    def notes(values: dict[str, Any]) -> str:
        return str(named(render(values=values, chart=chart), "Notes")["notes"]["text"])

    assert "frontend: http://127.0.0.1:30080/" in notes({})
    assert "get service frontend" in notes(VARIANTS["load-balancer"])
    assert "shop: http://127.0.0.1:30080/" in notes(role_values(SHOP, SEARCH))
    assert "search" not in notes(role_values(SHOP, SEARCH))


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
    several = {**EVERYTHING, "name": "web", "persistence": None, "replicas": 2, "service": {}}
    scaled = {**{option: value for option, value in several.items() if option != "replicas"}, "name": "api", "autoscale": {"max": 3}}
    for stage, release in (("extras", "my-app-extras"), ("app", "my-app")):
        given = [{**component, "extra": stage == "extras"} for component in (EVERYTHING, several, scaled)]
        objects = render(values=role_values(*given, stage=stage), release=release)
        made = set(map(reference, objects))
        loaded, problems = load_components(given)
        assert not problems
        denials = {f"networkpolicies.networking.k8s.io/{name}-default-deny" for name in ("my-app", "my-app-extras")}
        assert made | denials == set(object_names("my-app", loaded))
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
        ({"components": {"shop": {"secretEnv": ["KEY"]}}}, "secretName"),
        ({"backend": {"setup": {"env": {"A": "1"}}}}, "/backend/setup"),
        ({"frontend": {"service": {"nodePort": 80}}}, "/frontend/service/nodePort"),
        ({"components": {"search": {**role_values(SEARCH)["components"]["search"], "replicas": 2}}}, "/components/search/replicas"),
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


def test_every_pod_of_a_component_logs_in_to_its_registry() -> None:
    specs = pod_specs(render(values=role_values(EVERYTHING)))
    assert len(specs) == 1 + len(JOBS)
    assert all(spec["imagePullSecrets"] == [{"name": "shop-pull"}] for spec in specs.values())
    assert all("imagePullSecrets" not in spec for spec in pod_specs(render(values=role_values(SHOP, SEARCH))).values())
