# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Node part: Next.js, a server, or a static site that a bundler makes."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from .evidence import words
from .folder import Folder, join
from .javascript import ENDINGS, Script, scripts
from .model import Fact, Node, Problem
from .node_project import Package, node_version
from .tables import BUNDLES, DEVELOPMENT_COMMANDS, STATIC_PORT, Bundle

_START_SCRIPTS = ("start:prod", "start:production", "serve:prod", "start", "serve")
NEXT_PAGES = ("app", "pages", "src/app", "src/pages")
"""Where Next.js looks for pages; without one of them it starts nothing."""
_ENTRY = re.compile(r"(?:^|\s)(?:node|bun|tsx|ts-node|deno)\s(?:.*\s)?(\S+\.(?:[cm]?[jt]s|[jt]sx))\b")


@dataclass(frozen=True)
class NodeStarted:
    """What a package starts."""

    kind: Fact[str]
    node: Node
    command: Fact[tuple[str, ...]]
    port: Fact[int]
    problems: tuple[Problem, ...] = ()


def detect_node(folder: Folder, package: Package, without: list[str]) -> NodeStarted | None:
    """Return what a package starts; nothing for a library and for the root of a workspace."""
    needs = package.dependencies
    bundle = next((row for row in BUNDLES if row.package in needs and _means(row, package)), None)
    start, source = _start(folder, package)
    if bundle is None:
        if not start or not (
            re.search(r"\b(node|bun|tsx|ts-node)\b", package.scripts.get(start, "")) or (start == "start" and "main" in package.data)
        ):
            return None
        bundle = Bundle("", "node")
    if bundle.kind == "static" and not package.scripts.get("build"):
        return None
    if bundle.kind == "next" and not any(folder.below(join(package.folder, pages)) for pages in NEXT_PAGES):
        return None  # a manifest that somebody wrote in the wrong folder
    if bundle.kind == "node" and not start and not package.data.get("main"):
        return None
    build = "build" if "build" in package.scripts else ""
    kind = Fact(bundle.kind, folder.at(package.manifest, rf'"{re.escape(bundle.package)}"\s*:') if bundle.package else source)
    output = _output(folder, package, bundle)
    problems: list[Problem] = []
    if bundle.kind == "next":
        export = _next_export(folder, package)
        if export:
            kind, output = Fact("static", export, ("next", "static")), Fact("out", export)
            bundle = Bundle("next", "static", "out")
        build = build or "build"
    node = Node(
        package.manager,
        package.manager_version,
        package.lock,
        node_version(folder, package),
        str(package.data.get("name", "")) if package.workspace != package.folder else "",
        Fact(build if build in package.scripts else "", folder.at(package.manifest, r'"build"\s*:') if build in package.scripts else ""),
        Fact(start, source),
        output,
        needs,
    )
    if bundle.kind == "static":
        return NodeStarted(kind, node, Fact(()), Fact(STATIC_PORT, note="Our choice: a static server of ours."), tuple(problems))
    if bundle.kind == "next":
        command: Fact[tuple[str, ...]] = Fact(("node", "server.js"), note="Next.js' standalone server.")
        return NodeStarted(kind, node, command, Fact(3000, note="Our choice: Next.js listens on PORT."), tuple(problems))
    return NodeStarted(kind, node, _command(folder, package, start, source), _port(folder, package, bundle, without), tuple(problems))


def _means(row: Bundle, package: Package) -> bool:
    """Tell whether a package really is what one of its dependencies suggests."""
    if row.package in ("vite", "parcel", "ws", "socket.io", "hono", "express", "@trpc/server", "koa", "fastify"):
        script = " ".join(package.scripts.values())
        if row.kind == "static":
            return bool(re.search(rf"\b{row.package}\b", script)) and "library" not in script
        # A bundler's pages are served by nothing; a server has something to start.
        return bool(
            (package.scripts.get("start") and not re.fullmatch(r"\s*(vite|next|react-scripts).*", package.scripts["start"]))
            or package.data.get("main")
        )
    if row.kind == "node" and row.package.startswith("@sveltejs/"):
        return True
    return True


def _start(folder: Folder, package: Package) -> tuple[str, str]:
    for name in _START_SCRIPTS:
        text = package.scripts.get(name, "")
        if text and not any(re.search(pattern, text) for pattern in DEVELOPMENT_COMMANDS):
            return name, folder.at(package.manifest, rf'"{re.escape(name)}"\s*:', after=r'"scripts"')
    return "", ""


