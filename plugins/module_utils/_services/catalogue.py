# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backing services that ``app_services`` can name: each is a folder of the role services with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ansible.module_utils.common.yaml import yaml_load

from .._component.names import Rule
from .._core.references import registry as host_of
from .forms import PROTOCOLS
from .references import Used, references, resolved

FILES = Path(__file__).resolve().parents[3] / "roles/services/files"
"""Holds a folder for each service, and is the build context of their images."""


class Pooler(NamedTuple):
    """Hosts of a provider behind which a pooler answers, and not the PostgreSQL server.

    Attributes:
        domain: They are in it.
        suffix: The first label of each ends so.
        direct: Variable of the vault for the URL past the pooler.
    """

    domain: str
    suffix: str
    direct: str

    def has(self, host: str) -> bool:
        """Tell whether a host is one of them."""
        return host.partition(".")[0].endswith(self.suffix) and host.endswith(f".{self.domain}")


@dataclass(frozen=True)
class Credentials:
    """What is known of a service's credentials beyond that they are secret.

    Attributes:
        postgresql_urls: Variables of the vault that hold a PostgreSQL URL.
        poolers: Providers' poolers.
        keys: Domain -> how each key begins that is sent to a host in it.
        example_hosts: First labels, or beginnings of them, of hosts that stand in guides only.
    """

    postgresql_urls: frozenset[str] = frozenset()
    poolers: tuple[Pooler, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    example_hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Service:
    """A service as ``service.yml`` and ``vault.yml`` in its folder describe it.

    Attributes:
        name: Name of the folder.
        short_description: A title.
        description: Sentences.
        options: Its variables in the form of argument_specs, all called ``services_<name>_...``; the defaults may be templates.
        protocol: What it speaks, whose forms it then has; see ``forms.PROTOCOLS``.
        connection: What forms of its protocol are made of, as templates: ``url``, where there are such, ``direct`` (past a pooler) and
            ``owner`` (with the login that may change tables), and ``ca``, its authority's certificate.
        forms: Further forms, each with ``says``, ``value``, a template, and ``secret`` where that is a credential.
        components: What is deployed, each as in ``app_components``; a relative build context is relative to the role's files.
        vault: Its part of the vault's template; empty when it has no credentials.
        replaced_by: Variable of the vault that names a service of the person's own, with which nothing is deployed.
        tls_hosts: DNS names of the certificate in the vault.
        rotate: Variables of the vault that a rotation gives new values.
        keep: Variable of ``rotate`` -> the variable that keeps its old value for a while.
        public: Variables of the vault whose values everybody may read, such as the certificate of an authority.
        names: Variable of ``options`` -> what the name that it holds must look like.
        credentials: What is known of its credentials.
    """

    name: str
    short_description: str
    components: list[dict[str, Any]]
    description: list[str] = field(default_factory=list)
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    protocol: str = ""
    connection: Mapping[str, str] = field(default_factory=dict)
    forms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    vault: str = ""
    replaced_by: str = ""
    tls_hosts: list[str] = field(default_factory=list)
    rotate: list[str] = field(default_factory=list)
    keep: Mapping[str, str] = field(default_factory=dict)
    public: list[str] = field(default_factory=list)
    names: Mapping[str, Rule] = field(default_factory=dict)
    credentials: Credentials = Credentials()

    @property
    def component_names(self) -> list[str]:
        return [component["name"] for component in self.components]

    @property
    def form_names(self) -> list[str]:
        """The forms in which a component's environment can take it."""
        return [*PROTOCOLS.get(self.protocol, {}), *self.forms]

    def is_secret(self, form: str) -> bool:
        """Tell whether a credential stands in a form."""
        return bool(self.forms[form].get("secret")) if form in self.forms else PROTOCOLS[self.protocol][form].secret


def load_services(files: Path = FILES) -> dict[str, Service]:
    """Read every folder with a ``service.yml``; service by name."""
    return {path.parent.name: _load(path) for path in sorted(files.glob("*/service.yml"))}


def _load(path: Path) -> Service:
    content = yaml_load(path.read_text(encoding="utf-8"))
    vault = path.with_name("vault.yml")
    known = content.pop("credentials", {})
    credentials = Credentials(
        postgresql_urls=frozenset(known.get("postgresql_urls", ())),
        poolers=tuple(Pooler(**pooler) for pooler in known.get("poolers", ())),
        keys=known.get("keys", {}),
        example_hosts=tuple(known.get("example_hosts", ())),
    )
    names = {variable: Rule(**rule) for variable, rule in content.pop("names", {}).items()}
    text = vault.read_text(encoding="utf-8") if vault.is_file() else ""
    return Service(name=path.parent.name, vault=text, names=names, credentials=credentials, **content)


def with_services(
    components: Any,
    used: Used,
    registry: str = "",
    login: Mapping[str, str] | None = None,
    cluster: Mapping[str, Any] | None = None,
) -> Any:
    """Return what is deployed: the application's components, then those of the services that it uses.

    What the components' environments take from a service is put there; see ``references.resolved``. Where ``connects_to`` of a component
    names a service, the result names the service's components; one that has none, because a service of the person's own takes its place,
    lies outside. What is no list of components is returned as it is.

    Args:
        components: As ``app_components`` gives them.
        used: What is known of each service.
        registry: Where what is built is pushed to; empty where it is built in the node.
        login: ``username`` and ``password`` for that registry: they become the ``pull_credentials`` of what is built.
        cluster: ``node_selector``, ``tolerations`` and ``storage_class`` of each component that does not say otherwise.

    Raises:
        ValueError: A component takes a value from a service, or in a form, that there is not.
    """
    if not isinstance(components, list):
        return components
    own = [component for parts in used.values() for component in parts["components"]]
    taking = [component for component in components if isinstance(component, Mapping) and any(references(component))]
    services = load_services() if taking else {}
    result = [resolved(component, used, services) if component in taking else component for component in components]
    deployed = [*(_connected(component, used) for component in result), *map(_with_context, own)]
    deployed = [_placed(component, cluster or {}) for component in deployed]
    if not registry or not login:
        return deployed
    pull = {**login, "registry": host_of(f"{registry}/x")}
    return [
        {**component, "pull_credentials": pull}
        if isinstance(component, Mapping) and component.get("build") and not component.get("pull_credentials")
        else component
        for component in deployed
    ]


def _connected(component: Any, used: Used) -> Any:
    targets = component.get("connects_to") if isinstance(component, Mapping) else None
    if not isinstance(targets, list) or not used.keys() & {target for target in targets if isinstance(target, str)}:
        return component
    parts = {name: [part["name"] for part in service["components"]] for name, service in used.items()}
    names = [name for target in targets for name in parts.get(target, [target])]
    outside = any(target in parts and not parts[target] for target in targets)
    return {**component, "connects_to": list(dict.fromkeys(names)), **({"outside": True} if outside else {})}


def _placed(component: Any, cluster: Mapping[str, Any]) -> Any:
    if not isinstance(component, Mapping):
        return component
    given = {option: cluster[option] for option in ("node_selector", "tolerations") if cluster.get(option) and option not in component}
    volume = component.get("persistence")
    if cluster.get("storage_class") and isinstance(volume, Mapping) and not volume.get("storage_class"):
        given["persistence"] = {**volume, "storage_class": cluster["storage_class"]}
    return {**component, **given}


def _with_context(component: Mapping[str, Any]) -> dict[str, Any]:
    build = component.get("build")
    return {**component, "build": {**build, "context": str(FILES / build["context"])}} if build else dict(component)


def service_problems(names: Sequence[str], components: Sequence[Mapping[str, Any]], services: Mapping[str, Service]) -> Iterator[str]:
    """Name the services that there are not, and the components that are called like a service, or a part of one, that is used.

    Args:
        names: ``app_services``.
        components: ``app_components``.
        services: As ``load_services`` returns them.
    """
    for name in names:
        if name not in services:
            yield f"app_services names {name}, which is no service: take one of {', '.join(services)}, or describe it in app_components."
    for service in (services[name] for name in names if name in services):
        for component in components:
            if component.get("name") in {service.name, *service.component_names}:
                yield f"Component {component['name']}: the service {service.name} is called so, or a part of it: rename the component."
