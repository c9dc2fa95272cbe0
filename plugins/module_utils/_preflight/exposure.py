# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials where others can read them: a vault's value outside of Secrets, and what a web framework hands to every browser."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from .._component.specification import OPTIONS
from .._core.texts import text as as_text
from .._secrets.matcher import Matcher
from .._secrets.ordinary import is_ordinary
from .._secrets.parts import NAME, SHORTEST
from .._secrets.spellings import as_bytes, secrets_of
from .credentials import Values, named_values, plain_values

SHORTEST_WHOLE = 6
"""Characters: a shorter value of the vault equals another text by chance; below ``SHORTEST``, only a whole text is compared."""

BROWSER = {
    "NEXT_PUBLIC_": "Next.js",
    "VITE_": "Vite",
    "REACT_APP_": "Create React App",
    "VUE_APP_": "Vue CLI",
    "GATSBY_": "Gatsby",
    "EXPO_PUBLIC_": "Expo",
    "NG_APP_": "Angular",
}
"""Beginnings of variables that a framework writes into what browsers load, when it is built."""

AT_RUN_TIME = {"NUXT_PUBLIC_": "Nuxt"}
"""Those of frameworks that read them when the process starts."""


def exposed_problems(components: Iterable[Mapping[str, Any]], vault: Mapping[str, str], public: Collection[str]) -> Iterator[str]:
    """Name the options that are no Secret and hold a value of the vault, as it is or in another spelling.

    What is too common to be told from chance is not looked for: see ``_secrets.ordinary``.

    Args:
        components: As ``load_components`` returns them.
        vault: Variable -> value, of all that the vault holds.
        public: Variables of it whose values everybody may read.
    """
    hidden = {name: value for name, value in vault.items() if re.split(r"[.[]", name)[0] not in public}
    secrets, _notes = secrets_of(hidden)
    short = {value: name for name, value in hidden.items() if SHORTEST_WHOLE <= len(value) < SHORTEST and not is_ordinary(name, value)}
    texts = [found for component in components for found in public_texts(component)]
    matcher = Matcher(secrets)
    found_any = bool(secrets and matcher.search(as_bytes("\n".join(text for _name, text in texts))))
    for name, text in texts:
        found = {secret.label for secret, _spelling in matcher.search(as_bytes(text))} if found_any else set()
        found |= {short[text.strip()]} if text.strip() in short else set()
        if labels := sorted(label for label in found if NAME.sub("", label) not in found - {label}):
            where = "the history of the image" if ".build.args." in name else "Helm's records and the description of the pod"
            yield (
                f"{name} holds the value of {' and '.join(labels)}, which {where} would show: move it to secret_env, "
                f"or name {'the variable' if len(labels) == 1 else 'them'} in app_public_values if everybody may read it."
            )


def public_texts(component: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name (``component.option``) and the text of everything in a component that is not hidden from outputs."""
    yield from _texts(OPTIONS, component, component["name"])


def _texts(spec: Mapping[str, Mapping[str, Any]], value: Mapping[str, Any], where: str) -> Iterator[tuple[str, str]]:
    for option, definition in spec.items():
        item, name = value.get(option), f"{where}.{option}"
        if definition.get("no_log") or item is None:
            continue
        for index, element in enumerate(item if isinstance(item, list) else [item]):
            place = f"{name}[{index}]" if isinstance(item, list) else name
            if definition.get("options"):
                yield from _texts(definition["options"], element, place)
            elif isinstance(element, Mapping):
                yield from ((f"{place}.{key}", as_text(text)) for key, text in element.items() if text is not None)
            else:
                yield place, as_text(element)


def browser_problems(secrets: Values, accepted: Collection[str]) -> Iterator[str]:
    """Name the secret variables that a framework hands to every browser."""
    for name, kind, key, _value in named_values(secrets):
        framework = _framework(key, {**BROWSER, **AT_RUN_TIME})
        if framework and kind != "files" and name not in accepted:
            how = "build.args" if _framework(key, BROWSER) else "env"
            yield (
                f"{name} is no secret: {framework} hands what is called so to every browser. Give it as {how}.{key}, or take another name "
                "if browsers must not have it."
            )


def browser_hints(components: Iterable[Mapping[str, Any]], accepted: Collection[str]) -> Iterator[str]:
    """Say which variables have no effect, because a framework read them when the image was built."""
    for component in components:
        for _option, name, key, _value in plain_values(component):
            framework, build = _framework(key, BROWSER), component["build"]
            if not framework or name in accepted or (build and key in build["args"]):
                continue
            remedy = (
                f"give it as build.args.{key}, with ARG {key} in the Dockerfile" if build else "the image keeps the one it was built with"
            )
            yield f"{name} has no effect in the pages: {framework} reads it when it is built: {remedy}."


def _framework(key: str, beginnings: Mapping[str, str]) -> str:
    return next((name for beginning, name in beginnings.items() if key.startswith(beginning)), "")
