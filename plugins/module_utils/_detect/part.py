# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One part of a repository: what its folder becomes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from .._core.errors import Failure
from . import health, python_variables
from .connections import node_connections, python_connections
from .evidence import compose_services, dockerfiles, own_dockerfile
from .folder import Folder, join
from .javascript import Read, resolve
from .javascript_variables import aliases, reachable, reads, siblings
from .migrations import node_migration, prisma_schema, python_migration
from .model import Fact, OwnDockerfile, Part, Problem, Variable
from .node_part import detect_node, entry_files
from .node_project import Package, read_package, workspace_members
from .python_part import Started, detect_python
from .python_project import Project, is_project, read_project
from .python_source import Sources, is_program
from .services import DATABASES, EMBEDDED, HOSTED, IN_CODE, Client, clients, one_database, synchronous
from .tables import LOCKS, STATIC_PORT
from .variables import variables

NOTHING = (
    "holds no application that is known: no package.json with a framework or a start script, no Python application, no index.html, no "
    "Dockerfile"
)


def detect_part(folder: Path, root: Path | None = None, language: str = "", *, locked: bool = True) -> Part:
    """Return what ONE folder becomes: the part that answers requests, or else its worker.

    Args:
        folder: The part's folder, as ``build.context`` names it.
        root: The repository, in which a workspace's lock may stand above the folder; by default the nearest folder above with ``.git``.
        language: ``python`` or ``node``, where the folder holds an application of each.
        locked: Whether lock files count.

    Raises:
        Failure: The folder is none, holds nothing that is known, or two applications of which none is named, or a manifest in it cannot be
            parsed.
    """
    folder = Path(folder).expanduser().absolute()
    if not folder.is_dir():
        raise Failure(f"{folder} is no folder: give the folder that the application's source stands in.")
    folder = folder.resolve()
    top = (
        Path(root).expanduser().resolve()
        if root
        else next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder)
    )
    if not folder.is_relative_to(top):
        raise Failure(f"{folder} is not in {top}: give a folder of the repository.")
    parts = parts_of(Folder(top, () if locked else LOCKS), folder.relative_to(top).as_posix())
    if not parts:
        raise Failure(f"{folder} {NOTHING}.")
    parts = [replace(part, locked=locked) for part in parts]
    languages = {"python" if part.python else "node": part for part in reversed(parts)}
    if language and language not in languages:
        raise Failure(f"language: {folder} holds no application in {language}: leave build.language out, or correct it.")
    if len(languages) > 1 and not language:
        raise Failure(
            f"language: {folder} holds an application in each of Python and Node.js: say which one by build.language (python or node)."
        )
    return languages[language] if language else parts[0]


