# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._component.checks import published_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import chart_values, load_components

BACKEND = {"name": "backend", "port": 8000, "image": "registry.test/backend:1"}
SCALED = {"autoscale": {"max": 4}, "resources": {"requests": {"cpu": "250m"}}}


def problems_of(*components: dict[str, Any]) -> list[str]:
    return load_components(list(components))[1]


def test_a_minimal_component_is_complete() -> None:
    (component,), problems = load_components([BACKEND])
    assert problems == []
    assert component["service"] == {"type": "ClusterIP", "port": 8000, "node_port": None}
    assert component["writable_paths"] == ["/tmp"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"build": {"context": "src"}}, "exactly one of build"),
        ({"image": ""}, "exactly one of build"),
        ({"image": "", "build": {"context": "a"}, "pull_credentials": {"username": "a", "password": "b"}}, "for a ready image"),
        ({"pull_credentials": {"username": "a"}}, "password"),
        ({"name": "Back_end"}, "DNS label"),
        ({"name": "9lives"}, "DNS label"),
        ({"name": "a" * 51}, "DNS label"),
        ({"port": 70000}, "port must be between 1 and 65535, not 70000"),
        ({"service": {"type": "NodePort", "node_port": 8080}}, "between 30000 and 32767"),
        ({"service": {"node_port": 30080}}, "needs service.type NodePort"),
        ({"run_as_user": 0}, "run_as_user must be between 1 and"),
        ({"replicas": -1}, "replicas must be between 0 and"),
        ({"replicas": 2, "persistence": {"path": "/data"}}, "cannot share one volume"),
        ({**SCALED, "autoscale": {"min": 2}}, "max"),
        ({"autoscale": 4}, "autoscale must be a dictionary"),
        ({**SCALED, "autoscale": {"min": 0, "max": 4}}, "autoscale.min must be between 1 and"),
        ({**SCALED, "autoscale": {"min": 5, "max": 4}}, "autoscale.max 4 is less than autoscale.min 5: raise max, or lower min."),
        ({**SCALED, "autoscale": {"max": 4, "cpu": 0}}, "autoscale.cpu must be between 1 and 1000, not 0"),
        ({**SCALED, "autoscale": {"max": 4, "cpu": "500m"}}, "cpu"),
        ({**SCALED, "replicas": 1}, "replicas is a number that stays, and autoscale chooses one: keep one of them (-e app_replicas=N"),
        ({**SCALED, "strategy": "Recreate"}, "autoscale makes several pods, of which strategy Recreate allows one"),
        ({**SCALED, "persistence": {"path": "/data"}}, "autoscale makes several pods, which cannot share one volume"),
        ({**SCALED, "resources": {"requests": {"memory": "1Gi"}}}, "a share of resources.requests.cpu, which is not given: give what"),
        ({**SCALED, "resources": {"requests": {"cpu": 0}}}, "a share of resources.requests.cpu, which is not given: give what"),
        ({"autoscale": {"max": 4}}, "a share of resources.requests.cpu, which is not given: give what"),
        ({"env": {"LOG LEVEL": "info"}}, "must be a name of an environment variable"),
        ({"env": {"LOG": None}}, "env.LOG must be text."),
        ({"env": {"A": "1"}, "secret_env": {"A": "2"}}, "both env and secret_env"),
        ({"secret_files": {"path": "/etc/tls", "files": {"a/b": "x"}}}, "must be a file name"),
        ({"secret_files": {"path": "tls", "files": {"a": "x"}}}, "absolute path"),
        ({"config_files": {"/etc/../x": "y"}}, "absolute path"),
        ({"writable_paths": ["/tmp", "/tmp/"]}, "mounted 2 times"),
        ({"secret_files": {"path": "/app/", "files": {".env": "x"}}, "config_files": {"/app/.env": "y"}}, "/app/.env is mounted 2 times"),
        ({"persistence": {"path": "/data", "size": "1 GB"}}, "persistence.size must be bytes with Ki, Mi or Gi"),
        ({"resources": {"limits": {"memory": "lots"}}}, "resources.limits.memory must be bytes with Ki, Mi or Gi"),
        ({"probes": {"liveness": {"path": "health"}}}, "probes.liveness.path must be a path that begins with a slash"),
        ({"probes": {"liveness": {"path": "/x", "tcp": True}}}, "mutually exclusive"),
        ({"probes": {"liveness": {"period": 3}}}, "one of the following is required"),
        ({"probes": {"readiness": {"path": "/x", "period": 0}}}, "probes.readiness.period must be between 1 and"),
        ({"probes": {"readiness": {"tcp": True, "headers": {"Host": "a"}}}}, "probes.readiness.headers are of a request"),
        ({"probes": {"readiness": {"path": "/x", "headers": {"Host:": "a"}}}}, "must be a header's name"),
        ({"migration": {"command": ["x"], "timeout": 0}}, "migration.timeout"),
        ({"setup": {"command": ["x"], "timeout": 0}}, "setup.timeout"),
        ({"setup": {"args": ["x"]}}, "command"),
        ({"setup": {"command": ["x"], "env": {"A": "1"}, "secret_env": {"A": "2"}}}, "both setup.env and setup.secret_env"),
        ({"repliccas": 2}, "repliccas"),
        ({"replicas": "two"}, "replicas"),
        ({"service": {"type": "Ingress"}}, "ClusterIP"),
        ({"service": 30080}, "service must be a dictionary"),
        ({"probes": {"readiness": "/ready"}}, "probes.readiness must be a dictionary"),
        ({"config_files": {"/etc/x.json": {"a": 1}}}, "config_files./etc/x.json must be text"),
        ({"secret_files": {"path": "/etc/tls", "files": {"tls.key": None}}}, "secret_files.files.tls.key must be text"),
        ({"build": {"context": "x", "args": {"LIST": ["a"]}}, "image": None}, "build.args.LIST must be text"),
        ({"probes": {"liveness": {"command": []}}}, "probes.liveness.command must hold something"),
        ({"migration": {"command": []}}, "migration.command must hold something"),
        ({"migration": {"command": ["x"], "timeout": 2**31}}, "migration.timeout must be between 1 and 2147483647"),
        ({"env": {"A": "x\0"}}, "env.A has a NUL character in it"),
        ({"args": ["x\0"]}, "args has a NUL character in it"),
        ({"secret_env": {"A": "\ud83d"}}, "secret_env.A has half of a character in it"),
        ({"env": {"A": "x" * 131070}}, "env.A is too long for a process"),
        ({"port": None, "service": {"port": 80}}, "service is how others reach a port"),
        ({"port": None, "probes": {"liveness": {"path": "/up"}}}, "probes.liveness asks a port"),
        ({"strategy": "Replace"}, "Recreate"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_it(change: dict[str, Any], expected: str) -> None:
    (problem,) = problems_of({**BACKEND, **change})
    assert expected in problem
    assert problem.endswith(".")


def test_what_yaml_takes_for_no_text_is_the_text_that_it_was() -> None:
    given = {
        **BACKEND,
        "image": None,
        "build": {"context": "src", "args": {"EMPTY": None, "N": 5, "DEBUG": True}},
        "env": {"N": 8080, "DEBUG": False},
        "args": ["--port", 8080, True],
        "probes": {"liveness": {"command": ["test", 1]}},
        "secret_env": {"A": "x" * 131069},
        "config_files": {"/etc/x": "NUL \0 is no harm in a file" + "x" * 200_000},
    }
    (component,), problems = load_components([given])
    assert problems == []
    assert component["build"]["args"] == {"EMPTY": "", "N": "5", "DEBUG": "true"}
    assert component["env"] == {"N": "8080", "DEBUG": "false"}
    assert component["args"] == ["--port", "8080", "true"]
    assert component["probes"]["liveness"]["command"] == ["test", "1"]


def test_a_dollar_is_escaped_where_the_kubelet_expands_and_only_there() -> None:
    given = {
        **BACKEND,
        "command": ["sh", "-c", "echo $$"],
        "env": {"A": "$(B)"},
        "config_files": {"/etc/$x": "$$(B)"},
        "probes": {"liveness": {"path": "/$$"}, "readiness": {"command": ["$(B)"]}},
        "test": {"command": ["$x"], "args": ["$"], "env": {"C": "$"}},
    }
    for expand, dollar in ((False, "$$"), (True, "$")):
        (component,), _ = load_components([{**given, "expand": expand}])
        values = chart_values(component, "x:1", NAMES)
        assert values["command"] == ["sh", "-c", f"echo {dollar * 2}"]
        assert values["env"] == {"A": f"{dollar}(B)"}
        assert values["configFiles"] == {"/etc/$x": "$$(B)"}
        assert values["probes"]["liveness"]["path"] == "/$$"
        assert values["probes"]["readiness"]["command"] == [f"{dollar}(B)"]
        assert values["test"] == {"command": [f"{dollar}x"], "args": [dollar], "env": {"C": dollar}, "timeout": 300}
        assert "expand" not in values


def test_a_component_leaves_the_defaults_of_the_next_one_alone() -> None:
    (first, second), problems = load_components([BACKEND, {**BACKEND, "name": "other", "port": 9000}])
    assert problems == []
    assert first["resources"] is not second["resources"]
    assert (first["service"]["port"], second["service"]["port"]) == (8000, 9000)


def test_several_mistakes_are_reported_together() -> None:
    assert len(problems_of({**BACKEND, "port": 0, "run_as_user": 0}, {"name": "other"}, "text")) == 4  # type: ignore[arg-type]


def test_names_and_node_ports_are_used_once() -> None:
    one = {**BACKEND, "service": {"type": "NodePort", "node_port": 30080}}
    by_name, by_port = problems_of(one, one)
    assert "backend is defined 2 times" in by_name
    assert "30080 is used by several components" in by_port


def test_a_problem_never_quotes_a_secret() -> None:
    component = {**BACKEND, "secret_env": {"KEY": ["hunter2"]}, "secret_files": {"path": "/x", "files": "hunter2"}}
    problems = [sentence for secret in ("hunter2", ["hunter2"]) for sentence in problems_of({**BACKEND, "secret_env": secret})]
    problems += problems_of(component)
    assert len(problems) == 3
    assert "hunter2" not in str(problems)


NAMES = {kind: f"backend-{kind}-1" for kind in ("env", "files", "migration", "setup", "test")}


def test_chart_values_hold_names_of_secrets_and_no_values() -> None:
    (component,), _ = load_components(
        [
            {
                **BACKEND,
                "env": {"DEBUG": False, "WORKERS": 2},
                "secret_env": {"B": "hunter2", "A": "hunter2"},
                "secret_files": {"path": "/etc/tls", "files": {"tls.key": "hunter2"}},
                "migration": {"command": ["migrate"], "secret_env": {"URL": "hunter2"}},
                "setup": {"command": ["set-up"], "env": {"N": 1}, "secret_env": {"ADMIN": "hunter2"}, "timeout": 9},
                "probes": {"readiness": {"path": "/ready", "failure_threshold": 7}},
            }
        ]
    )
    values = chart_values(component, "plannoir/backend:0123456789ab", NAMES)
    assert "hunter2" not in str(values)
    assert values == {
        "image": "plannoir/backend:0123456789ab",
        "replicas": 1,
        "port": 8000,
        "service": {"type": "ClusterIP", "port": 8000},
        "strategy": "RollingUpdate",
        "env": {"DEBUG": "false", "WORKERS": "2"},
        "secretName": "backend-env-1",
        "secretEnv": ["A", "B"],
        "secretFiles": {"secretName": "backend-files-1", "path": "/etc/tls", "files": ["tls.key"]},
        "migration": {"command": ["migrate"], "secretEnv": ["URL"], "secretName": "backend-migration-1", "timeout": 300},
        "setup": {
            "command": ["set-up"],
            "env": {"N": "1"},
            "secretEnv": ["ADMIN"],
            "secretName": "backend-setup-1",
            "timeout": 9,
        },
        "probes": {"readiness": {"path": "/ready", "initialDelay": 0, "period": 5, "timeout": 3, "failureThreshold": 7}},
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}},
        "runAsUser": 10001,
        "writablePaths": ["/tmp"],
        "stopGraceSeconds": 30,
    }


