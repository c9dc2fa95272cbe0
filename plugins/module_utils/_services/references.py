# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that a component's environment names: ``{from: postgresql, as: libpq}`` becomes the text and all that belongs to it.

What belongs to it is the way there (``connects_to``), the certificate of the service's authority, and the variables with which the client
finds that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._component.checks import JOBS
from .forms import CA_FILE, PROTOCOLS, written

if TYPE_CHECKING:
    from .catalogue import Service

ENVIRONMENTS = ("env", "secret_env")

Used = Mapping[str, Mapping[str, Any]]
"""Service that is used -> its ``components``, none where a service of the person's own takes its place, and its ``connection``."""


def resolved(component: Mapping[str, Any], used: Used, services: Mapping[str, Service]) -> Mapping[str, Any]:
    """Return a component in which each reference to a service is the text that it stands for.

    A migration has the owner's login in what it takes from its component as well, unless it names the service itself.

    Args:
        component: As ``app_components`` gives it.
        used: What is known of each service.
        services: As ``load_services`` returns them.

    Raises:
        ValueError: There is no such service or form; the message names the place.
    """
    named = [str(reference.get("from")) for _part, _option, _key, reference in references(component)]
    if not named:
        return component
    result = {**component, **_environments(component, used, services, str(component.get("name")), owner_login=False)}
    for job in JOBS:
        if isinstance(own := component.get(job), Mapping):
            given = own if job != "migration" else _with_inherited(own, component)
            where = f"{component.get('name')}.{job}"
            found = _environments(given, used, services, where, owner_login=job == "migration")
            result[job] = {**own, **{option: _own_alone(values, own.get(option), result.get(option)) for option, values in found.items()}}
    authorities = [str(used[name]["connection"]["ca"]).strip() for name in dict.fromkeys(named) if used[name]["connection"].get("ca")]
    if authorities:
        result["config_files"] = {CA_FILE: "".join(f"{ca}\n" for ca in authorities), **(component.get("config_files") or {})}
    if isinstance(targets := component.get("connects_to"), list):
        result["connects_to"] = list(dict.fromkeys([*targets, *named]))
    return result


def references(component: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    """Yield each reference of a component: which part of it (empty, or a Job), ``env`` or ``secret_env``, the variable, the reference."""
    for part in ("", *JOBS):
        owner = component.get(part) if part else component
        for option in ENVIRONMENTS:
            values = owner.get(option) if isinstance(owner, Mapping) else None
            for key, value in values.items() if isinstance(values, Mapping) else ():
                if isinstance(value, Mapping):
                    yield part, option, str(key), value


def reference_problems(
    components: Sequence[Any], names: Sequence[str], services: Mapping[str, Service], place: Callable[[object], str]
) -> Iterator[str]:
    """Name the references to what there is not, a sentence each.

    Args:
        components: ``app_components``.
        names: ``app_services``.
        services: As ``load_services`` returns them.
        place: Says where a key was written.
    """
    for index, component in enumerate(components):
        if not isinstance(component, Mapping):
            continue
        for part, option, key, reference in references(component):
            if not reference.keys() >= {"from", "as"}:  # it is named where the options are
                continue
            owner = component[part] if part else component
            written_at = next((where for name in owner[option] if name == key and (where := place(name))), "")
            label = f"app_components[{index}] ({component.get('name')}).{f'{part}.' if part else ''}{option}.{key}"
            label += f" ({written_at})" if written_at else ""
            if problem := _problem(reference, option, names, services):
                yield f"{label} {problem}"


def _problem(reference: Mapping[str, Any], option: str, names: Sequence[str], services: Mapping[str, Service]) -> str:
    """Return what is wrong with a reference, as the rest of a sentence."""
    name, form = reference["from"], reference["as"]
    if name not in names:
        known = f"app_services names {', '.join(names)}" if names else "app_services names none"
        remedy = "add it there" if name in services else f"the services that there are: {', '.join(services)}"
        return f"takes a value from {name}, and {known}: {remedy}."
    service = services.get(name)
    if not service:  # it is named where app_services is
        return ""
    if form not in service.form_names:
        return f"takes {form} from {name}, which has no such form: take one of {', '.join(service.form_names)}."
    if option == "env" and service.is_secret(form):
        return f"takes {form} from {name}, in which a credential stands, and env is for what everybody may read: move it to secret_env."
    wanted = next((word for word in ("direct", "owner") if reference.get(word) and word not in service.connection), "")
    return f"asks {name} for {wanted}, which it has not: take {wanted} out." if wanted else ""


def _with_inherited(migration: Mapping[str, Any], component: Mapping[str, Any]) -> dict[str, Any]:
    """Return a migration's environments with the references that it takes from its component."""
    named = {reference.get("from") for part, _option, _key, reference in references({"migration": migration}) if part}
    taken = {key for option in ENVIRONMENTS for key in migration.get(option) or {}}
    inherited: dict[str, dict[str, Any]] = {option: {} for option in ENVIRONMENTS}
    for part, option, key, reference in references(component):
        if not part and key not in taken and reference.get("from") not in named:
            inherited[option][key] = reference
    return {option: {**inherited[option], **(migration.get(option) or {})} for option in ENVIRONMENTS}


def _own_alone(values: Mapping[str, Any], own: Any, components: Any) -> dict[str, Any]:
    """Return what of a Job's environment it does not have from its component anyway."""
    own, components = own or {}, components or {}
    return {key: value for key, value in values.items() if key in own or key not in components or components[key] != value}


def _environments(
    owner: Mapping[str, Any], used: Used, services: Mapping[str, Service], where: str, *, owner_login: bool
) -> dict[str, dict[str, Any]]:
    result: dict[str, dict[str, Any]] = {}
    beside: dict[str, str] = {}
    for option in ENVIRONMENTS:
        values = owner.get(option)
        if not isinstance(values, Mapping):
            continue
        result[option] = dict(values)
        for key, reference in values.items():
            if isinstance(reference, Mapping):
                result[option][key], variables = _text(reference, used, services, f"{where}.{option}.{key}", owner=owner_login)
                beside.update(variables)
    given = {key for values in result.values() for key in values}
    if added := {key: value for key, value in beside.items() if key not in given}:
        result["env"] = {**result.get("env", {}), **added}
    return result


def _text(
    reference: Mapping[str, Any], used: Used, services: Mapping[str, Service], where: str, *, owner: bool
) -> tuple[str, dict[str, str]]:
    if problem := _problem({"from": None, "as": None, **reference}, "secret_env", list(used), services):
        raise ValueError(f"{where} {problem}")
    name, form = reference["from"], reference["as"]
    service, connection = services[name], used[name]["connection"]
    if form in service.forms:
        return connection[form], {}
    which = "owner" if owner or reference.get("owner") else "direct" if reference.get("direct") else "url"
    return written(PROTOCOLS[service.protocol][form], connection, which)
