# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defaults and argument_specs of the role services, which are generated from the folders of the services.

Ansible looks for both in fixed files; a service is a folder below roles/services/files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import yaml
from ansible_collections.plannoir.deploy.plugins.module_utils._services.catalogue import Service, load_services
from ansible_collections.plannoir.deploy.plugins.module_utils._services.forms import PROTOCOLS

from scripts.yaml_style import Plain

HEADING = "---\n# Written by `./bootstrap nox -s docs` from the folders in roles/services/files.\n"


class _Dumper(Plain):
    """Writes texts of several lines as blocks."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else '"' if "{{" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)


_Dumper.add_representer(str, _text)


def variables(service: Service) -> dict[str, Mapping[str, Any]]:
    """Return every variable of a service in the form of argument_specs: its own, and those that each service has."""
    prefix = f"services_{service.name}"
    embedded: Any = f"{{{{ {service.replaced_by} | default('', true) | length == 0 }}}}" if service.replaced_by else True
    return {
        f"{prefix}_embedded": {
            "description": "Whether it is deployed with the application.",
            "type": "bool",
            "default": embedded,
        },
        **service.options,
        f"{prefix}_connection": {
            "description": "What its forms are made of.",
            "type": "dict",
            "no_log": True,
            "default": {**service.connection, **{name: form["value"] for name, form in service.forms.items()}},
        },
        f"{prefix}_components": {
            "description": "The components that it consists of, each as in app_components.",
            "type": "list",
            "elements": "dict",
            "no_log": True,
            "default": service.components,
        },
    }


def defaults(services: Mapping[str, Service]) -> str:
    """Return defaults/main.yml."""
    used = {
        name: f"{{'components': services_{name}_components if services_{name}_embedded else [],\n"
        f"       'connection': services_{name}_connection}}"
        for name in services
    }
    rotation = {
        name: f"{{'names': {service.rotate},\n       'kept': {dict(service.keep)},\n       'embedded': services_{name}_embedded}}"
        for name, service in services.items()
        if service.rotate
    }
    parts = [
        HEADING,
        "# What is deployed: the application's components, then those of the services that it uses.\n"
        "services_components: >-\n"
        "  {{ app_components\n"
        "     | plannoir.deploy.with_services(services_used, images_registry | default(''),\n"
        "                                     images_registry_credentials | default({}),\n"
        "                                     {'node_selector': cluster_node_selector | default({}),\n"
        "                                      'tolerations': cluster_tolerations | default([]),\n"
        "                                      'storage_class': cluster_storage_class | default('')}) }}\n",
        "# Service to its components, none where a service of your own takes its place, and what its forms are made of.\n"
        + _merged("services_used", used),
        "# Service to what a rotation gives new values, and what it keeps.\n" + _merged("services_rotation", rotation),
    ]
    for service in services.values():
        values = {name: option["default"] for name, option in variables(service).items() if "default" in option}
        parts.append(f"# ---- {service.short_description}\n{_dump(values)}")
    return "\n".join(parts)


def _merged(variable: str, values: Mapping[str, str]) -> str:
    """Return a variable that holds an expression's value by service; Jinja looks into those of the services only that are used."""
    lines = [
        f"     | combine({{'{name}': {expression}}}\n               if '{name}' in app_services | default([]) else {{}})"
        for name, expression in values.items()
    ]
    return "\n".join([f"{variable}: >-", "  {{ {}", *lines]) + " }}\n"


def argument_specs(services: Mapping[str, Service]) -> str:
    """Return meta/argument_specs.yml: an entry point for each service, without the components' whole text."""
    entry_points = {}
    for name, service in services.items():
        options = variables(service)
        for variable in (f"services_{name}_connection", f"services_{name}_components"):
            options[variable] = {key: value for key, value in options[variable].items() if key != "default"}
        description = [*service.description, "A component takes it in one of these forms.", *_forms(service)]
        entry_points[name] = {"short_description": service.short_description, "description": description, "options": options}
    return HEADING + _dump({"argument_specs": entry_points})


def _forms(service: Service) -> list[str]:
    """Return a sentence for each form of a service."""
    says = {name: form.says for name, form in PROTOCOLS.get(service.protocol, {}).items()}
    says |= {name: form["says"] for name, form in service.forms.items()}
    return [f"V({name}) - {text}{' (secret_env)' if service.is_secret(name) else ''}." for name, text in says.items()]


def _dump(content: Mapping[str, Any]) -> str:
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=140, allow_unicode=True)


FILES: dict[str, Callable[[], str]] = {
    "roles/services/defaults/main.yml": lambda: defaults(load_services()),
    "roles/services/meta/argument_specs.yml": lambda: argument_specs(load_services()),
}
"""Each file that is written from the folders, and what it should hold."""