def published(service: dict[str, Any], ports: list[Any], host: str | None = None) -> list[str]:
    (component,), problems = load_components([{**BACKEND, "service": service}])
    assert problems == []
    return list(published_problems([component], ports, host))


def test_a_node_port_that_the_cluster_does_not_publish_is_refused() -> None:
    (problem,) = published({"type": "NodePort", "node_port": 30081}, [30080])
    assert problem.startswith("Component backend: service.node_port 30081 is not published on 127.0.0.1")
    (problem,) = published({"type": "NodePort"}, [])
    assert "a node port that the cluster chooses is not published" in problem


@pytest.mark.parametrize(
    ("service", "ports", "host"),
    [
        ({"type": "NodePort", "node_port": 30080}, [30080, 30081], None),
        ({"type": "NodePort", "node_port": "30080"}, ["30080"], "127.0.0.1"),
        ({"type": "NodePort"}, [], "192.168.49.2"),  # the node's own address
        ({"type": "LoadBalancer", "node_port": 30081}, [], None),  # minikube tunnel
        ({}, [], None),
    ],
)
def test_what_is_published_or_reached_otherwise_passes(service: dict[str, Any], ports: list[Any], host: str | None) -> None:
    assert published(service, ports, host) == []


def probes_of(**probes: Any) -> dict[str, Any]:
    (component,), problems = load_components([{**BACKEND, "probes": probes}])
    assert problems == []
    return {kind: probe for kind, probe in component["probes"].items() if probe}