def _command(folder: Folder, package: Package, start: str, source: str) -> Fact[tuple[str, ...]]:
    """Return the process itself, without the package manager in front where the script is one command."""
    text = package.scripts.get(start, "")
    if text and not re.search(r"&&|\|\||;|\$|\||^\w+=", text):
        plain = words(re.sub(r"^(npx|pnpm exec|yarn|bunx)\s+", "", text))
        return Fact(tuple(plain), source)
    main = str(package.data.get("main", ""))
    if not text and main:
        return Fact(("node", main), folder.at(package.manifest, r'"main"\s*:'))
    after = re.sub(r"^(?:(?:npx\s+)?(?:cross-env\s+)?(?:[A-Z_][A-Z0-9_]*=\S+\s+)+)", "", text)
    if after != text and not re.search(r"&&|\|\||;|\$|\|", after):
        return Fact(tuple(words(after)), source, note=f"The variables that the script sets go into env: {text}")
    return Fact(("sh", "-c", text), source, note="The script is more than one command.")


def _output(folder: Folder, package: Package, bundle: Bundle) -> Fact[str]:
    if bundle.kind != "static":
        return Fact("")
    for path in [
        path for path in folder.files if (posixpath.dirname(path) or ".") == package.folder and re.search(r"/?(vite|astro)\.config\.", path)
    ]:
        for key in ("outDir", "outdir"):
            value, source = Script(folder, path).pair(key)
            if value:
                return Fact(value.removeprefix("./"), source)
    return Fact(bundle.output, note=f"Where {bundle.package} writes.")


def _next_export(folder: Folder, package: Package) -> str:
    """Return the place that makes Next.js a static site (``output: 'export'``); empty where none does."""
    path = folder.first(package.folder, *(f"next.config.{ending}" for ending in ("ts", "mjs", "js", "cjs", "mts")))
    value, source = Script(folder, path).pair("output") if path else ("", "")
    return source if value == "export" else ""


def _port(folder: Folder, package: Package, bundle: Bundle, without: list[str]) -> Fact[int]:
    """Return where a server listens: what it is told by PORT, else the literal in its source."""
    number = 0
    literal_source = ""
    for path in scripts(folder, package.folder, without):
        text = folder.text(path)
        if "listen" not in text and "PORT" not in text and "port" not in text:
            continue
        script = Script(folder, path)
        for read in script.reads():
            if read.name == "PORT":
                default = read.default or ""
                return Fact(int(default) if default.isdecimal() else bundle.port, read.source, (), "It listens on PORT.")
        for _method, _owner, arguments, source in script.calls("listen"):
            value = script.literal(arguments[0]) if arguments else None
            if value and value.isdecimal():
                number, literal_source = int(value), source
    if number:
        return Fact(number, literal_source)
    return Fact(bundle.port, note="The usual one; no source says it.")


def entry_files(folder: Folder, package: Package, kind: str, without: list[str]) -> list[str]:
    """Return the files that a package's process or build loads first; all of them where that cannot be told."""
    sources = scripts(folder, package.folder, without)
    if kind == "next":
        inner = "" if package.folder == "." else f"{package.folder}/"
        starts = tuple(f"{inner}{name}" for name in ("app/", "src/app/", "pages/", "src/pages/"))
        single = re.compile(r"(src/)?(middleware|proxy|instrumentation(-client)?|next\.config|auth|env)\.[cm]?[jt]sx?")
        return [path for path in sources if path.startswith(starts) or single.fullmatch(path.removeprefix(inner))]
    commands = [text for name, text in package.scripts.items() if name in (*_START_SCRIPTS, "dev", "start:dev")]
    found = []
    for text in commands:
        if (match := _ENTRY.search(f" {text}")) and not match[1].startswith(("dist/", "./dist/", "build/", "./build/")):
            found.append(join(package.folder, match[1]))
    main = [
        join(package.folder, f"{stem}{ending}")
        for stem in ("src/main", "src/index", "src/server", "src/app", "index", "server", "app", "main")
        for ending in ENDINGS
    ]
    existing = [path for path in [*found, *main] if path in sources]
    return existing or sources
