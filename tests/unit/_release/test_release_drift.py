# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as deleted or edited by hand, and what a repair changes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any, cast

import pytest
import yaml
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import Cluster, reference
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._release import repair
from ansible_collections.plannoir.deploy.plugins.module_utils._release.drift import Drift, drift, drifted_releases, reported
from ansible_collections.plannoir.deploy.plugins.module_utils._release.node_ports import free_node_ports, wanted_node_ports
from ansible_collections.plannoir.deploy.plugins.module_utils._release.records import Record

MANIFEST = """
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 1
  strategy: {type: Recreate}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      automountServiceAccountToken: false
      containers:
        - name: web
          image: web:1
          command: [serve, --all]
          env:
            - {name: TOKEN, valueFrom: {secretKeyRef: {name: web-env-1, key: TOKEN}}}
            - {name: MODE, value: fast}
            - {name: EMPTY, value: ""}
          ports: [{containerPort: 80}]
          resources: {requests: {cpu: 1000m, memory: 1024Mi}, limits: {cpu: 0.5}}
          readinessProbe: {httpGet: {path: /, port: 80}, initialDelaySeconds: 0, periodSeconds: 5}
          volumeMounts: [{name: files, mountPath: /files}]
      volumes:
        - {name: files, secret: {secretName: web-files-1, defaultMode: 0440}}
        - {name: scratch, emptyDir: {}}
---
apiVersion: v1
kind: Service
metadata: {name: web, labels: {app: web}}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress, Egress]
  egress: [{ports: [{port: 53, protocol: UDP}, {port: 80}], to: [{podSelector: {matchLabels: {app: db}}}]}, {}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web-config}
data: {file-0: "x=1\\n"}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: web-data, annotations: {helm.sh/resource-policy: keep}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
RECORD = Record("shop", 3, "deployed", {}, good=True, manifest=MANIFEST)


def cluster_objects() -> dict[str, dict[str, Any]]:
    """The objects as the API server returns them, by ``Kind``: normalised, with its defaults, and with what others added."""
    objects = {item["kind"]: item for item in yaml.safe_load_all(MANIFEST) if item}
    for item in objects.values():
        item["metadata"] |= {"resourceVersion": "7", "uid": "u", "namespace": "ns"}
        item["metadata"].setdefault("annotations", {})["team.example/owner"] = "me"
        item["metadata"].setdefault("labels", {})["team"] = "mine"
    deployment = objects["Deployment"]["spec"]
    deployment |= {"progressDeadlineSeconds": 600}
    objects["Deployment"]["status"] = {"replicas": 1}
    pod = deployment["template"]["spec"]
    deployment["template"]["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": "now"}
    pod |= {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst"}
    container = pod["containers"][0]
    container["env"][2] = {"name": "EMPTY"}
    container["env"].insert(0, {"name": "THEIRS", "value": "1"})
    container["ports"][0]["protocol"] = "TCP"
    container["resources"] = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "500m"}}
    container["readinessProbe"] |= {"successThreshold": 1}
    del container["readinessProbe"]["initialDelaySeconds"]
    container["readinessProbe"]["httpGet"]["scheme"] = "HTTP"
    pod["containers"].append({"name": "their-sidecar", "image": "sidecar:1"})
    objects["Service"]["spec"] |= {"clusterIP": "10.0.0.1", "sessionAffinity": "None"}
    objects["Service"]["spec"]["ports"][0] |= {"protocol": "TCP", "nodePort": 31234}
    objects["NetworkPolicy"]["spec"]["egress"][0]["ports"][1]["protocol"] = "TCP"
    objects["PersistentVolumeClaim"]["spec"] |= {"volumeName": "pv-1", "storageClassName": "standard"}
    return objects


def found(objects: dict[str, dict[str, Any]], autoscalers: Callable[[], list[Any]] = list) -> list[Drift]:
    return drift([RECORD], objects.values(), autoscalers)


def container(objects: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return cast(dict[str, Any], objects["Deployment"]["spec"]["template"]["spec"]["containers"][0])


def test_what_the_api_server_and_others_added_is_no_difference() -> None:
    assert found(cluster_objects()) == []


EDITS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "an image": (lambda o: container(o).update(image="nginx"), "spec.template.spec.containers[web].image"),
    "replicas": (lambda o: o["Deployment"]["spec"].update(replicas=0), "spec.replicas"),
    "a variable": (lambda o: container(o)["env"][2].update(value="slow"), "spec.template.spec.containers[web].env[MODE].value"),
    "a variable that is gone": (lambda o: container(o)["env"].pop(2), "spec.template.spec.containers[web].env[MODE]"),
    "a variable that comes from a Secret": (
        lambda o: container(o)["env"].__setitem__(1, {"name": "TOKEN", "value": "mine"}),
        "spec.template.spec.containers[web].env[TOKEN].value",
    ),
    "a command": (lambda o: container(o).update(command=["serve"]), "spec.template.spec.containers[web].command"),
    "a limit": (lambda o: container(o)["resources"]["limits"].update(cpu="2"), "spec.template.spec.containers[web].resources.limits.cpu"),
    "a probe": (
        lambda o: container(o)["readinessProbe"].update(tcpSocket={"port": 80}, httpGet=None),
        "spec.template.spec.containers[web].readinessProbe.tcpSocket",
    ),
    "the strategy": (
        lambda o: o["Deployment"]["spec"].update(strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}),
        "spec.strategy.rollingUpdate",
    ),
    "a paused roll-out": (lambda o: o["Deployment"]["spec"].update(paused=True), "spec.paused"),
    "a token that is mounted": (
        lambda o: o["Deployment"]["spec"]["template"]["spec"].pop("automountServiceAccountToken"),
        "spec.template.spec.automountServiceAccountToken",
    ),
    "a volume": (
        lambda o: o["Deployment"]["spec"]["template"]["spec"]["volumes"].__setitem__(1, {"name": "scratch", "hostPath": {"path": "/"}}),
        "spec.template.spec.volumes[scratch].hostPath",
    ),
    "a label": (lambda o: o["Service"]["metadata"]["labels"].update(app="x"), "metadata.labels.app"),
    "a label that is gone": (lambda o: o["Service"]["metadata"]["labels"].pop("app"), "metadata.labels.app"),
    "one more label of a selector": (lambda o: o["Service"]["spec"]["selector"].update(extra="x"), "spec.selector.extra"),
    "another selector": (lambda o: o["Service"]["spec"].update(selector={"other": "x"}), "spec.selector.other"),
    "a port": (lambda o: o["Service"]["spec"]["ports"][0].update(port=90), "spec.ports"),
    "a type": (lambda o: o["Service"]["spec"].update(type="LoadBalancer"), "spec.type"),
    "a policy that allows more": (lambda o: o["NetworkPolicy"]["spec"].update(ingress=[{}]), "spec.ingress"),
    "a rule that is gone": (lambda o: o["NetworkPolicy"]["spec"]["egress"].pop(), "spec.egress"),
    "a rule that allows less": (lambda o: o["NetworkPolicy"]["spec"]["egress"][1].update(ports=[{"port": 1}]), "spec.egress"),
    "a budget": (
        lambda o: o["PodDisruptionBudget"].update(spec={**o["PodDisruptionBudget"]["spec"], "minAvailable": 1}),
        "spec.minAvailable",
    ),
    "a file": (lambda o: o["ConfigMap"]["data"].update({"file-0": "x=2\n"}), "data.file-0"),
    "a claim that would not be kept": (
        lambda o: o["PersistentVolumeClaim"]["metadata"]["annotations"].pop("helm.sh/resource-policy"),
        "metadata.annotations.helm.sh/resource-policy",
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_named_and_put_back_and_what_others_added_stays(edit: str) -> None:
    change, path = EDITS[edit]
    before, objects = cluster_objects(), cluster_objects()
    change(objects)
    (entry,) = found(objects)
    assert path in [difference.path for difference in entry.differences]
    assert str(entry).startswith(f"{entry.name} was edited (")
    assert path in str(entry)
    assert entry.restored is not None
    restored = {**objects, entry.wanted["kind"]: entry.restored}
    assert found(restored) == []
    for part in ("labels", "annotations", "resourceVersion"):
        assert entry.restored["metadata"][part] == before[entry.wanted["kind"]]["metadata"][part]
    if entry.wanted["kind"] == "Deployment":
        assert {each["name"] for each in container(restored)["env"]} >= {"THEIRS", "TOKEN", "MODE"}
        assert [each["name"] for each in entry.restored["spec"]["template"]["spec"]["containers"]] == ["web", "their-sidecar"]
        assert entry.restored["spec"]["template"]["metadata"]["annotations"] == {"kubectl.kubernetes.io/restartedAt": "now"}


@pytest.mark.parametrize("kind", cluster_objects())
def test_a_deleted_object_is_named(kind: str) -> None:
    objects = cluster_objects()
    name = objects.pop(kind)["metadata"]["name"]
    (entry,) = found(objects)
    assert str(entry) == f"{kind} {name} was deleted"
    assert entry.lost_data is (kind == "PersistentVolumeClaim")


def test_an_object_that_is_going_is_gone_but_a_claim_in_use_stays_as_long_as_it_can() -> None:
    objects = cluster_objects()
    for kind in ("Service", "PersistentVolumeClaim"):
        objects[kind]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert list(map(str, found(objects))) == ["Service web was deleted"]


def test_a_claim_that_was_grown_by_hand_stays() -> None:
    objects = cluster_objects()
    objects["PersistentVolumeClaim"]["spec"]["resources"]["requests"]["storage"] = "5Gi"
    assert found(objects) == []


@pytest.mark.parametrize(
    ("target", "left"),
    [({"kind": "Deployment", "name": "web"}, 0), ({"kind": "Deployment", "name": "api"}, 1), ({"kind": "Job", "name": "web"}, 1)],
)
def test_replicas_that_an_autoscaler_sets_are_its_own(target: dict[str, str], left: int) -> None:
    objects = cluster_objects()
    objects["Deployment"]["spec"]["replicas"] = 4
    assert len(found(objects, lambda: [{"spec": {"scaleTargetRef": target}}])) == left


def test_an_autoscaler_is_asked_for_only_where_replicas_differ() -> None:
    objects = cluster_objects()
    container(objects)["image"] = "nginx"
    assert len(found(objects, lambda: pytest.fail("asked"))) == 1


def test_beside_an_autoscaler_an_edited_image_is_put_back_and_its_replicas_stay() -> None:
    objects = cluster_objects()
    objects["Deployment"]["spec"]["replicas"] = 4
    container(objects)["image"] = "nginx"
    (entry,) = found(objects, lambda: [{"spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}}}])
    assert entry.restored is not None
    assert (entry.restored["spec"]["replicas"], container({"Deployment": entry.restored})["image"]) == (4, "web:1")


SCALED = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{name: web, image: "web:1"}]}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 2, maxReplicas: 9}
"""


