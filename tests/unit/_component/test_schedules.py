# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Components that run by a schedule: what is refused, what is not, and where they count otherwise than those that go on running."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._component.graph import edges
from ansible_collections.plannoir.deploy.plugins.module_utils._component.names import component_objects
from ansible_collections.plannoir.deploy.plugins.module_utils._component.quantities import room_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import chart_values, load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._component.values import idle_jobs
from ansible_collections.plannoir.deploy.plugins.module_utils._verify.problems import check_problems

REPORT = {"name": "report", "image": "shop:1", "command": ["report"], "schedule": {"cron": "0 3 * * *"}}
WEB = {"name": "web", "image": "web:1", "port": 80}


def problems_of(**change: Any) -> list[str]:
    return load_components([{**REPORT, **change}])[1]


def scheduled(cron: str, **more: Any) -> list[str]:
    return problems_of(schedule={"cron": cron, **more})


@pytest.mark.parametrize(
    "cron",
    [
        "0 3 * * *",
        "*/5 * * * *",
        "0,30 8-18/2 1-15 1,6-8 mon-fri",
        "5/15 * ? * SUN",
        "0 0 29 2 *",
        "0 0 31 1-2 *",
        "0 0 30 2 1",
        "0  3  * *  0",
        "@daily",
        "@every 1h30m",
    ],
)
def test_what_kubernetes_takes_is_taken(cron: str) -> None:
    assert scheduled(cron) == []


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("0 3 * *", "a cron expression of five fields"),
        ("0 0 3 * * *", "a cron expression of five fields"),
        ("@reboot", "a cron expression of five fields"),
        ("every 5 minutes", "a cron expression of five fields"),
        ("TZ=UTC 0 3 * * *", "a cron expression of five fields"),
        ("60 3 * * *", "60 is no minute: it goes from 0 to 59."),
        ("0 24 * * *", "24 is no hour: it goes from 0 to 23."),
        ("0 3 0 * *", "0 is no day of month: it goes from 1 to 31."),
        ("0 3 * 13 *", "13 is no month: it goes from 1 to 12 or jan to dec."),
        ("0 3 * * 7", "7 is no day of week: it goes from 0 to 6 or sun to sat, and Sunday is 0."),
        ("0 3 * * monday", "monday is no day of week"),
        ("0 22-6 * * *", "22-6 is no hour: its range ends before it begins"),
        ("*/0 * * * *", "*/0 is no minute: its step is 0"),
        ("1,,2 * * * *", "nothing is no minute: write *, a number of 0 to 59"),
        ("0 0 31 feb,apr *", "never runs"),
    ],
)
def test_a_wrong_time_is_one_sentence_that_names_it(cron: str, expected: str) -> None:
    (problem,) = scheduled(cron)
    assert "schedule.cron" in problem
    assert expected in problem


def test_a_time_zone_that_does_not_exist_is_named() -> None:
    (problem,) = scheduled("@daily", time_zone="Europe/Atlantis")
    assert "schedule.time_zone 'Europe/Atlantis' is no time zone" in problem
    assert scheduled("@daily", time_zone="Local") != []
    assert scheduled("@daily", time_zone="../../etc/passwd") != []
    assert scheduled("@daily", time_zone="America/Argentina/Buenos_Aires") == scheduled("@daily", time_zone="Etc/GMT+5") == []


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("port", 8000),
        ("probes", {"liveness": {"command": ["up"]}}),
        ("service", {"type": "NodePort"}),
        ("replicas", 2),
        ("autoscale", {"max": 2}),
        ("strategy", "Recreate"),
        ("persistence", {"path": "/data"}),
        ("post_release", ["tidy"]),
        ("topology_spread", [{"topology_key": "kubernetes.io/hostname"}]),
    ],
)
def test_what_goes_on_running_does_not_go_with_a_schedule(option: str, value: Any) -> None:
    (problem,) = problems_of(**{option: value})
    assert problem.startswith("Component report: a pod of a schedule ")
    assert f"leave out {option}, or schedule." in problem


def test_defaults_that_are_written_out_and_jobs_go_with_a_schedule() -> None:
    change = {"replicas": 1, "strategy": "RollingUpdate", "service": {"type": "ClusterIP"}, "probes": {}, "migration": {"command": ["up"]}}
    assert problems_of(**change, stop_grace_seconds=60, secret_env={"TOKEN": "x"}, config_files={"/etc/a": "b"}) == []


def test_the_chart_gets_the_schedule_and_its_objects_are_no_deployment() -> None:
    (component,), _problems = load_components([REPORT])
    wanted = {"cron": "0 3 * * *", "timeZone": "Etc/UTC", "concurrency": "Forbid", "timeout": 3600, "retries": 0, "keep": 1}
    assert chart_values(component, "shop:1", {})["schedule"] == wanted
    assert component_objects(component) == ["cronjobs.batch/report", "networkpolicies.networking.k8s.io/report"]


def test_nothing_is_run_in_a_pod_that_is_not_there() -> None:
    components, _problems = load_components([WEB, {**WEB, "name": "search"}, {**REPORT, "connects_to": ["web"]}])
    allowed, forbidden = edges(components)
    assert {edge.source for edge in (*allowed, *forbidden)} == {"web", "search"}
    step = {"name": "It reports", "exec": {"component": "report", "command": ["true"]}}
    (problem,) = check_problems([step], components)
    assert "exec.component names report, which has a pod only while its schedule runs it" in problem


def test_a_run_takes_room_and_no_rollout_does() -> None:
    asked = {"resources": {"requests": {"memory": "400Mi"}}}
    components, _problems = load_components([{**REPORT, **asked}])
    assert list(room_problems(components, {"memory": Fraction(600 << 20)}, {"memory": "x"})) == []
    assert list(room_problems(components, {"memory": Fraction(500 << 20)}, {"memory": "x"})) != []


def test_another_time_runs_no_migration_again() -> None:
    component = {"migration": {"command": ["up"]}, "migrationSources": "1", "schedule": {"cron": "@daily"}}
    before = {"global": {}, "components": {"report": component}}
    assert idle_jobs({"global": {}, "components": {"report": {**component, "schedule": {"cron": "@hourly"}}}}, before) == ["report"]
