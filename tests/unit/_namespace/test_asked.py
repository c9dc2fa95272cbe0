# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster says before anything is built, and what an account may not see is told and not held against it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._core import process
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import Completed
from ansible_collections.plannoir.deploy.plugins.module_utils._namespace.asked import OLDEST, ask, version_problems

from scripts.generated import ROOT

ALL = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
FORBIDDEN = 'The cluster of context x (k) refused: (Forbidden): something is forbidden: User "joe" cannot do it'


class Answers:
    """A cluster that answers as it is told."""

    namespace = "shop"

    def __init__(self, rules: list[dict[str, Any]], *, allowed: bool = False, fails: str = "", refused: bool = False) -> None:
        self.rules, self.allowed, self.fails, self.refused = rules, allowed, fails, refused
        self.created: list[str] = []

    def create(self, definition: dict[str, Any]) -> list[dict[str, Any]]:
        if self.fails:
            raise Failure(self.fails)
        self.created.append(definition["kind"])
        if definition["kind"] == "List":
            return [{"status": {"allowed": self.allowed}} for _item in definition["items"]]
        return [{"status": {"resourceRules": self.rules, "incomplete": True}}]

    def look(self, *_request: str) -> tuple[list[dict[str, Any]], list[str]]:
        return [], ["Error from server (Forbidden): ..."] if self.refused else []

    def server_version(self) -> str:
        if self.fails:
            raise Failure(self.fails)
        return "v1.29"


def said(cluster: Answers) -> tuple[list[str], list[str]]:
    components, _problems = load_components([{"name": "web", "image": "a/b:1", "port": 80}])
    asked = ask(cluster, components, [], make=False)  # type: ignore[arg-type]
    return asked.problems, asked.unseen


def test_the_answers_of_all_questions_come_at_once() -> None:
    problems, unseen = said(Answers([], refused=True))
    assert [problem.split()[1] for problem in problems] == ["account", "cluster"]
    assert unseen == ["quotas and LimitRanges"]


def test_what_no_rule_lists_is_asked_by_itself() -> None:
    webhook = Answers([], allowed=True)
    assert "account" not in "".join(said(webhook)[0])
    assert webhook.created == ["SelfSubjectRulesReview", "List"]
    administrator = Answers([ALL])
    said(administrator)
    assert administrator.created == ["SelfSubjectRulesReview"]


def test_an_account_that_may_not_even_ask_is_not_refused() -> None:
    assert said(Answers([], fails=FORBIDDEN)) == ([], ["its rights", "the version of Kubernetes"])
    with pytest.raises(Failure, match="does not answer"):
        said(Answers([], fails="The cluster does not answer"))


@pytest.mark.parametrize(("version", "too_old"), [("v1.29", True), ("v1.30", False), ("v1.35", False), ("v1.9", True), ("v2.0", False)])
def test_an_old_kubernetes_is_named(version: str, too_old: bool) -> None:
    assert bool(list(version_problems(version))) is too_old


def test_the_chart_says_the_same_of_the_oldest_kubernetes() -> None:
    chart = yaml.safe_load((ROOT / "charts/plannoir/Chart.yaml").read_text(encoding="utf-8"))
    assert chart["kubeVersion"] == f">={'.'.join(map(str, OLDEST))}.0-0"


SEEN = '{"kind": "List", "items": [{"kind": "Lease"}]}'
HIDDEN = 'Error from server (Forbidden): namespaces "shop" is forbidden: User "joe" cannot get resource "namespaces"\n'


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        (Completed(0, SEEN, ""), (1, 0)),
        (Completed(0, "", ""), (0, 0)),
        (Completed(1, SEEN, f"Warning: old\n{HIDDEN}"), (1, 1)),
        (Completed(1, "", HIDDEN * 2), (0, 2)),
    ],
)
def test_what_may_not_be_seen_does_not_hide_the_rest(done: Completed, expected: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "run", lambda *_arguments, **_more: done)
    found, refused = Cluster("kubeconfig", "x", "shop").look("namespaces/shop", "leases/shop-deploy")
    assert (len(found), len(refused)) == expected


@pytest.mark.parametrize(
    "error", ["error: You must be logged in to the server (Unauthorized)", f'{HIDDEN}error: the server doesn\'t have a resource type "x"']
)
def test_another_failure_is_one(error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "run", lambda *_arguments, **_more: Completed(1, "", error))
    with pytest.raises(Failure):
        Cluster("kubeconfig", "x", "shop").look("namespaces/shop")


def test_the_objects_that_were_made_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = '{"kind": "A"}\n{"kind": "B"}\n{"kind": "List", "items": [{"kind": "C"}]}\n'
    monkeypatch.setattr(process, "run", lambda *_arguments, **_more: Completed(0, printed, ""))
    assert [item["kind"] for item in Cluster("kubeconfig", "x", "shop").create({})] == ["A", "B", "C"]
