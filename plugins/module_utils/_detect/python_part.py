# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python part: its application, the server that runs it, its workers."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .evidence import Command, commands, entries
from .folder import Folder, join, parents, relative
from .model import Fact, Problem, Python
from .python_project import Project, normal, python_version
from .python_source import Candidate, Sources, assignments, is_program, module_name
from .tables import (
    CONVENTIONAL_FILES,
    CONVENTIONAL_NAMES,
    FACTORY_COMMANDS,
    FRAMEWORKS,
    PYTHON_PORT,
    SERVER_COMMANDS,
    SERVERS,
)


@dataclass(frozen=True)
class Started:
    """What a Python project starts: the kind, the files that the process loads first, the command."""

    kind: Fact[str]
    python: Python
    starts: tuple[str, ...]
    command: Fact[tuple[str, ...]]
    port: Fact[int]
    suffix: str = ""
    problems: tuple[Problem, ...] = ()


def detect_python(folder: Folder, project: Project, sources: Sources) -> list[Started]:
    """Return what a project starts, the part that answers requests first; nothing for a library."""
    said = commands(folder, project.folder)
    found = list(_web(folder, project, sources, said))
    if found:
        sources.root = found[0].python.source_root.value
    found += _workers(folder, project, sources)
    return found


# ---- what answers requests


def _web(folder: Folder, project: Project, sources: Sources, said: list[Command]) -> Iterator[Started]:
    if django := _django(folder, project, sources, said):
        yield django
        return
    candidates = [candidate for candidate in sources.applications() if candidate.framework.interface != "worker"]
    part = folder.part_name(project.folder)
    told = _told(folder, project, sources, said)
    if told and not any(told[0] == candidate.path and told[1] == candidate.name for candidate in candidates):
        # A command names what the syntax tree does not show as an application, such as the result of a builder.
        kind = next((row for row in FRAMEWORKS if row.package in project.direct and row.interface != "worker"), None)
        if kind:
            candidates.insert(0, Candidate(told[0], told[1], told[3], kind))
    if not candidates:
        if missing := _missing_entry(sources, said):
            kind = next((row for row in FRAMEWORKS if row.package in project.direct and row.interface != "worker"), None)
            if kind:
                problem = Problem(part, "entry point", missing[1], f"{missing[0]} does not exist: correct it there.")
                python = _python(folder, project, kind.interface, kind.server, Fact(missing[0], missing[1]), Fact(project.folder))
                yield Started(Fact(kind.kind), python, (), Fact(()), Fact(PYTHON_PORT), problems=(problem,))
        return
    hinted = [module for module, _attribute, _source in entries(said)]
    ranked = sorted(candidates, key=lambda candidate: _rank(candidate, candidates, project, sources, told))
    chosen = ranked[0]
    problems: list[Problem] = []
    keys = [_rank(candidate, candidates, project, sources, told)[:-2] for candidate in ranked]
    alike = [other for other, key in zip(ranked, keys, strict=True) if key == keys[0] and other.path != chosen.path]
    if alike and not told:
        names = ", ".join(f"{candidate.name} of {candidate.source}" for candidate in (chosen, *alike))
        example = f"web: {chosen.framework.server} {module_name(chosen.path, sources.root_of(chosen.path))}:{chosen.name}"
        text = f"{len(alike) + 1} applications could be it ({names}): name it in a Procfile beside it, such as {example}."
        problems.append(Problem(part, "entry point", chosen.source, text))
    root = sources.root_of(chosen.path, hinted)
    entry = f"{module_name(chosen.path, root)}:{chosen.name}"
    choices = tuple(f"{module_name(other.path, sources.root_of(other.path, hinted))}:{other.name} ({other.source})" for other in ranked)
    note = f"{told[2]} says so, too." if told and told[0] == chosen.path and told[1] == chosen.name else ""
    fact = Fact(entry, chosen.source, choices if len(choices) > 1 else (), note)
    framework = chosen.framework
    python = _python(folder, project, framework.interface, framework.server, fact, Fact(root, chosen.source), chosen.is_factory)
    command, port = serve(python), Fact(PYTHON_PORT, note="Our choice: the server listens where it is told to.")
    yield Started(
        Fact(framework.kind, chosen.source), python, (chosen.path,), Fact(command, python.server.source), port, problems=tuple(problems)
    )


