# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a release's objects are no longer what Helm made of them: deleted or edited by hand.

Only what the manifest in Helm's record sets is compared, as the API server normalises it: defaults, and fields or elements of somebody
else, are no difference. Where nothing can be somebody else's (a selector, one variable, a NetworkPolicy), something added is an edit, too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .._component.quantities import amount
from .._core.cluster import reference
from .attempt import Object
from .records import Record

MERGE_KEYS = {
    "containers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
"""Lists whose elements Kubernetes tells apart by these fields (patchMergeKey in its Go types); every other list is one value."""

ENTIRE_KINDS = frozenset({"NetworkPolicy", "PodDisruptionBudget"})
ENTIRE_FIELDS = frozenset({"selector", "podSelector", "matchLabels", "valueFrom"})
ENTIRE_ELEMENTS = frozenset({"env", "volumes"})
"""Where nothing is somebody else's: one more label selects less, one more rule allows more, and a variable or volume has one source."""

HANDLERS = frozenset({"startupProbe", "livenessProbe", "readinessProbe", "preStop", "postStart"})
ALTERNATIVES = frozenset({"httpGet", "exec", "tcpSocket", "grpc", "sleep"})
"""Fields of which a probe or a hook of a container has one."""

DEFAULTS = {"protocol": "TCP"}
"""What the API server adds where nothing is somebody else's."""

AUTOSCALERS = "horizontalpodautoscalers.autoscaling"

HIDDEN = frozenset({"env", "data", "command", "args", "annotations", "exec"})
"""Fields whose values are not shown: a credential may stand in them."""


class Difference(NamedTuple):
    """A field that is not as it should be."""

    path: str
    found: Any
    wanted: Any


@dataclass(frozen=True)
class Drift:
    """An object of a release that was deleted or edited by hand."""

    wanted: Object
    restored: dict[str, Any] | None
    """The live object with what we set put back, and everything else in it as it is; nothing where it is gone."""
    differences: Sequence[Difference] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Kind and name."""
        return _name(self.wanted)

    @property
    def lost_data(self) -> bool:
        """Whether it is a claim that is gone, so that what needs its data has to be set up again."""
        return self.restored is None and self.wanted["kind"] == "PersistentVolumeClaim"

    def __str__(self) -> str:
        fields = ", ".join(difference.path for difference in self.differences)
        return f"{self.name} was deleted" if self.restored is None else f"{self.name} was edited ({fields})"


def drift(
    records: Sequence[Record],
    objects: Iterable[Object],
    autoscalers: Callable[[], Iterable[Object]],
    looked_for: Collection[str] | None = None,
) -> list[Drift]:
    """Compare a release's objects with its newest record, as ``compared`` does.

    Args:
        records: Newest first; a release that is not deployed has to be recovered first and is not compared.
    """
    deployed = records and records[0].status == "deployed"
    return compared(records[0], objects, autoscalers, looked_for) if deployed else []


def compared(
    record: Record,
    objects: Iterable[Object],
    autoscalers: Callable[[], Iterable[Object]],
    looked_for: Collection[str] | None = None,
) -> list[Drift]:
    """Compare objects with a revision of their release.

    Args:
        record: The revision.
        objects: What is there of its objects.
        autoscalers: Asks for the HorizontalPodAutoscalers, where a number of replicas differs: they own the number that they set.
        looked_for: References of what is among ``objects`` if it is there, as ``reference`` returns them; nothing for all.
    """
    live = {_name(item): item for item in objects}
    ours = manifest_objects(record.manifest)
    least = {_target(item): item["spec"]["minReplicas"] for item in ours if item["kind"] == "HorizontalPodAutoscaler"}
    wanted = [_begun(item, live.get(_name(item)), least) for item in ours if looked_for is None or reference(item) in looked_for]
    pairs = [(item, live.get(_name(item))) for item in wanted]
    found = [entry for one, other in pairs for entry in _compare(one, other)]
    if any(map(_is_scaled, found)):
        scaled = {*map(_target, autoscalers())} - least.keys()
        found = [entry for one, other in pairs for entry in _compare(one, other, autoscaled=_name(one) in scaled)]
    return found


def manifest_objects(manifest: str) -> list[dict[str, Any]]:
    """Return the objects in a manifest of Helm's, which holds no hooks."""
    # Ansible comes with it, but ansible-test imports modules without it.
    import yaml

    return [item for item in yaml.load_all(manifest, getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if item]


def reported(entries: Iterable[Drift]) -> dict[str, Any]:
    """Return what a run hands on and shows: a sentence for each object, whether data is lost, and both sides of a diff."""
    entries = list(entries)
    gone = {entry.name for entry in entries if entry.restored is None}
    edited = [entry for entry in entries if entry.name not in gone]
    return {
        "objects": list(map(str, entries)),
        "lost_data": any(entry.lost_data for entry in entries),
        "before": {entry.name: {each.path: each.found for each in entry.differences} for entry in edited},
        "after": {entry.name: {each.path: each.wanted for each in entry.differences} for entry in edited}
        | dict.fromkeys(gone, "made again"),
    }


def drifted_releases(names: Sequence[str], drift: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return the releases that are deployed again.

    Args:
        names: All releases, in the order of deployment.
        drift: Release -> what ``reported`` returns of it, if anything. A claim that is gone takes the data of later migrations with it.
    """
    lost = next((place for place, name in enumerate(names) if drift.get(name, {}).get("lost_data")), len(names))
    return {name for place, name in enumerate(names) if drift.get(name) or place > lost}


def _name(item: Object) -> str:
    return f"{item['kind']} {item['metadata']['name']}"


def _target(autoscaler: Object) -> str:
    target = autoscaler["spec"]["scaleTargetRef"]
    return f"{target['kind']} {target['name']}"


def _begun(wanted: Object, live: Object | None, least: Mapping[str, int]) -> Object:
    """Return what is wanted of an object, with a number of replicas where ours were set to 0 by hand: that stops an autoscaler for good."""
    if live is None or _name(wanted) not in least or live["spec"].get("replicas") != 0:
        return wanted
    return {**wanted, "spec": {**wanted["spec"], "replicas": least[_name(wanted)]}}


def _is_scaled(entry: Drift) -> bool:
    return entry.wanted["kind"] == "Deployment" and any(each.path == "spec.replicas" for each in entry.differences)


def _compare(wanted: Object, live: Object | None, *, autoscaled: bool = False) -> list[Drift]:
    is_claim = wanted["kind"] == "PersistentVolumeClaim"
    if live is None or (live["metadata"].get("deletionTimestamp") and not is_claim):
        return [Drift(wanted, None)]
    merge, restored = _Merge(wanted["kind"]), dict(live)
    for key, value in wanted.items():
        if key == "metadata":
            own = {part: value[part] for part in ("labels", "annotations") if value.get(part)}
            restored[key] = merge.merge(own, live[key], (key,))
        elif key == "spec" and autoscaled:
            own = {part: content for part, content in value.items() if part != "replicas"}
            restored[key] = merge.merge(own, live[key], (key,))
        # Neither size nor class of a claim can be put back.
        elif not is_claim:
            restored[key] = merge.merge(value, live.get(key), (key,))
    return [Drift(wanted, restored, merge.found)] if merge.found else []


class _Merge:
    """Puts what we set into a live object, and notes where that changed something."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self.found: list[Difference] = []

    def merge(self, wanted: Any, live: Any, path: tuple[str, ...]) -> Any:
        """Return ``live`` with what is wanted in it; the very same where it is as it should be."""
        if isinstance(wanted, Mapping) and isinstance(live, Mapping):
            return self._object(wanted, live, path)
        if isinstance(wanted, list) and isinstance(live, list):
            keys = MERGE_KEYS.get(path[-1])
            return self._elements(wanted, live, path, keys) if keys else self._list(wanted, live, path)
        if not _is_same(wanted, live, path):
            self._note(path, live, wanted)
            return wanted
        return live

    def _object(self, wanted: Mapping[str, Any], live: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
        result = {key: value for key, value in live.items() if key in wanted or not self._contradicts(key, value, wanted, path)}
        for key in live.keys() - result.keys():
            self._note((*path, key), live[key], None)
        for key, value in wanted.items():
            if key in live:
                result[key] = self.merge(value, live[key], (*path, key))
            elif value is not None:
                result[key] = value
                # The API server leaves out what is empty, but not what is false: those fields of ours are pointers in its types.
                if value is False or value not in ("", [], {}, 0):
                    self._note((*path, key), None, value)
        return result

    def _contradicts(self, key: str, value: Any, wanted: Mapping[str, Any], path: tuple[str, ...]) -> bool:
        """Tell whether a field that we do not set undoes what we set."""
        if self._is_entire(path):
            return key not in DEFAULTS or DEFAULTS[key] != value
        if path[-1] == "strategy":
            return key == "rollingUpdate" and wanted.get("type") == "Recreate"
        if path[-1] in HANDLERS:
            return key in ALTERNATIVES and not ALTERNATIVES.isdisjoint(wanted)
        # A Deployment that is paused keeps its old pods, whatever is deployed.
        return self._kind == "Deployment" and path == ("spec",) and key == "paused" and value is True

    def _is_entire(self, path: tuple[str, ...]) -> bool:
        if self._kind in ENTIRE_KINDS:
            return path[0] == "spec"
        return path[-1] in ENTIRE_FIELDS or (path[-1].startswith("[") and path[-2] in ENTIRE_ELEMENTS)

    def _elements(self, wanted: list[Any], live: list[Any], path: tuple[str, ...], keys: tuple[str, ...]) -> list[Any]:
        def identity(item: Mapping[str, Any]) -> tuple[Any, ...]:
            return tuple(item.get(key) for key in keys)

        own = {identity(item): item for item in wanted}
        there = {identity(item) for item in live}
        result = [
            self.merge(own[identity(item)], item, (*path, f"[{identity(item)[0]}]")) if identity(item) in own else item for item in live
        ]
        for key, item in own.items():
            if key not in there:
                self._note((*path, f"[{key[0]}]"), None, item)
                result.append(item)
        return result

    def _list(self, wanted: list[Any], live: list[Any], path: tuple[str, ...]) -> list[Any]:
        trial = _Merge(self._kind)
        if len(wanted) == len(live):
            for one, other in zip(wanted, live, strict=True):
                trial.merge(one, other, (*path, "[]"))
            if not trial.found:
                return live
        self._note(path, live, wanted)
        return wanted

    def _note(self, path: tuple[str, ...], found: Any, wanted: Any) -> None:
        if not HIDDEN.isdisjoint(path):
            found, wanted = (None if value is None else "(not shown)" for value in (found, wanted))
        self.found.append(Difference(".".join(path).replace(".[", "["), found, wanted))


def _is_same(wanted: Any, live: Any, path: tuple[str, ...]) -> bool:
    if wanted == live:
        return True
    if path[-1] != "sizeLimit" and path[-2:-1] not in (("requests",), ("limits",)):
        return False
    try:
        return amount(str(wanted)) == amount(str(live))
    except (KeyError, ValueError):  # no quantity
        return False
