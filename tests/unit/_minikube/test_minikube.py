# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import TIMED_OUT, Completed
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube import node as nodes
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube import profile as minikube
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.files import Files
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.profile import Loss, Profile
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.settings import Settings
from fake_machine import FakeMachine
from test_minikube_node import SINCE, STARTED, cluster

PORT = 45871
WANTED = Settings("v1.34.4", cpus=2, memory=4096, ports=(PORT,), node_image="plannoir/node:1")
NO_CONTAINER = Completed(1, "[]", "Error response from daemon: No such container: plannoir")


class Lab:
    """A machine with a minikube that makes, starts, stops and deletes one container and writes what the real one writes."""

    def __init__(self, folder: Path) -> None:
        self.machine = FakeMachine(folder, programs=["minikube"])
        self.files = Files.of(str(folder), "plannoir")
        self.kubeconfig = folder / "kubeconfig"
        self.api_answers = True
        self.agents: list[dict[str, Any]] = []
        self.agent: list[dict[str, Any]] = []
        self.held: dict[str, list[dict[str, Any]]] = {}
        self.machine.answers = {
            "docker container inspect": NO_CONTAINER,
            "docker image inspect": Completed(0),
            "docker info": Completed(0, f"8 {16 << 30}"),
            "minikube config defaults": Completed(0, '["v1.34.4"]'),
            "minikube start": self._start,
            "minikube stop": lambda: self.container(running=False),
            "minikube delete": self._delete,
        }

    def profile(self, wanted: Settings = WANTED, cache_seed: Path | None = None) -> Profile:
        def api(_files: Files, _port: int) -> nodes.Get:
            return self._get if self.api_answers else lambda path, applied=None: (0, "connection refused")

        return Profile(self.machine, self.files, self.kubeconfig, "minikube", wanted, cache_seed, agent=self.agent, api=api)

    def _get(self, path: str, applied: Mapping[str, Any] | None = None) -> tuple[int, str]:
        """Answer lists of what the cluster holds, and else as ``cluster`` does."""
        resource = path.partition("?")[0].rpartition("/")[2]
        is_list = "/namespaces/" not in path and resource in {*RESOURCES.values(), "secrets"}
        return (200, json.dumps({"items": self.held.get(resource, [])})) if is_list else cluster(agents=self.agents)(path)

    def ensure(
        self, state: str = "started", wanted: Settings = WANTED, *, recreate: bool = False, check: bool = False, lost: Loss | None = None
    ) -> dict[str, Any]:
        return minikube.ensure(self.profile(wanted), state, recreate=recreate, check=check, lost=lost)

    def container(self, *, running: bool) -> Completed:
        binding = {
            f"{inside}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(outside)}] for inside, outside in ((8443, 1), (2376, 2), (PORT, PORT))
        }
        found = {
            "State": {"Running": running, "StartedAt": STARTED},
            "NetworkSettings": {"Networks": {"plannoir": {"IPAddress": "10.0.0.2"}}, "Ports": binding if running else {}},
        }
        self.machine.answers["docker container inspect"] = Completed(0, json.dumps([found]))
        return Completed(0)

    def write_profile(self) -> None:
        self.files.folder.mkdir(parents=True, exist_ok=True)
        config: dict[str, Any] = {
            "KicBaseImage": "plannoir/node:1",
            "Memory": 4096,
            "CPUs": 2,
            "Driver": "docker",
            "ExposedPorts": [f"127.0.0.1:{PORT}:{PORT}"],
            "KubernetesConfig": {"KubernetesVersion": "v1.34.4", "ContainerRuntime": "docker"},
        }
        started = self.machine.ran("minikube start")
        options = [option for option in started[-1].split() if "encryption" in option] if started else []
        if options:
            component, _, rest = options[0].removeprefix("--extra-config=").partition(".")
            key, _, value = rest.partition("=")
            config["KubernetesConfig"]["ExtraOptions"] = [{"Component": component, "Key": key, "Value": value}]
        (self.files.folder / "config.json").write_text(json.dumps(config))

    def _start(self) -> Completed:
        self.write_profile()
        self.kubeconfig.write_text(
            "contexts: [{name: plannoir, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: 'https://10.0.0.2:8443'}}]\n"
        )
        self.api_answers = True
        return self.container(running=True)

    def _delete(self) -> Completed:
        self.machine.answers["docker container inspect"] = NO_CONTAINER
        return Completed(0)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