def _told(folder: Folder, project: Project, sources: Sources, said: list[Command]) -> tuple[str, str, str, int] | None:
    """Return the file, name and place of the application that the project or a command names, where it exists."""
    named = list(entries(said))
    if path := folder.first(project.folder, "pyproject.toml"):
        entry = folder.table(path, "tool", "fastapi").get("entrypoint")
        if isinstance(entry, str) and ":" in entry:
            module, _colon, attribute = entry.partition(":")
            named.insert(0, (module, attribute, folder.at(path, r"^entrypoint\s*=")))
    named += _run_calls(sources)
    for module, attribute, source in named:
        tail = module.replace(".", "/")
        for path in sources.files:
            stem = path.removesuffix("/__init__.py").removesuffix(".py")
            if stem == join(project.folder, tail) or stem.endswith(f"/{tail}") or stem == tail:
                line = next((line for name, line in _defined(sources, path) if name == attribute), 0)
                if line:
                    return path, attribute, source, line
    return None


def _run_calls(sources: Sources) -> list[tuple[str, str, str]]:
    """Return what ``uvicorn.run("app.main:app")`` names."""
    found = []
    for path in sources.files:
        if "uvicorn" not in sources.folder.text(path) or not is_program(path, sources.where):
            continue
        for node in sources.nodes(path):
            if isinstance(node, ast.Call) and sources.full_name(path, node.func) == "uvicorn.run" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str) and ":" in first.value:
                    module, _colon, attribute = first.value.partition(":")
                    found.append((module, attribute, f"{path}:{node.lineno}"))
    return found


def _defined(sources: Sources, path: str) -> Iterator[tuple[str, int]]:
    for node in sources.tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, node.lineno) for alias in node.names)
    yield from ((name, line) for name, line, _value in assignments(sources.tree(path).body))


def _missing_entry(sources: Sources, said: list[Command]) -> tuple[str, str] | None:
    return next(((f"{module}:{attribute}", source) for module, attribute, source in entries(said)), None)


def _rank(
    candidate: Candidate, candidates: list[Candidate], project: Project, sources: Sources, told: tuple[str, str, str, int] | None
) -> tuple[int | str, ...]:
    inner = relative(candidate.path, project.folder)
    file = posixpath.basename(candidate.path)
    conventional = [posixpath.basename(path) for path in CONVENTIONAL_FILES[:3]] + [
        "asgi.py",
        "wsgi.py",
        "server.py",
        "application.py",
        "__init__.py",
    ]
    importers = sum(
        1
        for other in candidates
        if other.path != candidate.path and candidate.path in sources.imports(other.path, sources.root_of(other.path))
    )
    return (
        0 if told and (told[0], told[1]) == (candidate.path, candidate.name) else 1,
        [row.kind for row in FRAMEWORKS].index(candidate.framework.kind),
        importers,
        CONVENTIONAL_FILES.index(inner) if inner in CONVENTIONAL_FILES else len(CONVENTIONAL_FILES),
        conventional.index(file) if file in conventional else len(conventional),
        inner.count("/"),
        0 if candidate.is_wrapper else 1,
        1 if candidate.is_factory else 0,
        CONVENTIONAL_NAMES.index(candidate.name) if candidate.name in CONVENTIONAL_NAMES else len(CONVENTIONAL_NAMES),
        candidate.path,
        candidate.line,
    )


def _python(
    folder: Folder, project: Project, interface: str, default: str, entry: Fact[str], root: Fact[str], is_factory: bool = False
) -> Python:
    version, requires = python_version(folder, project)
    installed = project.dependencies
    able = [name for name in SERVERS.get(interface, ()) if not is_factory or name != "daphne"]
    server = next((name for name in able if name in installed), "")
    if interface == "asgi" and "gunicorn" in project.direct and "uvicorn" in installed:
        server = "uvicorn"
    source = project.direct.get(server, ("", project.lock.value or project.manifest.value))[1]
    note = "" if server or interface == "worker" else f"No server is among the dependencies: {default} is added."
    return Python(
        project.manager,
        project.manifest,
        project.lock,
        version,
        requires,
        entry,
        root,
        interface,
        Fact(server or default, source if server else "", (), note),
        bool(server) or interface == "worker",
        is_factory,
        project.is_package,
        installed,
    )


def serve(python: Python, port: int = PYTHON_PORT) -> tuple[str, ...]:
    """Return the command that serves an application."""
    entry, server = python.entry.value, python.server.value
    if python.is_factory and server not in FACTORY_COMMANDS:
        entry = f"{entry}()"
    program, *words = [word.format(entry=entry, port=port, interface=python.interface) for word in SERVER_COMMANDS[server]]
    return (program, *(FACTORY_COMMANDS.get(server, ()) if python.is_factory else ()), *words)


