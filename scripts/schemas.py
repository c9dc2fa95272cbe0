# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From argument specs with named formats to JSON schemas: of what a person writes, and of the chart's values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import camel_case

Schema: TypeAlias = dict[str, Any]
Options: TypeAlias = Mapping[str, Mapping[str, Any]]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
JINJA = {"description": "A template, whose result is checked when it is deployed.", "type": "string", "pattern": "\\{[{%]"}
CHART_ONLY: Schema = {
    "pullSecret": {
        "description": "Login to the image's registry, of the type kubernetes.io/dockerconfigjson.",
        "$ref": "#/$defs/secretName",
    },
    "migrationSources": {
        "description": "Digest of what the migration runs from, which the next deployment compares with its own.",
        "type": "string",
    },
    "global": {"description": "Helm hands the global values to every subchart.", "$ref": "#/$defs/global"},
    "network": {
        "description": "Who may connect, by app.kubernetes.io/name, and where to: to these components, without `to` anywhere.",
        "type": "object",
        "additionalProperties": False,
        "required": ["from", "outside"],
        "properties": {
            "from": {"type": "array", "items": {"type": "string"}},
            "to": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["name", "port"],
                    "properties": {"name": {"$ref": "#/$defs/component_name"}, "port": {"$ref": "#/$defs/port"}},
                },
            },
            "outside": {"description": "Whether addresses outside of the application are open.", "type": "boolean"},
        },
    },
}
"""What the release role works out, and no person writes."""

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
    given = {name: {"not": {"type": "null"}} for name in ("replicas", "autoscale")}
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
            "reference": _object(specification["options"]["env"]["reference"]),
            "component": {**_object(specification["options"]), "not": {"required": [*given], "properties": given}},
        },
    }


def chart_schema(specification: Mapping[str, Options], subcharts: Sequence[str]) -> Schema:
    """Return the schema of the umbrella chart's values.

    Args:
        specification: ``formats`` and ``options`` of a component.
        subcharts: Those that are a component each.
    """
    component = _chart_object(specification["options"])
    component["required"] = [*filter("replicas".__ne__, component["required"]), "image", "network"]
    component["anyOf"] = [{"required": [name]} for name in ("replicas", "autoscale")]
    component["properties"] |= CHART_ONLY
    return {
        "$schema": DIALECT,
        "title": "Components of an application",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "global": {"$ref": "#/$defs/global"},
            "tags": {"description": "Turns subcharts on and off.", "type": "object", "additionalProperties": {"type": "boolean"}},
            "component": {"description": "The library chart; it takes no values.", "type": "object"},
            **{name: {"$ref": "#/$defs/component"} for name in subcharts},
            "components": {
                "description": "Components by name.",
                "type": "object",
                "propertyNames": {"$ref": "#/$defs/component_name"},
                "additionalProperties": {"$ref": "#/$defs/component"},
            },
        },
        "$defs": {
            "global": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"chartDigest": {"description": "Digest of the chart's files.", "type": "string"}},
            },
            "secretName": {"description": "A Secret in the namespace.", "type": "string", "minLength": 1, "maxLength": 253},
            **{name: format_schema(spec) for name, spec in specification["formats"].items()},
            "component": {
                **component,
                "if": {"required": ["persistence"]},
                "then": {"properties": {"replicas": {"maximum": 1}, "autoscale": False}},
            },
        },
    }


def share(schema: Schema) -> Schema:
    """Return the schema with each object that occurs several times as a definition, named after the options that are such an object."""
    found: dict[str, list[str]] = {}
    _look_for_objects(schema, "", found)
    several = {text: "_".join(dict.fromkeys(names)) for text, names in found.items() if len(names) > 1}
    definitions = {name: json.loads(text) for text, name in several.items()}
    result: Schema = _with_references(schema, several)
    result["$defs"] |= {name: {key: _with_references(item, several) for key, item in value.items()} for name, value in definitions.items()}
    return result


def _look_for_objects(schema: Any, name: str, found: dict[str, list[str]]) -> None:
    for key, item in schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ():
        _look_for_objects(item, name if key in ("anyOf", "items") or isinstance(key, int) else key, found)
    if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
        found.setdefault(_without_text(schema), []).append(name)


def _with_references(schema: Any, names: Mapping[str, str]) -> Any:
    if isinstance(schema, list):
        return [_with_references(item, names) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("properties"), dict) and (name := names.get(_without_text(schema))):
        return {key: schema[key] for key in ("description",) if key in schema} | {"$ref": f"#/$defs/{name}"}
    return {key: _with_references(item, names) for key, item in schema.items()}


def _without_text(schema: Schema) -> str:
    return json.dumps({key: item for key, item in schema.items() if key != "description"})


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
        schema: Schema = {"type": "object"}
        if "keys" in spec:
            schema["propertyNames"] = {"$ref": f"#/$defs/{spec['keys']}"}
        if "reference" in spec:
            schema["additionalProperties"] = {"anyOf": [{"type": [*TYPES["str"], "null"]}, {"$ref": "#/$defs/reference"}]}
        return schema
    if "format" in spec:
        return {"$ref": f"#/$defs/{spec['format']}"}
    return {"type": TYPES[kind]} if kind in TYPES else {}


def _or_jinja(schema: Schema, *, optional: bool = False) -> Schema:
    if "string" in schema.get("type", []):
        return {"type": [*schema["type"], "null"]} if optional else schema
    return {"anyOf": [schema, {"$ref": "#/$defs/jinja"}, *([{"type": "null"}] if optional else [])]}


def _chart_object(options: Options, spec: Mapping[str, Any] | None = None) -> Schema:
    given = {camel_case(name): option for name, option in options.items() if option.get("chart", True)}
    properties = {name: {"description": description(option), **_chart_value(option)} for name, option in given.items()}
    secret = [name for name, option in given.items() if option.get("no_log")]
    if secret:
        properties["secretName"] = {"$ref": "#/$defs/secretName"}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name, option in given.items() if _always_there(option)],
        **constraints(spec or {}),
        **({"dependentRequired": {name: ["secretName"] for name in secret}} if secret else {}),
        "properties": properties,
    }


def _always_there(option: Mapping[str, Any]) -> bool:
    """Tell whether a component always has a value for the option that is not empty: it is required, or has a default."""
    if option.get("required"):
        return True
    default = option.get("default")
    if option["type"] == "dict":
        return default is not None and any(map(_always_there, option.get("options", {}).values()))
    return option["type"] != "list" and default not in (None, "")


def _chart_value(spec: Mapping[str, Any]) -> Schema:
    kind = spec["type"]
    if "choices" in spec:
        return {"enum": spec["choices"]}
    if kind == "list":
        return {"type": "array", "items": _chart_value({**spec, "type": spec["elements"]})}
    if kind == "dict" and spec.get("options"):
        return _chart_object(spec["options"], spec)
    if kind == "dict" and spec.get("no_log"):
        return {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"$ref": f"#/$defs/{spec['keys']}"}}
    if kind == "dict":
        return {"type": "object", "propertyNames": {"$ref": f"#/$defs/{spec['keys']}"}, "additionalProperties": {"type": "string"}}
    if "format" in spec:
        return {"$ref": f"#/$defs/{spec['format']}"}
    return {"type": {"str": "string", "int": "integer", "bool": "boolean"}[kind]}
