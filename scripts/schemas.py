# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From argument specs with named formats to JSON schemas: of what a person writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]
Options: TypeAlias = Mapping[str, Mapping[str, Any]]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
JINJA = {"description": "A template, whose result is checked when it is deployed.", "type": "string", "pattern": "\\{[{%]"}
TYPES: dict[str, list[str]] = {
    "str": ["string", "number", "boolean"],
    "path": ["string"],
    "int": ["integer"],
    "float": ["number"],
    "bool": ["boolean"],
    "list": ["array"],
    "dict": ["object"],
}
"""What Ansible takes for each type. YAML 1.1 reads yes and no as booleans, an editor's YAML 1.2 as text: write true and false."""


def app_schema(variables: Options, specification: Mapping[str, Options]) -> Schema:
    """Return the schema of a person's app.yml.

    Args:
        variables: Argument specs of the documented variables, app_components among them.
        specification: ``formats`` and ``options`` of a component.
    """
    component = {"$ref": "#/$defs/component"}
    properties = {name: _written(spec) for name, spec in variables.items() if name != "app_components"}
    text = description(variables["app_components"])
    properties["app_components"] = {"description": text, **_or_jinja({"type": "array", "items": _or_jinja(component)})}
    return {
        "$schema": DIALECT,
        "title": "What is deployed",
        "type": "object",
        "properties": properties,
        # Any other variable is the person's own. One that looks like a component is one, for app_components to name.
        "additionalProperties": {"if": {"type": "object", "required": ["name", "port"]}, "then": component},
        "$defs": {
            "jinja": JINJA,
            **{name: format_schema(spec) for name, spec in specification["formats"].items()},
            "component": _object(specification["options"]),
        },
    }


def format_schema(spec: Mapping[str, Any]) -> Schema:
    """Return the schema of a named format."""
    if "pattern" in spec:
        return {"description": spec["says"], "type": "string", "pattern": f"^(?:{spec['pattern']})$"}
    return {"type": "integer", **spec}


def constraints(spec: Mapping[str, Any]) -> Schema:
    """Return the conditions that stand beside the options of a dictionary: which of them exclude each other."""
    for names in spec.get("mutually_exclusive", []):
        if names in spec.get("required_one_of", []):
            return {"oneOf": [{"required": [name]} for name in names]}
    return {}


def description(spec: Mapping[str, Any]) -> str:
    """Return the text of an option, without Ansible's markup."""
    text = spec["description"]
    return re.sub(r"\b[A-Z]\(([^)]*)\)", r"\1", text if isinstance(text, str) else " ".join(text))


def _object(options: Options, spec: Mapping[str, Any] | None = None) -> Schema:
    required = [name for name, option in options.items() if option.get("required")]
    return {
        "type": "object",
        "additionalProperties": False,
        **({"required": required} if required else {}),
        **constraints(spec or {}),
        "properties": {name: _written(option) for name, option in options.items()},
    }


def _written(spec: Mapping[str, Any]) -> Schema:
    """Return the schema of an option's value as a person may write it."""
    extra: Schema = {"description": description(spec)} if "description" in spec else {}
    if spec.get("default") is not None:
        extra["default"] = spec["default"]
    return {**extra, **_or_jinja(_value(spec), optional=not spec.get("required"))}


def _value(spec: Mapping[str, Any]) -> Schema:
    kind = spec["type"]
    if "choices" in spec:
        return {"enum": spec["choices"]}
    if kind == "list":
        return {"type": "array", "items": _or_jinja(_value({**spec, "type": spec.get("elements", "str")}))}
    if kind == "dict" and spec.get("options"):
        return _object(spec["options"], spec)
    if kind == "dict":
        keys = {"propertyNames": {"$ref": f"#/$defs/{spec['keys']}"}} if "keys" in spec else {}
        return {"type": "object", **keys}
    if "format" in spec:
        return {"$ref": f"#/$defs/{spec['format']}"}
    return {"type": TYPES[kind]} if kind in TYPES else {}


def _or_jinja(schema: Schema, *, optional: bool = False) -> Schema:
    if "string" in schema.get("type", []):
        return {"type": [*schema["type"], "null"]} if optional else schema
    return {"anyOf": [schema, {"$ref": "#/$defs/jinja"}, *([{"type": "null"}] if optional else [])]}