def test_a_slow_start_is_not_ended_by_a_liveness_probe_alone() -> None:
    path = {"path": "/up", "headers": {"Host": "a"}, "timeout": 4}
    startup = probes_of(liveness=path)["startup"]
    assert {key: startup[key] for key in path} == path
    assert startup["period"] * startup["failure_threshold"] == 120


def test_a_liveness_probe_that_waits_long_is_given_as_long_to_start() -> None:
    startup = probes_of(liveness={"command": ["up"], "initial_delay": 600, "period": 30, "failure_threshold": 5}, readiness={"tcp": True})[
        "startup"
    ]
    assert startup["command"] == ["up"]
    assert startup["initial_delay"] == 0
    assert startup["period"] * startup["failure_threshold"] >= 600 + 30 * 5


def test_a_startup_probe_of_ones_own_is_kept() -> None:
    own = {"path": "/start", "period": 1, "failure_threshold": 5}
    startup = probes_of(startup=own, liveness={"path": "/up"})["startup"]
    assert {key: startup[key] for key in own} == own


def test_ready_without_any_probe_means_that_the_port_takes_connections() -> None:
    assert probes_of() == {
        "readiness": {"path": None, "command": None, "tcp": True, "headers": {}, "initial_delay": 0, "period": 5, "timeout": 3}
        | {"failure_threshold": 3}
    }
    for kind in ("startup", "liveness"):
        assert "readiness" not in probes_of(**{kind: {"path": "/up"}})