def projects(folder: Folder) -> list[str]:
    """Return the folders that have a manifest of Python or Node, the nearest to the root first."""
    names = ("package.json", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg", "requirements.txt", "requirements.in")
    found = dict.fromkeys(posixpath.dirname(path) or "." for path in folder.files if posixpath.basename(path) in names)
    found.update(
        {join(path, "../.."): None for path in folder.files if join(path, "..").endswith("requirements") and path.endswith(".txt")}
    )
    return [where for where in found if folder.first(where, "package.json") or is_project(folder, where)]


def parts_of(folder: Folder, where: str) -> list[Part]:
    """Return what a folder becomes: several parts where a project has workers, none where it is a library."""
    others = [other for other in projects(folder) if other != where and (where == "." or other.startswith(f"{where}/"))]
    found: list[Part] = []
    if is_project(folder, where):
        found += _python_parts(folder, where, [other for other in others if is_project(folder, other)])
    if folder.first(where, "package.json"):
        pages = _node_parts(folder, where, [other for other in others if folder.first(other, "package.json")])
        if found and pages:
            # A server in Python and pages in one folder: a bundler's are the server's own, Next.js' are a part of their own.
            pages = [part for part in pages if part.kind.value == "next"]
            names = {part.name: "api" if pages and part.port.value else part.name for part in found}
            found = [replace(part, name=names[part.name], same_image_as=names.get(part.same_image_as, "")) for part in found]
        found += pages
    dockerfile = _own(folder, where)
    if not found and folder.first(where, "index.html") and not others and not folder.first(where, "package.json"):
        found.append(_static(folder, where))
    if not found and dockerfile and not others:
        found.append(_only_dockerfile(folder, where, dockerfile))
    return found


def _own(folder: Folder, where: str) -> OwnDockerfile | None:
    paths = dockerfiles(folder, where)
    return own_dockerfile(folder, paths[0]) if paths and posixpath.basename(paths[0]) in ("Dockerfile", "Containerfile") else None


# ---- Python


def _python_parts(folder: Folder, where: str, others: list[str]) -> list[Part]:
    project = read_project(folder, where)
    sources = Sources(folder, where, others)
    parts: list[Part] = []
    for started in (found := detect_python(folder, project, sources)):
        parts.append(_python_part(folder, project, sources, started, parts[0].name if parts else "", is_alone=len(found) == 1))
    return parts


def _python_part(folder: Folder, project: Project, sources: Sources, started: Started, first: str, *, is_alone: bool) -> Part:
    where, python = project.folder, started.python
    root = python.source_root.value
    if started.kind.value == "django" or (started.suffix and any(path.endswith("manage.py") for path in sources.files)):
        # Django loads by names in its settings: all of the project counts.
        loaded = [path for path in sources.files if is_program(path, where)]
    else:
        loaded = sources.reachable(started.starts, root)
    declared = {name: text for name, (text, _place) in project.direct.items()}
    known = clients(declared, "python")
    texts = [folder.text(path) for path in loaded]
    # A worker that makes no engine at all reads what is there for the part whose image it runs in.
    waits = not first or any(re.search(r"\bcreate_engine\b|\bpsycopg|\bengine_from_config\b", text) for text in texts)
    if waits and not any(re.search(r"\b(create_async_engine|async_engine_from_config)\b", text) for text in texts):
        known = synchronous(known, declared)
    read = python_variables.reads(sources, loaded)
    for member in project.members:
        inner = Sources(folder, member)
        read += python_variables.reads(inner, [path for path in inner.files if is_program(path, member)])
    known = one_database(known, (place.default for place in read), _images(folder))
    migration = python_migration(folder, where, python, sources, loaded, started.kind.value) if not first else None
    found = variables(
        folder,
        where,
        "python",
        read,
        declared,
        known,
    )
    paths = health.django_paths(sources, loaded, root) if started.kind.value == "django" else health.python_paths(sources, loaded, root)
    probe = health.best((path, source) for path, method, source in paths if method in health.READS) if started.port.value else Fact("")
    if started.kind.value == "fastapi" and not any("openapi_url" in folder.text(path) for path in loaded):
        paths.append((health.DESCRIPTION, "get", started.kind.source))  # by itself
    base = folder.part_name(where)
    places = {name: place for name, (_text, place) in project.direct.items()}
    services, problems = _services(base, declared, known, found, places, _literal_hosts(folder, loaded), is_alone=is_alone)
    name = base
    if started.suffix and (first or where == "."):
        name = started.suffix if where == "." else f"{base}-{started.suffix}"
    return Part(
        name,
        where,
        started.kind,
        Fact(project.workspace, join(project.workspace, "pyproject.toml") if project.workspace != where else ""),
        started.command,
        started.port,
        probe,
        python=python,
        dockerfile=_own(folder, where),
        same_image_as=first,
        variables=found,
        services=services,
        migration=migration,
        paths=tuple(dict.fromkeys(path for path, _method, _source in paths)),
        gets=health.asked_plainly(paths),
        problems=(
            *(() if first else (*project.problems, *problems)),
            *started.problems,
            *(python_connections(base, sources, loaded, project.dependencies) if started.port.value else ()),
        ),
    )


def _literal_hosts(folder: Folder, paths: Iterable[str]) -> dict[str, str]:
    """Return the services whose own name stands in some files as that of a host, with the places."""
    pattern = re.compile(rf"""(?:\bhost['"]?\s*[:=]\s*['"]|://)({"|".join(EMBEDDED)})\b(?!\.)""")
    found: dict[str, str] = {}
    for path in paths:
        for match in pattern.finditer(folder.text(path)):
            found.setdefault(match[1], f"{path}:{folder.text(path).count(chr(10), 0, match.start()) + 1}")
    return found


def _services(
    part: str,
    dependencies: Iterable[str],
    known: Mapping[str, Client],
    found: Iterable[Variable],
    places: Mapping[str, str],
    literal: Mapping[str, str],
    *,
    is_alone: bool = True,
) -> tuple[dict[str, Fact[str]], list[Problem]]:
    """Return the services that a part talks to: it has a client of each, and reads where it is.

    ``is_alone`` tells that no other part has the same dependencies, so that a client which nothing tells of a server is this one's.
    """
    services: dict[str, Fact[str]] = {}
    problems: list[Problem] = []
    roles = {variable.role: variable for variable in found if not variable.role.startswith("test")}
    wanted = {
        "postgresql": ("database_url", "database_host"),
        "mariadb": ("database_url", "database_host"),
        "redis": ("redis_url", "redis_host"),
        "openrouter": ("model_url", "model_key"),
        "mongodb": ("mongo_url",),
        "rabbitmq": ("amqp_url",),
    }
    for service, client in known.items():
        variable = next((roles[role] for role in wanted.get(service, ()) if role in roles), None)
        source = places.get(client.package, "")
        if variable is None and service == "redis" and service in literal:
            services[service] = Fact(client.form, literal[service], (), IN_CODE)
            continue
        if variable is None and service in EMBEDDED:
            if is_alone:
                text = (
                    f"it has a client of {service} ({client.package}), and no variable was found that says where the server is: where it "
                    "stands in the code alone, no service of ours can be given to it."
                )
                problems.append(Problem(part, "service", source, text, stops=False))
            continue
        services[service] = Fact(client.form, source, (), f"{variable.name} is read ({variable.source})." if variable else "")
        if service not in EMBEDDED:
            text = f"it talks to {service} with {client.package}, and there is no such service here: give the address of one of your own."
            problems.append(Problem(part, "service", source, text, stops=False))
    if "openrouter" not in services and (model := roles.get("model_key") or roles.get("model_url")):
        services["openrouter"] = Fact("openai", model.source, (), f"{model.name} is read ({model.source}).")
    if mail := roles.get("mail_host") or roles.get("mail_url"):
        note = f"{mail.name} is read ({mail.source}). It is a catcher, which delivers nothing; vault_mail_url names a server that does."
        services["mail"] = Fact("smtp", mail.source, (), note)
    for name in dependencies:
        if name in HOSTED:
            problems.append(Problem(part, "service", places.get(name, ""), f"{name} {HOSTED[name]}.", stops=False))
    return services, problems


def _images(folder: Folder) -> Iterator[str]:
    """Yield the images of compose files, which are read when the first one is asked for."""
    for service in compose_services(folder):
        yield service.image


# ---- Node


def _node_parts(folder: Folder, where: str, others: list[str]) -> list[Part]:
    if workspace_members(folder, where) and "next" not in folder.table(join(where, "package.json"), "dependencies"):
        return []
    package = read_package(folder, where)
    started = detect_node(folder, package, others)
    if not started:
        return []
    kind = started.kind.value
    starts = entry_files(folder, package, kind, others)
    loaded = reachable(folder, package, starts, others)
    build = [
        path for path in loaded if posixpath.basename(path).startswith(("next.config", "vite.config", "astro.config", "drizzle.config"))
    ]
    found_reads = [*reads(loaded), *_prisma_reads(folder, where)]
    needs = _with_members(folder, package)
    known = clients(needs, "node")
    if provider := _prisma_provider(folder, where):
        known = {**{name: client for name, client in known.items() if name not in DATABASES}, provider.service: provider}
    known = one_database(known, (place.default for place in found_reads), _images(folder))
    found = variables(folder, where, "node", found_reads, needs, known, kind=kind, build_files=build)
    known_aliases = aliases(folder, package)

    def resolver(path: str, target: str) -> str:
        return resolve(folder, path, target, known_aliases)

    paths = health.next_paths(folder, where) if kind == "next" else health.node_paths(loaded, resolver) if kind == "node" else []
    probe = health.best((path, source) for path, _method, source in paths)
    if kind in ("next", "static") and not probe.value:
        probe = Fact("/", note="The page itself.")
    places = {name: folder.at(package.manifest, rf'"{name}"\s*:') for name in needs}
    name = folder.part_name(where)
    services, problems = _services(name, needs, known, found, places, _literal_hosts(folder, loaded))
    return [
        Part(
            name,
            where,
            started.kind,
            Fact(package.workspace, package.lock.value if package.workspace != where else ""),
            started.command,
            started.port,
            probe,
            node=started.node,
            dockerfile=_own(folder, where),
            variables=found,
            services=services,
            migration=node_migration(folder, where, package.dependencies, package.scripts),
            paths=tuple(dict.fromkeys(path for path, _method, _source in paths)),
            gets=health.asked_plainly(paths),
            problems=(*package.problems, *started.problems, *problems, *node_connections(name, loaded, needs)),
        )
    ]


def _with_members(folder: Folder, package: Package) -> dict[str, str]:
    """Return what a package depends on, and what the packages of its workspace do that it names."""
    members = siblings(folder, package)
    found: dict[str, str] = package.dependencies
    waiting = [name for name in found if name in members]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            inner = folder.table(join(members[name], "package.json"), "dependencies")
            found.update({key: str(text) for key, text in inner.items() if key not in found})
            waiting += [key for key in inner if key in members]
    return found


def _prisma_reads(folder: Folder, where: str) -> list[Read]:
    """Return what Prisma's schema reads; its language is its own."""
    import re

    path = prisma_schema(folder, where)
    text = folder.text(path) if path else ""
    return [
        Read(match[1], f"{path}:{text.count(chr(10), 0, match.start()) + 1}", None, True)
        for match in re.finditer(r'\benv\("(\w+)"\)', text)
    ]


def _prisma_provider(folder: Folder, where: str) -> Client | None:
    import re

    path = prisma_schema(folder, where)
    match = re.search(r'datasource\s+\w+\s*\{[^}]*?provider\s*=\s*"(\w+)"', folder.text(path)) if path else None
    service = {"postgresql": "postgresql", "postgres": "postgresql", "mysql": "mariadb", "mongodb": "mongodb"}.get(
        match[1] if match else ""
    )
    return Client(service, "@prisma/client", "node", "prisma") if service else None


# ---- the rest


def _static(folder: Folder, where: str) -> Part:
    page = folder.first(where, "index.html")
    port = Fact(STATIC_PORT, note="Our choice: a static server of ours.")
    return Part(
        folder.part_name(where),
        where,
        Fact("static", page),
        Fact(where),
        Fact(()),
        port,
        Fact("/", page),
        dockerfile=_own(folder, where),
    )


def _only_dockerfile(folder: Folder, where: str, own: OwnDockerfile) -> Part:
    port = Fact(own.ports[0] if own.ports else 0, folder.at(own.path, r"^\s*EXPOSE\b") if own.ports else own.path)
    command = Fact(own.command, folder.at(own.path, r"^\s*(CMD|ENTRYPOINT)\b"))
    return Part(folder.part_name(where), where, Fact("dockerfile", own.path), Fact(where), command, port, Fact(""), dockerfile=own)