@pytest.fixture
def running(lab: Lab) -> Lab:
    """Return a machine whose cluster runs, with no commands counted yet."""
    lab.ensure()
    lab.machine.commands.clear()
    return lab


def test_minikubes_variables_of_the_environment_change_nothing_and_are_named(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIKUBE_NODES", "3")
    monkeypatch.setenv("MINIKUBE_KUBERNETES_VERSION", "v1.20.0")
    profile = lab.profile()
    minikube.ensure(profile, "started", recreate=False, check=False)
    environment = lab.machine.environments[lab.machine.commands.index(lab.machine.ran("minikube start")[0])]
    assert (environment["MINIKUBE_NODES"], environment["MINIKUBE_KUBERNETES_VERSION"]) == ("", "")
    assert environment["MINIKUBE_HOME"] == str(lab.files.home)
    (warning,) = profile.warnings
    assert warning.startswith("MINIKUBE_NODES and MINIKUBE_KUBERNETES_VERSION of the environment are not used")
    running = lab.profile()
    minikube.ensure(running, "started", recreate=False, check=False)
    assert running.warnings == []


def test_the_node_is_reached_past_a_proxy(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    assert lab.ensure()["environment"] == {"NO_PROXY": "10.0.0.2", "no_proxy": "10.0.0.2"}


def test_a_teardown_names_a_container_that_it_leaves(lab: Lab) -> None:
    lab.container(running=True)
    profile = lab.profile()
    assert not minikube.ensure(profile, "absent", recreate=False, check=False)["changed"]
    assert "another MINIKUBE_HOME made it" in profile.warnings[0]


def test_an_absent_cluster_is_created_with_its_settings_and_homes(lab: Lab) -> None:
    result = lab.ensure()
    (command,) = lab.machine.ran("minikube start")
    assert command.split()[2:] == [
        "--output=json",
        "--interactive=false",
        "--keep-context",
        *WANTED.start_arguments(),
        "--force",
        "--profile=plannoir",
    ]
    assert lab.machine.environments[lab.machine.commands.index(command)] == {
        "MINIKUBE_HOME": str(lab.files.home),
        "KUBECONFIG": str(lab.kubeconfig),
        "MINIKUBE_WANTUPDATENOTIFICATION": "false",
    }
    assert result["actions"] == ["create the cluster plannoir"]
    assert (result["context"], result["kubeconfig"], result["ip"], result["ports"]) == ("plannoir", str(lab.kubeconfig), "10.0.0.2", [PORT])
    assert result["engine"] == {
        "DOCKER_HOST": "tcp://127.0.0.1:2",
        "DOCKER_CERT_PATH": str(lab.files.home / "certs"),
        "DOCKER_TLS_VERIFY": "1",
    }
    assert result["diff"]["before"] == {"state": "absent"}
    assert result["diff"]["after"]["kubernetes_version"] == "v1.34.4"
    assert not lab.files.creating.exists()


@pytest.mark.parametrize(("known", "forced"), [("v1.34.4", False), ("v1.34.1", True)])
def test_only_root_and_a_later_patch_force_minikube(lab: Lab, known: str, forced: bool) -> None:
    lab.machine.root_user = False
    lab.machine.answers["minikube config defaults"] = Completed(0, f'["{known}"]')
    lab.ensure()
    lab.ensure("stopped")
    lab.container(running=False)
    lab.ensure()
    assert ["--force" in command for command in lab.machine.ran("minikube start")] == [forced, forced]


def test_a_cluster_that_runs_as_wanted_costs_one_command(running: Lab) -> None:
    result = running.ensure()
    assert not result["changed"]
    assert result["diff"] == {}
    assert running.machine.commands == ["docker container inspect plannoir"]


def test_check_mode_starts_nothing(lab: Lab) -> None:
    result = lab.ensure(check=True)
    assert result["actions"] == ["create the cluster plannoir"]
    assert lab.machine.ran("minikube start") == []
    assert not lab.files.folder.exists()


def test_check_mode_on_a_bare_machine_says_that_a_cluster_would_be_created(lab: Lab, tmp_path: Path) -> None:
    lab.machine.programs.clear()
    lab.machine.answers.clear()
    profile = lab.profile(cache_seed=tmp_path / "not made yet")
    result = minikube.ensure(profile, "started", recreate=False, check=True)
    assert result["actions"] == ["create the cluster plannoir"]
    assert (result["engine"], result["ports"]) == ({}, [])


def test_a_killed_node_is_started_again_with_the_settings_it_has(running: Lab) -> None:
    running.container(running=False)
    assert running.ensure()["actions"] == ["start the cluster plannoir"]
    assert "--memory" not in running.machine.ran("minikube start")[0]
    assert running.machine.ran("minikube delete") == []


def test_a_node_whose_api_server_stays_silent_is_started_again_after_a_while(running: Lab) -> None:
    running.api_answers = False
    result = running.ensure()
    assert result["actions"] == ["start the cluster plannoir, because the API server is not ready (connection refused)"]
    assert running.machine.clock >= minikube.PATIENCE


def test_a_kubeconfig_that_lost_the_cluster_is_written_again(running: Lab) -> None:
    running.kubeconfig.unlink()
    assert "has no context plannoir that leads to https://10.0.0.2:8443" in running.ensure()["actions"][0]
    assert running.kubeconfig.exists()


def test_a_profile_whose_first_start_was_killed_is_made_again(lab: Lab) -> None:
    lab.machine.answers["minikube start"] = lambda: Completed(-9)
    with pytest.raises(Failure):
        lab.ensure()
    lab.write_profile()
    lab.machine.answers["minikube start"] = lab._start
    result = lab.ensure()
    assert result["actions"] == ["delete the half-made cluster plannoir", "create the cluster plannoir"]
    assert not lab.files.creating.exists()
    assert not lab.ensure()["changed"]


def test_a_failed_later_start_never_makes_a_cluster_half_made(running: Lab) -> None:
    running.container(running=False)
    running.machine.answers["minikube start"] = Completed(1)
    with pytest.raises(Failure):
        running.ensure()
    running.machine.answers["minikube start"] = running._start
    assert running.ensure()["actions"] == ["start the cluster plannoir"]


def test_drift_is_reported_and_changes_nothing(running: Lab) -> None:
    wanted = Settings("v1.34.4", cpus=4, memory=4096, ports=(PORT,), node_image="plannoir/node:1")
    profile = running.profile(wanted)
    result = minikube.ensure(profile, "started", recreate=False, check=False)
    assert not result["changed"]
    assert result["drift"] == [{"setting": "cpus", "have": "2", "want": "4"}]
    assert profile.warnings == [
        "The cluster plannoir was made with other settings and stays as it is (cpus is 2, wanted 4);"
        " -e minikube_recreate=true makes it anew, without its data."
    ]


def test_recreate_makes_a_drifted_cluster_anew(running: Lab) -> None:
    wanted = Settings("v1.34.4", cpus=4, memory=4096, ports=(PORT,), node_image="plannoir/node:1")
    result = running.ensure(wanted=wanted, recreate=True)
    assert result["actions"] == ["delete the cluster plannoir", "create the cluster plannoir"]
    assert "--cpus=4" in running.machine.ran("minikube start")[0]


def test_recreate_leaves_a_cluster_that_is_as_wanted(running: Lab) -> None:
    assert not running.ensure(recreate=True)["changed"]


def test_a_container_of_another_home_is_left_alone(lab: Lab) -> None:
    lab.container(running=True)
    with pytest.raises(Failure, match="another MINIKUBE_HOME made it"):
        lab.ensure()
    assert not lab.ensure("absent")["changed"]
    assert not lab.ensure("stopped")["changed"]
    assert lab.machine.ran("minikube") == []


def test_problems_are_reported_together_before_anything_starts(lab: Lab) -> None:
    lab.machine.answers["docker info"] = Completed(0, f"1 {1 << 30}")
    lab.machine.answers["minikube config defaults"] = Completed(0, '["v1.35.1"]')
    with pytest.raises(Failure) as caught:
        lab.ensure()
    assert len(str(caught.value).splitlines()) == 3
    assert lab.machine.ran("minikube start") == []
    assert not lab.files.folder.exists()


def test_an_engine_that_does_not_answer_is_named(lab: Lab) -> None:
    lab.machine.answers["docker container inspect"] = Completed(1, "", "Cannot connect to the Docker daemon")
    with pytest.raises(Failure, match="The Docker Engine does not answer"):
        lab.ensure()


def test_a_missing_minikube_is_named(lab: Lab) -> None:
    lab.machine.programs.clear()
    with pytest.raises(Failure, match="minikube is not at minikube; run the role toolchain"):
        lab.ensure()


def test_a_cluster_is_stopped_once(running: Lab) -> None:
    assert running.ensure("stopped", check=True)["actions"] == ["stop the cluster plannoir"]
    assert running.machine.ran("minikube stop") == []
    assert running.ensure("stopped")["actions"] == ["stop the cluster plannoir"]
    assert not running.ensure("stopped")["changed"]


def test_a_cluster_is_deleted_once(running: Lab) -> None:
    assert running.ensure("absent", check=True)["actions"] == ["delete the cluster plannoir"]
    assert running.machine.ran("minikube delete") == []
    assert running.ensure("absent")["actions"] == ["delete the cluster plannoir"]
    assert not running.files.folder.exists()
    assert not running.ensure("absent")["changed"]


def test_the_images_that_run_are_kept_before_their_engine_goes(running: Lab) -> None:
    profile, kept = running.profile(), []
    profile.keep_images = lambda engine: kept.append((engine["DOCKER_HOST"], running.machine.ran("minikube delete")))
    wanted = ["keep the images that run in the cluster plannoir", "delete the cluster plannoir"]
    assert minikube.ensure(profile, "absent", recreate=False, check=True)["actions"] == wanted
    assert kept == []
    profile.actions.clear()
    assert minikube.ensure(profile, "absent", recreate=False, check=False)["actions"] == wanted
    assert kept == [("tcp://127.0.0.1:2", [])]


def test_a_full_disk_keeps_no_cluster_from_being_deleted(running: Lab) -> None:
    def full(_engine: Mapping[str, str]) -> None:
        raise Failure("no space left on device.")

    profile = running.profile()
    profile.keep_images = full
    minikube.ensure(profile, "absent", recreate=False, check=False)
    assert running.machine.ran("minikube delete")
    assert profile.warnings == [
        "The images of the cluster plannoir are not kept, so the next one builds them anew: no space left on device."
    ]


def held(kind: str, namespace: str, name: str, labels: dict[str, str] | None = None) -> tuple[str, dict[str, Any]]:
    spec = {"resources": {"requests": {"storage": "1Gi"}}, "capacity": {"storage": "3Gi"}}
    return RESOURCES.get(kind, kind), {"metadata": {"name": name, "namespace": namespace, "labels": labels or {}}, "spec": spec}


RESOURCES = {
    "claim": "persistentvolumeclaims",
    "volume": "persistentvolumes",
    "Deployment": "deployments",
    "StatefulSet": "statefulsets",
    "DaemonSet": "daemonsets",
    "CronJob": "cronjobs",
}
OURS = "plannoir.deploy/app"


def fill(lab: Lab, *objects: tuple[str, dict[str, Any]]) -> None:
    for resource, item in objects:
        lab.held.setdefault(resource, []).append(item)


def test_a_cluster_with_data_stays_until_it_is_said_that_the_data_goes(running: Lab) -> None:
    fill(running, held("claim", "shop", "database-data", {OURS: "shop"}), held("claim", "team", "theirs"))
    running.held["persistentvolumeclaims"][0]["status"] = {"capacity": {"storage": "2Gi"}}
    for check in (True, False):
        with pytest.raises(Failure) as refused:
            running.ensure("absent", check=check, lost=Loss("shop", "shop", others=True))
    assert str(refused.value) == (
        "With the cluster plannoir its data is lost: the volume claim database-data of shop, 2Gi (namespace shop); the volume claim "
        "theirs, 1Gi (namespace team). Allow it with -e teardown_data=true, or keep the cluster with -e teardown_cluster=false.\n"
        "Nothing was changed."
    )
    assert running.machine.ran("minikube delete") == []
    assert running.ensure("absent", lost=Loss("shop", "shop", data=True))["changed"]


def test_a_cluster_with_what_is_others_stays_until_it_is_said_that_it_goes(running: Lab) -> None:
    fill(
        running,
        held("Deployment", "shop", "web", {OURS: "shop"}),
        held("Deployment", "blog", "web", {OURS: "blog"}),
        held("Deployment", "kube-system", "coredns"),
        held("StatefulSet", "team", "queue"),
        held("Deployment", "watch", "grafana", {"app.kubernetes.io/managed-by": "Helm"}),
        *(
            held("secrets", place, "record", {"name": name})
            for place, name in (("shop", "shop"), ("shop", "shop-extras"), ("blog", "blog"))
        ),
        held("secrets", "watch", "record", {"name": "grafana"}),
    )
    with pytest.raises(Failure) as refused:
        running.ensure("absent", lost=Loss("shop", "shop", data=True))
    assert (
        "holds what is not of this application: the application blog (namespace blog); the Helm release grafana (namespace watch); "
        "StatefulSet queue (namespace team). Delete it, too, with -e teardown_others=true" in str(refused.value)
    )
    assert running.ensure("absent", lost=Loss("shop", "shop", others=True))["changed"]


def test_a_cluster_with_the_application_alone_goes_at_once(running: Lab) -> None:
    fill(running, held("Deployment", "shop", "web", {OURS: "shop"}), held("secrets", "shop", "record", {"name": "shop"}))
    assert running.ensure("absent", lost=Loss("shop", "shop"))["changed"]


def test_data_whose_claim_is_gone_is_named(running: Lab) -> None:
    fill(running, *(held("volume", "", f"pv-{number}") for number in (1, 2, 3)))
    kept, _bound, going = running.held["persistentvolumes"]
    kept["status"] = going["status"] = {"phase": "Released"}
    kept["spec"]["persistentVolumeReclaimPolicy"] = "Retain"
    going["spec"]["persistentVolumeReclaimPolicy"] = "Delete"
    with pytest.raises(Failure, match=r"lost: the volume pv-1, 3Gi \(its claim is gone\)\. Allow"):
        running.ensure("absent")


@pytest.mark.parametrize("stopped", [True, False])
def test_a_cluster_that_does_not_answer_goes_only_with_its_data(running: Lab, stopped: bool) -> None:
    running.container(running=not stopped)
    running.api_answers = False
    with pytest.raises(Failure, match="nobody can tell what data it holds"):
        running.ensure("absent")
    assert running.ensure("absent", lost=Loss(data=True))["changed"]


def test_a_half_made_cluster_holds_nothing(running: Lab) -> None:
    running.files.creating.touch()
    running.api_answers = False
    assert running.ensure("absent")["changed"]


def test_a_failed_start_is_told_in_minikubes_own_words(lab: Lab) -> None:
    events = [
        {"type": "io.k8s.sigs.minikube.step", "data": {"message": "Creating"}},
        {"type": "io.k8s.sigs.minikube.error", "data": {"message": "cannot\nallocate", "name": "GUEST_PROVISION", "exitcode": "80"}},
    ]
    lab.machine.answers["minikube start"] = Completed(80, "\n".join(map(json.dumps, events)) + "\nnot json", "panic: stack")
    with pytest.raises(Failure) as caught:
        lab.ensure()
    assert str(caught.value) == (
        "minikube start failed for the cluster plannoir: cannot allocate (GUEST_PROVISION); `minikube logs --profile=plannoir` shows more."
    )


def test_a_start_that_does_not_end_is_told_with_its_time(lab: Lab) -> None:
    lab.machine.answers["minikube start"] = Completed(TIMED_OUT)
    with pytest.raises(Failure, match="it did not end within 600 s"):
        lab.ensure()


def test_a_cluster_that_never_gets_ready_is_told_with_what_is_missing(lab: Lab) -> None:
    profile = lab.profile()
    profile.api = lambda _files, _port: cluster({"kube-dns": "2026-01-01T00:00:00Z"})
    with pytest.raises(Failure, match="is not ready after 600 s: no pod of kube-dns in kube-system is ready since the node started"):
        minikube.ensure(profile, "started", recreate=False, check=False)
    assert SINCE > "2026-01-01T00:00:00Z"


def test_the_cache_is_seeded_before_a_start_and_minikube_then_downloads_nothing(lab: Lab, tmp_path: Path) -> None:
    seed = tmp_path / "seed"
    (seed / "linux/amd64/v1.34.4").mkdir(parents=True)
    (seed / "linux/amd64/v1.34.4/kubelet").write_text("kubelet")
    minikube.ensure(lab.profile(cache_seed=seed), "started", recreate=False, check=False)
    assert (lab.files.home / "cache/linux/amd64/v1.34.4/kubelet").read_text() == "kubelet"
    assert "--preload=false" in lab.machine.ran("minikube start")[0]


def test_a_node_image_that_the_engine_lacks_is_named(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "seed/linux/amd64/v1.34.4").mkdir(parents=True)
    lab.machine.answers["docker image inspect"] = Completed(1)
    with pytest.raises(Failure, match="The node image plannoir/node:1 is not in the Docker Engine; run the role toolchain"):
        minikube.ensure(lab.profile(cache_seed=tmp_path / "seed"), "started", recreate=False, check=False)


def test_a_changed_file_of_the_seed_replaces_the_one_in_the_cache(tmp_path: Path) -> None:
    source, target = tmp_path / "seed", tmp_path / "cache"
    source.mkdir()
    target.mkdir()
    (source / "kubelet").write_text("new and longer")
    (target / "kubelet").write_text("half")
    (target / "kubelet.part").hardlink_to(source / "kubelet")  # left by a killed run
    minikube.link_tree(source, target)
    assert [path.name for path in target.iterdir()] == ["kubelet"]
    assert (target / "kubelet").read_text() == "new and longer"
    (source / "kubelet").unlink()
    (source / "kubelet").write_text("made anew, long")  # of the same size
    (target / "kubelet").unlink()
    (target / "kubelet").write_text("made before, OK")
    minikube.link_tree(source, target)
    assert (target / "kubelet").read_text() == "made anew, long"


def test_our_agents_that_enforce_network_policies_are_found_where_the_cluster_runs(lab: Lab) -> None:
    assert lab.ensure(check=True)["network_policy_agents"] == []
    lab.agents = [{"name": "kube-proxy", "labels": {"k8s-app": "kube-proxy"}}, {"name": "kube-router"}]
    assert lab.ensure()["network_policy_agents"] == []
    lab.agents.append({"name": "plannoir-kube-router", "labels": {"app.kubernetes.io/name": "kube-router"}})
    assert lab.ensure()["network_policy_agents"] == ["plannoir-kube-router"]
    assert lab.ensure("stopped")["network_policy_agents"] == []
    assert lab.ensure("absent", lost=Loss(data=True))["network_policy_agents"] == []


def test_an_agent_that_is_missing_or_not_wanted_differs_where_the_cluster_runs(lab: Lab) -> None:
    assert not lab.ensure()["network_policy_differs"]
    lab.agents = [{"name": "plannoir-kube-router"}]
    assert lab.ensure()["network_policy_differs"]
    assert not lab.ensure("stopped")["network_policy_differs"]
    lab.agents, lab.agent = [], [{"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "plannoir-kube-router"}}]
    assert not lab.ensure(check=True)["network_policy_differs"]
    assert lab.ensure()["network_policy_differs"]


def test_an_earlier_versions_agent_is_ours_and_somebody_elses_of_that_name_is_not(lab: Lab) -> None:
    lab.ensure()
    lab.agents = [{"name": "kube-network-policies", "labels": {"app": "kube-network-policies"}}]
    assert lab.ensure()["network_policy_agents"] == ["kube-network-policies"]
    lab.agents[0]["labels"]["tier"] = "node"  # as in that project's own manifest
    assert lab.ensure()["network_policy_agents"] == []