def test_a_worker_without_a_port_is_complete_and_is_asked_nothing_by_default() -> None:
    (worker,), problems = load_components([{"name": "worker", "image": "w:1"}])
    assert (problems, worker["probes"], worker["service"]["port"]) == ([], {}, None)


VOLUME = {"persistence": {"path": "/data/"}}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"migration": {"command": ["alembic", "-x", "db=/data/app.db", "upgrade"]}}, "migration.command"),
        ({"migration": {"command": ["up"], "args": ["/data"]}}, "migration.args"),
        ({"migration": {"command": ["up"], "env": {"DB": "/data/app.db"}}}, "migration.env.DB"),
        ({"migration": {"command": ["up"], "secret_env": {"DB": "sqlite:////data/a?key=hunter2"}}}, "migration.secret_env.DB"),
        ({"migration": {"command": ["up"]}, "env": {"DATABASE_URL": "sqlite+aiosqlite:////data/app.db"}}, "env.DATABASE_URL"),
        ({"migration": {"command": ["up"]}, "secret_env": {"DATABASE_URL": "sqlite:////data/hunter2.db"}}, "secret_env.DATABASE_URL"),
    ],
)
def test_a_migration_of_what_lies_on_the_volume_is_refused(change: dict[str, Any], place: str) -> None:
    (problem,) = problems_of({**BACKEND, **VOLUME, **change})
    assert f"backend: {place} names /data/, the volume of persistence, and a migration runs before that is there" in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    "change",
    [
        {"migration": {"command": ["alembic", "upgrade", "head"]}, "env": {"UPLOADS": "/data/uploads"}},
        {"migration": {"command": ["/app/data/up", "/database", "x/data"]}},
        {"migration": {"command": ["up"]}, "env": {"DATABASE_URL": "postgresql://db/data/", "CACHE": "sqlite:////tmp/data/x"}},
        {"command": ["sh", "-c", "migrate /data/app.db && serve"], "env": {"DATABASE_URL": "sqlite:////data/app.db"}},
        {"migration": {"command": ["up", "/data/x"]}, "persistence": None},
    ],
)
def test_a_migration_beside_a_volume_is_fine(change: dict[str, Any]) -> None:
    assert problems_of({**BACKEND, **VOLUME, **change}) == []