def of_scaled(replicas: int, **edit: Any) -> list[Drift]:
    objects = {item["kind"]: item for item in yaml.safe_load_all(SCALED) if item}
    objects["Deployment"]["spec"]["replicas"] = replicas
    objects["HorizontalPodAutoscaler"]["spec"] |= {"behavior": {"scaleUp": {"stabilizationWindowSeconds": 0}}, **edit}
    theirs = [{"spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}}}]
    return drift([Record("shop", 3, "deployed", {}, good=True, manifest=SCALED)], objects.values(), lambda: theirs)


@pytest.mark.parametrize("replicas", [1, 2, 5, 9, 30])
def test_where_the_release_has_an_autoscaler_no_number_of_replicas_is_an_edit(replicas: int) -> None:
    assert of_scaled(replicas) == []


def test_no_replicas_at_all_stop_an_autoscaler_so_they_are_an_edit() -> None:
    (entry,) = of_scaled(0)
    assert (str(entry), entry.differences[0].wanted) == ("Deployment web was edited (spec.replicas)", 2)
    assert entry.restored is not None
    assert entry.restored["spec"]["replicas"] == 2


def test_an_edited_autoscaler_is_put_back() -> None:
    assert [str(entry) for entry in of_scaled(4, maxReplicas=40)] == ["HorizontalPodAutoscaler web was edited (spec.maxReplicas)"]


@pytest.mark.parametrize("status", ["failed", "pending-upgrade", "pending-install", "superseded", "uninstalled"])
def test_a_release_that_has_to_be_recovered_first_is_not_compared(status: str) -> None:
    assert drift([Record("shop", 3, status, {}, manifest=MANIFEST)], [], list) == []
    assert drift([], [], list) == []


def test_what_was_not_looked_for_does_not_count_as_deleted() -> None:
    assert [str(entry) for entry in drift([RECORD], [], list, ["services/web"])] == ["Service web was deleted"]


def test_references_are_those_that_the_namespace_is_asked_for() -> None:
    assert [reference(item) for item in yaml.safe_load_all(MANIFEST) if item] == [
        "deployments.apps/web",
        "services/web",
        "networkpolicies.networking.k8s.io/web",
        "poddisruptionbudgets.policy/web",
        "configmaps/web-config",
        "persistentvolumeclaims/web-data",
    ]


@pytest.mark.parametrize("edit", ["a variable", "a variable that comes from a Secret", "a file", "a command"])
def test_a_report_shows_no_value_that_may_be_a_credential(edit: str) -> None:
    objects = cluster_objects()
    EDITS[edit][0](objects)
    report = json.dumps(reported(found(objects)))
    assert not any(word in report for word in ("mine", "slow", "x=2", '"serve"'))
    assert "(not shown)" in report


def test_a_report_shows_both_sides() -> None:
    objects = cluster_objects()
    del objects["Service"]
    objects["Deployment"]["spec"]["replicas"] = 0
    assert reported(found(objects)) == {
        "objects": ["Deployment web was edited (spec.replicas)", "Service web was deleted"],
        "lost_data": False,
        "before": {"Deployment web": {"spec.replicas": 0}},
        "after": {"Deployment web": {"spec.replicas": 1}, "Service web": "made again"},
    }


def test_a_lost_claim_takes_the_releases_after_it_along() -> None:
    names = ["shop-extras", "shop"]
    assert drifted_releases(names, {"shop": {}, "shop-extras": {"lost_data": True}}) == {"shop", "shop-extras"}
    assert drifted_releases(names, {"shop-extras": {"lost_data": False}}) == {"shop-extras"}
    assert drifted_releases(names, {"shop": {"lost_data": True}}) == {"shop"}
    assert drifted_releases(names, {}) == set()


class FakeCluster:
    """The edge: what kubectl would answer."""

    def __init__(self, objects: list[dict[str, Any]], *failures: str) -> None:
        self.found, self.failures, self.commands, self.given = objects, list(failures), [], []  # type: ignore[var-annotated]

    def objects(self, *request: str) -> list[dict[str, Any]]:
        return copy.deepcopy(self.found)

    named = objects

    def kubectl(self, *arguments: str, given: str = "") -> str:
        self.commands.append(arguments)
        if self.failures:
            raise Failure(self.failures.pop(0))
        self.given = json.loads(given)["items"] if given else []
        return ""

    def as_cluster(self) -> Cluster:
        return cast(Cluster, self)


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "read_records", lambda cluster, names: {"shop": [RECORD], "other": []})


@pytest.mark.usefixtures("records")
def test_only_what_was_edited_is_written() -> None:
    objects = cluster_objects()
    del objects["ConfigMap"]
    objects["Service"]["spec"]["selector"]["extra"] = "x"
    cluster = FakeCluster(list(objects.values()))
    assert repair.put_back(cluster.as_cluster(), ["shop", "other"]) == ["Service web was edited (spec.selector.extra)"]
    assert [item["kind"] for item in cluster.given] == ["Service"]
    assert cluster.given[0]["spec"]["selector"] == {"app": "web"}
    assert cluster.given[0]["metadata"]["resourceVersion"] == "7"


@pytest.mark.usefixtures("records")
def test_nothing_is_written_where_nothing_was_edited() -> None:
    cluster = FakeCluster(list(cluster_objects().values()))
    assert repair.put_back(cluster.as_cluster(), ["shop"]) == []
    assert cluster.commands == []


@pytest.mark.usefixtures("records")
def test_a_write_in_between_is_looked_at_again() -> None:
    objects = cluster_objects()
    container(objects)["image"] = "nginx"
    conflict = "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version"
    cluster = FakeCluster(list(objects.values()), conflict)
    assert len(repair.put_back(cluster.as_cluster(), ["shop"])) == 1
    assert len(cluster.commands) == 2
    with pytest.raises(Failure, match="modified"):
        repair.put_back(FakeCluster(list(objects.values()), *[conflict] * 3).as_cluster(), ["shop"])
    with pytest.raises(Failure, match="forbidden"):
        repair.put_back(FakeCluster(list(objects.values()), "forbidden").as_cluster(), ["shop"])


def service(name: str, port: int | None) -> dict[str, Any]:
    ports = [{"port": 80, **({"nodePort": port} if port else {})}]
    return {"kind": "Service", "metadata": {"name": name}, "spec": {"type": "NodePort", "ports": ports}}


def test_a_node_port_that_goes_to_another_service_is_given_up_first() -> None:
    cluster = FakeCluster([service("site", 30080), service("api", None), service("admin", 30081)])
    assert free_node_ports(cluster.as_cluster(), "shop", {"page": 30080, "admin": 30081}) == ["Service site gave up node port 30080"]
    ((*words, patch),) = cluster.commands
    assert words == ["patch", "service", "site", "--type=merge"]
    assert json.loads(patch.removeprefix("--patch=")) == {"spec": {"type": "ClusterIP", "ports": [{"port": 80}]}}


def test_two_services_may_change_places() -> None:
    cluster = FakeCluster([service("one", 30080), service("two", 30081)])
    assert len(free_node_ports(cluster.as_cluster(), "shop", {"one": 30081, "two": 30080})) == 2


@pytest.mark.parametrize("wanted", [{}, {"site": 30080}, {"page": 30082}])
def test_a_node_port_that_stays_where_it_is_is_left(wanted: dict[str, int]) -> None:
    cluster = FakeCluster([service("site", 30080)])
    assert free_node_ports(cluster.as_cluster(), "shop", wanted) == []
    assert cluster.commands == []


def test_wanted_node_ports_are_those_that_the_values_name() -> None:
    services = {"a": {"type": "NodePort", "nodePort": 30080}, "b": {"type": "NodePort"}, "c": {"type": "ClusterIP", "nodePort": 30081}}
    assert wanted_node_ports({"components": {name: {"service": value} for name, value in services.items()}}) == {"a": 30080}
    assert wanted_node_ports({}) == {}


def test_before_a_roll_back_the_objects_get_what_that_revision_set() -> None:
    objects = cluster_objects()
    container(objects)["env"][1] = {"name": "TOKEN", "value": "mine"}
    cluster = FakeCluster(list(objects.values()))
    good = Record("shop", 2, "superseded", {}, manifest=MANIFEST)
    assert len(repair.restore(cluster.as_cluster(), [good])) == 1
    variable = cluster.given[0]["spec"]["template"]["spec"]["containers"][0]["env"][1]
    assert variable == {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "web-env-1", "key": "TOKEN"}}}
    assert repair.restore(cluster.as_cluster(), []) == []
