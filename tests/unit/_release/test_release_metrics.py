# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that measures nothing is said where something is scaled, and waited for only where it may still begin."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._release.metrics import metrics_problem

NOT_FOUND = "Error from server (NotFound): the server could not find the requested resource"
UNAVAILABLE = "Error from server (ServiceUnavailable): the server is currently unable to handle the request"
FORBIDDEN = 'Error from server (Forbidden): user "u" cannot get path "/apis/metrics.k8s.io/v1beta1"'


def problem(*answers: str, components: tuple[str, ...] = ("api",)) -> tuple[str, int]:
    """Return what is said where the cluster answers so, the last answer for ever, and how often it was asked."""
    asked: list[str] = []
    moments = itertools.count()

    def ask(path: str) -> None:
        asked.append(path)
        if answer := answers[min(len(asked), len(answers)) - 1]:
            raise Failure(answer)

    return metrics_problem(ask, components, patience=10, sleep=lambda _seconds: None, clock=lambda: next(moments)), len(asked)


@pytest.mark.parametrize(("answers", "times"), [(("",), 1), ((UNAVAILABLE, UNAVAILABLE, ""), 3), ((FORBIDDEN,), 1)])
def test_what_measures_begins_to_or_cannot_be_asked_is_no_problem(answers: tuple[str, ...], times: int) -> None:
    assert problem(*answers) == ("", times)


def test_nothing_is_asked_where_nothing_is_scaled() -> None:
    assert problem(NOT_FOUND, components=()) == ("", 0)


def test_a_cluster_without_metrics_is_said_at_once_with_the_remedy() -> None:
    said, times = problem(NOT_FOUND, components=("api", "web"))
    assert said.startswith(
        "autoscale of api, web: the cluster has no metrics.k8s.io, so that the number of pods stays: install a metrics server"
    )
    assert times == 1


def test_what_never_answers_is_said_with_its_words_after_a_while() -> None:
    said, times = problem(UNAVAILABLE)
    assert "does not answer at metrics.k8s.io (Error from server (ServiceUnavailable)" in said
    assert times > 3