# ---- Django


def _django(folder: Folder, project: Project, sources: Sources, said: list[Command]) -> Started | None:
    manage = next(
        (path for path in sources.files if posixpath.basename(path) == "manage.py" and "DJANGO_SETTINGS_MODULE" in folder.text(path)), ""
    )
    if not manage:
        return None
    root = posixpath.dirname(manage) or "."
    settings = _settings_module(sources, manage)
    module = settings.value.rpartition(".settings")[0] or settings.value.partition(".")[0]
    asgi, wsgi = (next(iter(sources.resolve(manage, f"{module}.{name}", root)[-1:]), "") for name in ("asgi", "wsgi"))
    asynchronous = asgi.endswith("/asgi.py") and bool({"channels", "daphne"} & set(project.direct))
    if asgi.endswith("/asgi.py") and not asynchronous:
        asynchronous = any("asgi" in module_ and "uvicorn" not in module_ for module_, _name, _source in entries(said))
    chosen = asgi if asynchronous or not wsgi.endswith("/wsgi.py") else wsgi
    if not chosen.endswith(("/asgi.py", "/wsgi.py")):
        entry = Fact(f"{module}.wsgi:application", settings.source, (), "")
        starts: tuple[str, ...] = (manage,)
        problems: tuple[Problem, ...] = (
            Problem(
                folder.part_name(project.folder), "entry point", settings.source, f"{module} has neither wsgi.py nor asgi.py: write entry."
            ),
        )
    else:
        others = tuple(f"{module_name(path, root)}:application ({path})" for path in (wsgi, asgi) if path.endswith(("wsgi.py", "asgi.py")))
        entry = Fact(f"{module_name(chosen, root)}:application", folder.at(chosen, r"^application\s*="), others if len(others) > 1 else ())
        settings_files = sources.resolve(manage, settings.value, root)
        starts = (chosen, manage, *settings_files)
        problems = ()
    interface = "asgi" if chosen.endswith("asgi.py") else "wsgi"
    python = _python(folder, project, interface, "uvicorn" if interface == "asgi" else "gunicorn", entry, Fact(root, f"{manage}:1"))
    return Started(
        Fact("django", settings.source),
        python,
        starts,
        Fact(serve(python), python.server.source),
        Fact(PYTHON_PORT, note="Our choice: the server listens where it is told to."),
        problems=problems,
    )


def _settings_module(sources: Sources, manage: str) -> Fact[str]:
    """Return the settings that wsgi.py, asgi.py or manage.py sets; those of production where they differ."""
    found: list[tuple[str, str]] = []
    root = posixpath.dirname(manage) or "."
    for path in sources.files:
        if posixpath.basename(path) not in ("manage.py", "wsgi.py", "asgi.py") or root not in parents(posixpath.dirname(path) or "."):
            continue
        for node in sources.nodes(path):
            if isinstance(node, ast.Call) and len(node.args) == 2:
                words = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
                if len(words) == 2 and words[0] == "DJANGO_SETTINGS_MODULE":
                    found.append((str(words[1]), f"{path}:{node.lineno}"))
    found.sort(key=lambda pair: ("manage.py" in pair[1], pair[1]))
    choices = tuple(f"{value} ({source})" for value, source in found) if len({value for value, _source in found}) > 1 else ()
    return Fact(found[0][0], found[0][1], choices) if found else Fact("settings", f"{manage}:1")


def settings_module(sources: Sources, starts: Iterable[str]) -> Fact[str]:
    """Return a Django project's settings module."""
    return _settings_module(sources, next(path for path in starts if path.endswith("manage.py")))


# ---- workers


def _workers(folder: Folder, project: Project, sources: Sources) -> Iterator[Started]:
    needs = project.direct
    if "celery" in needs:
        yield from _celery(folder, project, sources)
    if "arq" in needs:
        for path in sources.files:
            if "functions" not in folder.text(path) or not is_program(path, project.folder):
                continue
            for node in sources.tree(path).body:
                if isinstance(node, ast.ClassDef) and _is_arq(node):
                    root = sources.root_of(path)
                    entry = f"{module_name(path, root)}.{node.name}"
                    yield _worker(folder, project, "arq", entry, f"{path}:{node.lineno}", path, root, ("arq", entry))
    for kind, names in (("rq", ("rq",)), ("dramatiq", ("dramatiq",))):
        if not any(normal(name) in needs for name in names):
            continue
        if kind == "rq":
            yield from _rq(folder, project, sources)
        else:
            path = next((path for path in sources.files if "dramatiq.actor" in folder.text(path) and is_program(path, project.folder)), "")
            if path:
                root = sources.root_of(path)
                entry = module_name(path, root)
                yield _worker(folder, project, kind, entry, folder.at(path, r"dramatiq\.actor"), path, root, ("dramatiq", entry))


