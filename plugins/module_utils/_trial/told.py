# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a trial's answers mean: sentences for a person, and the lines of app.yml that they call for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .._detect.health import to_ask
from .._detect.routes import is_page
from .._release.logs import telling
from . import inside
from .trial import Trial

_NO_DIFFERENCE = re.compile(r"(?m)^No difference to the schema|No new upgrade operations detected|No changes detected")
"""What migrate.mjs, Alembic and Django say where nothing differs."""


def read(log: str) -> dict[str, Any] | None:
    """Return the answers in a trial's log; nothing where it has none."""
    lines = [line for line in log.splitlines() if line.startswith(inside.MARK)]
    try:
        found: dict[str, Any] | None = json.loads(lines[-1][len(inside.MARK) :]) if lines else None
    except ValueError:
        return None
    return found


def lines(trial: Trial, answers: Mapping[str, Any]) -> list[str]:
    """Return what a person should know and write, each a sentence and, where one is called for, the line of app.yml."""
    return [
        f"{trial.name}: {said}" for find in (_variables, _migration, _untried, _health, _prefixes, _checks) for said in find(trial, answers)
    ]


def _variables(trial: Trial, answers: Mapping[str, Any]) -> Iterator[str]:
    if missing := answers["missing"]:
        secret = [name for name in missing if re.search(r"SECRET|PASSWORD|TOKEN|KEY|DSN", name)]
        plain = [name for name in missing if name not in secret]
        wanted = [f"env: {{{', '.join(f'{name}: ...' for name in plain)}}}"] if plain else []
        wanted += [f"secret_env: {{{', '.join(f'{name}: ...' for name in secret)}}}"] if secret else []
        does = "cannot be imported" if trial.part.python else "does not start"
        yield f"it {does} without {', '.join(missing)}. Write at {trial.name}: {', '.join(wanted)}"
    if not answers["load"].get("ok"):
        told = _cause(answers["load"].get("error", ""))
        does = (
            f"{trial.part.python.entry.value} cannot be imported" if trial.part.python else "it does not start in a pod without a network"
        )
        yield f"{does}, so it was asked nothing more: {told}"


def _migration(trial: Trial, answers: Mapping[str, Any]) -> Iterator[str]:
    ran, again, compared, tables = (answers.get(name) for name in ("migration", "again", "compare", "tables"))
    by_models = ""
    if tables and not tables["ended"]:
        by_models = f"migration: {{command: [python, -c, {json.dumps(tables['code'])}]}}"
    if ran and ran["code"]:
        yield f"its migration fails on an empty database: {_cause(ran['output'])}. " + (
            f"Mend the migrations, or, for tables as the models are now, which was tried and works, write at {trial.name}: {by_models}"
            if by_models
            else "Mend the migrations."
        )
    elif again and again["code"]:
        yield (
            f"its migration works on an empty database, and not a second time: {_cause(again['output'])}. "
            "Each deployment that changes it runs it again: let it pass over what is done already."
        )
    elif compared and compared["code"] and (differs := _difference(compared["output"])):
        yield f"its migration leaves a difference to the models: {differs}. " + (
            f"Make the migration that is missing, or, for tables as the models are now, write at {trial.name}: {by_models}"
            if by_models
            else "Make the migration that is missing."
        )
    elif not ran and by_models and trial.request()["database"] and not _makes_tables(trial):
        yield f"nothing makes the tables of its models. Write at {trial.name}: {by_models}"


def _untried(trial: Trial, answers: Mapping[str, Any]) -> Iterator[str]:
    """Say what of its migration was not tried, and why."""
    found, ran, compared = trial.part.migration, answers.get("migration"), answers.get("compare")
    tool = found.tool.value if found else "a command of yours"
    if found and found.command and not found.can_run and not trial.migration:
        yield f"its migration ({tool}) was not tried: {found.note}"
    elif trial.migration and not ran:
        yield f"its migration ({tool}) was not tried: it has no embedded database, and nothing is tried on one of yours."
    elif ran and not ran["code"] and not (answers.get("again") or {}).get("code") and not _is_compared(compared):
        why = f"nothing tells it in the image of {tool}"
        if compared:
            why = _cause(compared["output"], 200) or "the image's own migration does not compare"
        elif tool == "drizzle":
            why = "drizzle.config names no file of a schema that was found"
        yield f"its migration works on an empty database; whether it leaves a difference to the models was not tried: {why.rstrip('.')}."


def _cause(output: str, most: int = 300) -> str:
    """Return what tells the cause in a program's output, or its last ``most`` characters."""
    return telling(output) or output.strip()[-most:]


def _is_compared(compared: Mapping[str, Any] | None) -> bool:
    """Tell whether a comparison was made, by what Alembic, Django or our own look says."""
    said = str((compared or {}).get("output", ""))
    return bool(_NO_DIFFERENCE.search(said) or _difference(said))


def _makes_tables(trial: Trial) -> bool:
    """Tell whether the application makes its tables as it starts."""
    return bool(trial.part.migration and not trial.part.migration.command)


