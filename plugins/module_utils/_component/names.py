# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be called how: each name by the rule of its strictest consumer, and no two components with an object of one name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .checks import JOBS
from .quantities import pods

if TYPE_CHECKING:
    from .spec import Component

EXTRAS = "-extras"
"""Ends the name of the extras' release."""

_LABEL = "lower-case letters, digits and hyphens"


class Rule(NamedTuple):
    """How a variable's value must look, as a pattern for all of it and in words that complete "... must be"."""

    pattern: str
    says: str


RULES: Mapping[str, Rule] = {
    # A Helm release's name has at most 53 characters; Services want a letter first, image references no upper case.
    "app_name": Rule(
        rf"(?!.*{EXTRAS}$)[a-z]([-a-z0-9]{{0,{53 - len(EXTRAS) - 2}}}[a-z0-9])?",
        f"at most {53 - len(EXTRAS)} {_LABEL}, a letter first, no hyphen last, not {EXTRAS} at its end: it names Helm releases and images",
    ),
    "app_namespace": Rule(
        r"(?!kube-)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?",
        f"at most 63 {_LABEL}, a letter or digit first and last, not kube- first: those namespaces are the cluster's own",
    ),
    # Kubernetes calls the node so, and refuses capitals minutes later; minikube wants two characters.
    "minikube_profile": Rule(
        r"[a-z0-9][-a-z0-9]{0,61}[a-z0-9]",
        f"2 to 63 {_LABEL}, a letter or digit first and last: the cluster's node is called so",
    ),
}
"""By the variable that holds the name."""


def name_problem(variable: str, value: object, rule: Rule | None = None, written: str = "") -> str:
    """Say what is wrong with a name; nothing when it is well.

    Args:
        variable: Where the name stands.
        value: The name.
        rule: What it must look like; that of ``RULES`` by default.
        written: File and line, where they are known.
    """
    pattern, says = rule or RULES[variable]
    if re.fullmatch(pattern, str(value)):
        return ""
    return f"{variable}{f' ({written})' if written else ''} must be {says}. It is {str(value)!r}."


def release_names(application: str) -> tuple[str, str]:
    """Return the names of an application's two Helm releases, its own first."""
    return application, f"{application}{EXTRAS}"


def release_objects(application: str) -> list[str]:
    """Return the objects of the releases themselves, as ``component_objects`` does."""
    return [f"networkpolicies.networking.k8s.io/{release}-default-deny" for release in release_names(application)]


def live_name(component: str) -> str:
    """Return how the Deployment, and the image, that ``playbooks/live.yml`` runs in place of a component's are called."""
    return f"{component}-live"


def component_objects(component: Mapping[str, Any]) -> list[str]:
    """Return the objects, each as ``<resource>/<name>``, that the chart makes for a component."""
    name, jobs = component["name"], [f"{component['name']}-{job}" for job in JOBS if component[job]]
    objects = [f"cronjobs.batch/{name}"] if component["schedule"] else [f"deployments.apps/{name}", f"services/{name}"]
    objects += [f"networkpolicies.networking.k8s.io/{owner}" for owner in (name, *jobs)]
    objects += [f"jobs.batch/{job}" for job in jobs]
    owners = [name, *([f"{name}-migration"] if component["migration"] else [])]
    objects += [f"configmaps/{owner}-config" for owner in owners] if component["config_files"] else []
    objects += [f"persistentvolumeclaims/{name}-data"] if component["persistence"] else []
    objects += [f"poddisruptionbudgets.policy/{name}"] if pods(component).most > 1 else []
    objects += [f"horizontalpodautoscalers.autoscaling/{name}"] if component["autoscale"] else []
    objects += [f"deployments.apps/{live_name(name)}"] if component["live"] else []
    return objects


def object_names(application: str, components: Iterable[Component]) -> list[str]:
    """Return all objects that the chart makes for an application, as ``component_objects`` does."""
    return [*release_objects(application), *(name for component in components for name in component_objects(component))]


def clash_problems(components: Iterable[Mapping[str, Any]], application: str = "") -> Iterator[str]:
    """Name the components of different names whose objects would be one: the later one's would overwrite the other's.

    Args:
        components: With the defaults of the specification.
        application: Its releases have objects, too; empty where it does not matter.
    """
    owners: defaultdict[str, dict[str, None]] = defaultdict(dict)  # a set that keeps the order
    for name in release_objects(application) if application else ():
        owners[name]["the release itself"] = None
    for component in components:
        for name in component_objects(component):
            owners[name][component["name"]] = None
    for name, found in owners.items():
        if len(found) > 1:
            kind, called = name.split("/")
            last = list(found)[-1]
            yield f"Component {last}: {' and '.join(found)} would each make {kind.partition('.')[0]}/{called}: rename {last}."