def _is_arq(node: ast.ClassDef) -> bool:
    """Tell whether a class is the settings of an arq worker: it names functions or cron jobs."""
    return any(
        isinstance(statement, ast.Assign | ast.AnnAssign)
        and any(
            isinstance(target, ast.Name) and target.id in ("functions", "cron_jobs")
            for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        )
        for statement in node.body
    )


def _rq(folder: Folder, project: Project, sources: Sources) -> Iterator[Started]:
    for path in sources.files:
        if "Worker" not in folder.text(path) or not is_program(path, project.folder):
            continue
        for node in sources.nodes(path):
            if isinstance(node, ast.Call) and sources.full_name(path, node.func) in ("rq.Worker", "rq.worker.Worker", "rq.SimpleWorker"):
                root = sources.root_of(path)
                module = module_name(path, root)
                yield _worker(folder, project, "rq", module, f"{path}:{node.lineno}", path, root, ("python", "-m", module))
                return
    for path in sources.files:
        if re.search(r"\b(from rq\b|import rq\b|django_rq)", folder.text(path)) and is_program(path, project.folder):
            root = sources.root_of(path)
            command = ("rq", "worker", *_queues(sources, project))
            yield _worker(folder, project, "rq", " ".join(command), folder.at(path, r"\brq\b"), path, root, command)
            return


def _queues(sources: Sources, project: Project) -> list[str]:
    """Return the names of RQ's queues; a worker serves no other than those that it is told."""
    return sorted(
        {
            str(node.args[0].value)
            for path in sources.files
            if "Queue" in sources.folder.text(path) and is_program(path, project.folder)
            for node in sources.nodes(path)
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
            if isinstance(node.args[0].value, str)
            and sources.full_name(path, node.func) in ("rq.Queue", "rq.queue.Queue", "django_rq.get_queue")
        }
    )


def _celery(folder: Folder, project: Project, sources: Sources) -> Iterator[Started]:
    found = [candidate for candidate in sources.applications() if candidate.framework.kind == "celery" and not candidate.is_factory]
    if not found:
        return
    found.sort(key=lambda candidate: (posixpath.basename(candidate.path) not in ("celery.py", "celery_app.py"), candidate.path))
    chosen = found[0]
    root = sources.root_of(chosen.path)
    module = module_name(chosen.path, root)
    name = module if chosen.name in ("app", "celery") else f"{module}:{chosen.name}"
    if module.endswith(".celery") and chosen.name in ("app", "celery"):
        name = module.removesuffix(".celery")
    choices = tuple(f"{candidate.name} ({candidate.source})" for candidate in found) if len(found) > 1 else ()
    words = ("celery", "-A", name, "worker", "--loglevel=info")
    yield _worker(folder, project, "celery", name, chosen.source, chosen.path, root, words, choices=choices)
    for path in sources.files:
        text = folder.text(path)
        if is_program(path, project.folder) and re.search(
            r"\b(beat_schedule|CELERY_BEAT_SCHEDULE|on_after_configure|add_periodic_task)\b", text
        ):
            source = folder.at(path, r"\b(beat_schedule|CELERY_BEAT_SCHEDULE|on_after_configure|add_periodic_task)\b")
            scheduler = ("celery", "-A", name, "beat", "--loglevel=info", "--schedule=/tmp/celerybeat-schedule")
            yield _worker(folder, project, "celery-beat", name, source, chosen.path, root, scheduler, suffix="scheduler")
            return


def _worker(
    folder: Folder,
    project: Project,
    kind: str,
    entry: str,
    source: str,
    path: str,
    root: str,
    words: tuple[str, ...],
    suffix: str = "worker",
    choices: tuple[str, ...] = (),
) -> Started:
    python = _python(folder, project, "worker", kind, Fact(entry, source, choices), Fact(root, source))
    return Started(Fact(kind, source), python, (path,), Fact(words, source), Fact(0, note="It listens on no port."), suffix)


def dependencies_of(python: Python) -> Mapping[str, str]:
    """Return what a Python part installs."""
    return python.dependencies