def _difference(output: str) -> str:
    """Return what Alembic, Django or our own look at Drizzle's schema says; empty where the comparison itself did not work."""
    if found := re.search(r"(?m)^Difference to the schema: (.*)$", output):
        return ", ".join(found[1].split("; ")[:6])
    found = re.search(r"New upgrade operations detected: (.*)", output)
    if found:
        operations = re.findall(r"\('(\w+)', (?:None, )?(?:Table\()?'(\w+)'", found[1])
        return ", ".join(f"{kind} {name}" for kind, name in operations[:6]) or found[1][:200]
    changes = re.findall(r"^\s+[-+~] (.+)$", output, re.MULTILINE)
    return ", ".join(changes[:6]) if "Migrations for" in output else ""


def _health(trial: Trial, answers: Mapping[str, Any]) -> Iterator[str]:
    present, away, probe = answers.get("with") or {}, answers.get("without") or {}, trial.request()["probe"]
    good = [path for path, (status, _body) in present.items() if 200 <= status < 400]
    seeing = [path for path in good if path in away and not 200 <= away[path][0] < 400]
    write = f"Write at {trial.name}: probes: {{readiness: "
    if probe and probe in present and present[probe][0] >= 400:
        said = f"GET {probe}, its readiness probe, answers {present[probe][0]}"
        known = (
            f". {write}{{path: {(seeing or good)[0]}}}}}" if good else ", and no other route of health is known: write probes.readiness."
        )
        yield f"{said}{known}"
        return
    if (
        not trial.request()["database"]
        or (probe == "/" and is_page(trial.part))
        or probe not in good
        or probe in seeing
        or probe not in away
    ):
        return
    status = f"GET {probe}, its readiness probe, answers {away[probe][0]} without a database, too"
    if line := _by_body(trial, present[probe][1], away[probe][1]):
        yield f"{status}; only its body tells. {write}{{command: {line}}}}}"
    elif seeing:
        yield f"{status}, and GET {seeing[0]} does not. {write}{{path: {seeing[0]}}}}}"
    else:
        yield f"{status}: it does not ask the database, nor does another route of health, so the cluster does not see when that is away."


def _by_body(trial: Trial, present: str, away: str) -> str:
    """Return a command of a probe that reads what only the body says; empty where it says nothing."""
    try:
        right, wrong = json.loads(present), json.loads(away)
    except ValueError:
        return ""
    if not (isinstance(right, dict) and isinstance(wrong, dict)):
        return ""
    differing = [key for key, value in right.items() if isinstance(value, str | bool) and wrong.get(key) != value and not _varies(value)]
    if not differing:
        return ""
    key, probe = differing[0], trial.request()["probe"]
    url = f"http://127.0.0.1:{trial.component.get('port')}{probe}"
    if trial.part.node:
        told = f"(b) => process.exit(b[{json.dumps(key)}] === {json.dumps(right[key])} ? 0 : 1), () => process.exit(1)"
        return f"[node, -e, {json.dumps(f'fetch({json.dumps(url)}).then((r) => r.json()).then({told})')}]"
    answer = f"json.load(r.build_opener().open({url!r}, timeout=2))"
    code = f"import json, sys, urllib.request as r; sys.exit({answer}.get({key!r}) != {right[key]!r})"
    return f"[python, -c, {json.dumps(code)}]"


def _varies(value: object) -> bool:
    """Tell whether a value is one that changes by itself, such as a time."""
    return isinstance(value, str) and bool(re.search(r"\d{2}:\d{2}|\d{4}-\d{2}|[0-9a-f]{12}", value))


def _prefixes(trial: Trial, answers: Mapping[str, Any]) -> Iterator[str]:
    paths = [path for path in answers["load"].get("paths") or [] if path not in ("/openapi.json", "/docs", "/redoc")]
    for prefix, strips in trial.routes.items():
        inside_it = [path for path in paths if path == prefix or path.startswith(f"{prefix}/")]
        if not paths or prefix == "/":
            continue
        if strips and len(inside_it) == len(paths):
            yield (
                f"all its paths begin with {prefix}, which the gateway takes off. Write: services_gateway_routes: "
                f"{{{prefix}: {trial.name}}}"
            )
        elif not strips and not inside_it:
            yield (
                f"none of its paths begins with {prefix}, and the gateway keeps that. Write: services_gateway_routes: {{{prefix}: "
                f"{{to: {trial.name}, strip: true}}}}"
            )


def _checks(trial: Trial, answers: Mapping[str, Any]) -> Iterator[str]:
    """Name a path for a step of app_checks, where nothing asks the application and detection knew none."""
    paths = [path for path in answers["load"].get("paths") or [] if not re.search(r"[{<]", path)]
    published = (trial.component.get("service") or {}).get("type", "ClusterIP") != "ClusterIP"
    if not trial.is_checked and published and (found := to_ask(paths, _good_probe(trial, answers))):
        expect = "".join(f", expect: {{{word}: {value}}}" for word, value in found[1].items())
        yield (
            f"nothing asks it from outside. Write: app_checks: [{{name: {trial.name} answers, request: {{component: {trial.name}, "
            f"url: {found[0]}}}{expect}}}]"
        )


def _good_probe(trial: Trial, answers: Mapping[str, Any]) -> str:
    probe = trial.request()["probe"]
    return probe if 200 <= (answers.get("with") or {}).get(probe, [0])[0] < 400 else ""
