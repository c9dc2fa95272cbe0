# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dockerfiles of Python parts: an interpreter, what the lock says, the source. No shell, no package manager, no compiler."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .._core.errors import Failure
from .._detect.folder import Folder, join, relative
from .._detect.model import Part, Python
from .._detect.python_project import as_specifier
from . import recipe
from .recipe import Choices, Generated, run, script, stage

OLDER = "bookworm"
SUITES = {"3.13": "", "3.11": OLDER, "3.14": "forky"}
"""Python by the Debian suite that has it; the first is the base image's own. packages.debian.org/search?keywords=python3-minimal."""

LIBRARIES = ("libssl3t64", "libzstd1", "zlib1g", "libexpat1", "libffi8", "libbz2-1.0", "liblzma5", "libuuid1", "libsqlite3-0")

TOOLS = {
    "uv": "uv==0.13.9",
    "poetry": "poetry==2.5.1 poetry-plugin-export==1.10.1",
    "pdm": "pdm==2.29.4",
    "pipenv": "pipenv==2026.10.3",
}
"""What reads a manager's lock file in the build."""

SERVERS = {
    "uvicorn": {"uvicorn": "0.54.0", "click": "8.5.1", "h11": "0.16.0"},
    "gunicorn": {"gunicorn": "27.0.1", "packaging": "26.4"},
    "waitress": {"waitress": "3.0.2"},
}
"""What is installed where a lock file has no server: it and what it needs."""

NATIVE = {
    "psycopg2": ("libpq-dev",),
    "psycopg-c": ("libpq-dev",),
    "mysqlclient": ("default-libmysqlclient-dev", "pkg-config"),
    "uwsgi": (),
    "python-ldap": ("libldap-dev", "libsasl2-dev"),
    "pycairo": ("libcairo2-dev", "pkg-config"),
    "pycurl": ("libcurl4-openssl-dev", "libssl-dev"),
    "dbus-python": ("libdbus-1-dev", "libglib2.0-dev", "pkg-config"),
}
"""Distributions without wheels, and the Debian packages that they are compiled with."""

LIMITS = {"passlib": ("bcrypt", "bcrypt<5")}
"""Distributions whose last release breaks on a newer one of another, and the limit, where no lock file says which that is.

passlib 1.7.4 tries bcrypt with more than 72 bytes, which bcrypt 5 refuses."""

READ_THEIR_SOURCES = ("torch", "numba", "triton", "jax", "transformers", "gradio", "streamlit", "marimo", "nicegui")
"""Distributions that look at the source text of functions while they run, so that the sources stay."""

EXPORTS = {
    "uv": (
        "/opt/tool/bin/uv export --quiet --frozen --offline --no-dev --no-emit-workspace --no-emit-local --python {python}{package}"
        " --output-file /requirements.txt"
    ),
    "poetry": "/opt/tool/bin/poetry export --quiet --only main --output /requirements.txt",
    # Without the variable it makes an environment of its own, and the command has no option for it.
    "pdm": "PDM_PYTHON=/opt/tool/bin/python /opt/tool/bin/pdm export --quiet --prod --format requirements --output /requirements.txt",
    "pipenv": "/opt/tool/bin/pipenv requirements --hash >/requirements.txt",
}


@dataclass(frozen=True)
class Interpreter:
    """Where a Python comes from; an official image where no suite of Debian has it."""

    version: str
    suite: str = ""
    image: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        return f"python{self.version}"

    @property
    def path(self) -> str:
        return f"/usr/local/bin/{self.name}" if self.image else f"/usr/bin/{self.name}"

    @property
    def developer(self) -> list[str]:
        """Packages with which a distribution without a wheel is compiled."""
        if self.image:
            return ["build-essential"]
        suffix = f"/{self.suite}" if self.suite else ""
        return ["build-essential", f"{self.name}-dev{suffix}", *self.newer("libc6-dev", "libc-dev-bin")]

    def newer(self, *packages: str) -> list[str]:
        """Return packages of the suite, where it is newer than the builder: apt takes none of them along that others break on."""
        return [f"{package}/{self.suite}" for package in packages] if self.suite not in ("", OLDER) else []

    def packages(self) -> list[str]:
        own = [] if self.image else [f"{self.name}-minimal", f"lib{self.name}-minimal", f"lib{self.name}-stdlib"]
        if self.suite == OLDER:  # its Python runs on newer libraries
            return [*recipe.ROOT_PACKAGES, *(f"{name}/{self.suite}" for name in own), *LIBRARIES]
        names = [*recipe.ROOT_PACKAGES, *own, *LIBRARIES]
        return [f"{'gcc-16-base' if name == 'gcc-14-base' else name}/{self.suite}" for name in names] if self.suite else names


def interpreter(python: Python, choices: Choices) -> Interpreter:
    """Return the Python to take: the one that is asked for, else the nearest that the project itself allows, else an official image."""
    wanted = choices.python or python.version.value
    if wanted in SUITES:
        return Interpreter(wanted, SUITES[wanted])
    if not choices.python and python.requires.value and (allowed := [one for one in SUITES if _allows(python.requires.value, one)]):
        why = f"{python.version.source or 'The project'} asks for {wanted}, which no suite of Debian has"
        return Interpreter(allowed[0], SUITES[allowed[0]], note=f"{why}; {python.requires.source} allows {allowed[0]}, which is taken.")
    return Interpreter(wanted, image=f"python:{wanted}-slim-trixie")


def _allows(requires: str, version: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        allowed = SpecifierSet(as_specifier(requires))
    except InvalidSpecifier:
        return False
    return allowed.contains(f"{version}.99") or allowed.contains(f"{version}.0")


def offer(folder: Folder, python: Python, version: str) -> str:
    """Say which Python is the nearest that can be had without a registry, what it would change, and the line that accepts it."""
    nearest = min(SUITES, key=lambda one: (abs(_minor(one) - _minor(version)), -_minor(one)))
    lacking = sorted(without_wheel(folder, python, nearest))
    change = f"its lock has no wheel for it of {', '.join(lacking)}" if lacking else "its lock has wheels for it of all that it names"
    if not python.lock.value:
        change = "no lock file says whether its dependencies have wheels for it"
    return f'Python {nearest} is the nearest that Debian has ({change}): write python: "{nearest}" into build to take it'


def _minor(version: str) -> int:
    return int(version.split(".")[1])


def without_wheel(folder: Folder, python: Python, version: str) -> Iterator[str]:
    """Yield the locked distributions that have wheels, and none for a Python on Linux."""
    if not python.lock.value.endswith((".lock", "pylock.toml")) or python.lock.value.endswith("Pipfile.lock"):
        return
    data = folder.data(python.lock.value)
    for package in data.get("package") or data.get("packages") or []:
        entries = [*(package.get("wheels") or []), *(package.get("files") or [])]
        names = [str(entry.get("file") or entry.get("name") or entry.get("url", "")).rpartition("/")[2] for entry in entries]
        wheels = [name for name in names if name.endswith(".whl")]
        if wheels and package["name"] in python.dependencies and not any(_fits(name, version) for name in wheels):
            yield f"{package['name']} {package.get('version', '')}"


def _fits(wheel: str, version: str) -> bool:
    python, abi, platforms = wheel.removesuffix(".whl").split("-")[-3:]
    if platforms != "any" and not ("linux" in platforms and "musl" not in platforms):
        return False
    number = int(version.replace(".", ""))
    tags = python.split(".")
    if abi in ("none", "abi3"):
        return any(tag in ("py3", "py2.py3") or (tag[:2] == "cp" and tag[2:].isdecimal() and int(tag[2:]) <= number) for tag in tags)
    return f"cp{number}" in tags


def python_dockerfile(part: Part, python: Python, folder: Folder, choices: Choices) -> Generated:
    """Return the Dockerfile of a Python part; raises ``Failure`` as ``generate`` does."""
    chosen = interpreter(python, choices)
    context = part.context.value
    manifests = list(dict.fromkeys(_manifests(folder, python, part)))
    needed = [relative(path, context) for path in manifests]
    compiled = any(name in NATIVE for name in python.dependencies)
    loads_libpq = "psycopg" in python.dependencies and not {"psycopg-binary", "psycopg-c"} & set(python.dependencies)
    native = sorted({package for name in python.dependencies for package in NATIVE.get(name, ())} | ({"libpq5"} if loads_libpq else set()))
    home = "/app" if part.folder == context else f"/app/{relative(part.folder, context)}"
    text = recipe.dockerfile(
        f"A {part.kind.value} application on Python {chosen.version}.",
        recipe.files({}),
        f"FROM {chosen.image} AS interpreter\n" if chosen.image else "",
        _root(chosen, loads_libpq),
        stage(
            (chosen.image and "interpreter") or "${BASE_IMAGE}",
            "dependencies",
            recipe.FILES,
            run(recipe.CA, *_builder(chosen, compiled, native, _has_git(folder, python))),
            "WORKDIR /src",
            recipe.copies(needed),
            *_install(part, python, folder, chosen),
            run("", script("libraries" if set(READ_THEIR_SOURCES) & set(python.dependencies) else "packages", "/opt/venv")),
        ),
        _checked(compiled or loads_libpq),
        stage(
            "scratch",
            "application",
            "COPY --from=checked /rootfs/ /" if compiled or loads_libpq else "COPY --from=root /rootfs/ /",
            "" if compiled or loads_libpq else "COPY --from=checked /rootfs/opt/venv /opt/venv",
            "WORKDIR /app",
            "COPY . ./",
            _metadata(folder, part, python, chosen),
            f"WORKDIR {home}" if home != "/app" else "",
            recipe.environment(
                {
                    "PATH": f"/opt/venv/bin{':/usr/local/bin' if chosen.image else ''}",
                    "LANG": "C.UTF-8",
                    "PYTHONPATH": ":".join(_import_roots(folder, part, python)),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "PYTHONUNBUFFERED": "1",
                    "SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt",
                }
            ),
        ),
        stage("application", "static", *_static_files(folder, part, python, choices)) if _collects(folder, part, python) else "",
        stage(
            "static" if _collects(folder, part, python) else "application",
            "",
            f"USER {recipe.USER}:{recipe.USER}",
            recipe.expose(part.port.value),
            recipe.command(part.command.value),
        ),
    )
    own = folder.text(join(context, ".dockerignore"))
    notes = (chosen.note,) if chosen.note else ()
    return Generated(text, recipe.ignore_text(own, needed), context, notes, offer(folder, python, chosen.version) if chosen.image else "")


def _root(chosen: Interpreter, loads_libpq: bool) -> str:
    kept = [chosen.name, *(["ldconfig"] if loads_libpq else [])]
    steps = [
        *([script("suite", chosen.suite)] if chosen.suite else []),
        script("unpack", "/rootfs", *chosen.packages(), *(["libpq5", "libc-bin"] if loads_libpq else [])),
        script("bare", "/rootfs", *kept),
    ]
    if not chosen.image:
        steps.append(script("python", "/rootfs", chosen.version))
    steps.append(script("user", "/rootfs", "app", recipe.USER))
    if not chosen.image:
        return stage("${BASE_IMAGE}", "root", recipe.FILES, run(recipe.CA, *steps))
    brought = [
        f"COPY --from=interpreter /usr/local/bin/{chosen.name} /rootfs/usr/local/bin/",
        f"COPY --from=interpreter /usr/local/lib/lib{chosen.name}.so.1.0 /rootfs/usr/local/lib/",
        f"COPY --from=interpreter /usr/local/lib/{chosen.name} /rootfs/usr/local/lib/{chosen.name}",
    ]
    reduced = script("python", "/rootfs", chosen.version, "usr/local")
    return stage("${BASE_IMAGE}", "root", recipe.FILES, run(recipe.CA, *steps), *brought, run("", reduced))


def _builder(chosen: Interpreter, compiled: bool, native: list[str], git: bool) -> list[str]:
    suffix = f"/{chosen.suite}" if chosen.suite else ""
    # Without the package -venv, which wants the whole python3 of its own suite; pip runs from its wheel.
    own = ["python3-pip-whl", *([] if chosen.image else [f"{chosen.name}{suffix}"]), *chosen.newer("libc6", "libc-bin")]
    developer = [*chosen.developer, *native]
    own += developer if compiled else native
    words = [*own, "binutils", "ca-certificates", *(["git"] if git else [])]
    return [*([script("suite", chosen.suite)] if chosen.suite else []), script("install", *words)]


def _install(part: Part, python: Python, folder: Folder, chosen: Interpreter) -> Iterator[str]:
    manager, interpreter_path = python.manager.value, chosen.path
    venv = f"{interpreter_path} /opt/venv"
    lock = relative(python.lock.value, part.context.value) if python.lock.value else ""
    steps: list[str] = []
    requirements, hashed = "/requirements.txt", True
    where = relative(part.folder, part.context.value)
    if lock.endswith("pylock.toml"):
        steps += [script("pip", interpreter_path, "/opt/tool", TOOLS["uv"]), script("pip", venv, "--upgrade", "--no-deps", "pip")]
        steps.append(script("with", "/opt/tool/bin/uv", "pip", "install", "--quiet", "--python", "/opt/venv/bin/python", "-r", lock))
        yield run(recipe.PIP, *steps)
        return
    if manager in EXPORTS and lock:
        package = ""
        if manager == "uv" and where != ".":
            package = f" --package {folder.table(python.manifest.value, 'project').get('name', '')}"
        export = EXPORTS[manager].format(python=interpreter_path, package=package)
        inside = f"cd {where} && " if where != "." and manager != "uv" else ""
        steps += [script("pip", interpreter_path, "/opt/tool", TOOLS[manager]), f"{inside}{export}"]
        hashed = not _has_git(folder, python)
        if not hashed and manager == "uv":
            steps[-1] += " --no-hashes"
    elif manager == "pip":
        path = relative(python.manifest.value, part.context.value)
        steps.append(f"grep -v -E '^[[:space:]]*(-e|--editable)?[[:space:]]*(\\./?|file:).*$' {path} >{path}.remote || true")
        requirements, hashed = f"{path}.remote", False
    else:
        yield recipe.heredoc("/requirements.txt", "\n".join(_declared(folder, python)) + "\n")
        hashed = False
    flags = ["--require-hashes"] if hashed else []
    if not lock and "--hash=" not in folder.text(python.manifest.value):
        limits = [limit for name, (other, limit) in LIMITS.items() if name in python.dependencies and other not in python.dependencies]
        if limits:
            yield recipe.heredoc("/limits.txt", "\n".join(limits) + "\n")
            flags = ["--constraint", "/limits.txt"]
    wheels = script("pip", venv, "--only-binary=:all:", *flags, "--requirement", requirements)
    # What has no wheel is compiled.
    sources = f"{script('install', *chosen.developer)} && {script('pip', venv, *flags, '--requirement', requirements)}"
    if any(name in NATIVE for name in python.dependencies):
        steps.append(script("pip", venv, *flags, "--requirement", requirements))
    else:
        steps.append(f"{{ {wheels} || {{ {sources}; }}; }}")
    if not python.server_is_locked and python.server.value in SERVERS:
        wanted = SERVERS[python.server.value]
        missing = [f"{name}=={version}" for name, version in wanted.items() if name not in python.dependencies]
        steps.append(script("pip", venv, "--no-deps", *missing))
    yield run(recipe.PIP, *steps)


def _has_git(folder: Folder, python: Python) -> bool:
    """Tell whether a dependency comes from a repository: it has no hash, and git has to fetch it."""
    text = folder.text(python.lock.value) if python.lock.value else folder.text(python.manifest.value)
    return bool(re.search(r"""git\+(?:https?|ssh)://|source = \{ git = |type = "git"|^git = """, text, re.MULTILINE))


def _declared(folder: Folder, python: Python) -> list[str]:
    """Return what a manifest without a lock names."""
    manifest = python.manifest.value
    if manifest.endswith("pyproject.toml") and (listed := folder.table(manifest, "project").get("dependencies")):
        return [str(entry) for entry in listed]
    if manifest.endswith("pyproject.toml") and (table := folder.table(manifest, "tool", "poetry", "dependencies")):
        return [line for name, said in table.items() if name != "python" for line in _of_poetry(name, said)]
    raise Failure(f"lock file ({manifest}): there is none that says what to install: make one, for example with uv lock.")


def _of_poetry(name: str, said: Any) -> Iterator[str]:
    """Yield what pip reads of one of Poetry's dependencies; nothing of one that is optional, or a folder."""
    for one in said if isinstance(said, list) else [said]:
        entry = one if isinstance(one, dict) else {"version": one}
        if entry.get("optional") or entry.get("path"):
            continue
        extras = f"[{','.join(map(str, entry['extras']))}]" if entry.get("extras") else ""
        text = f"{name}{extras}{as_specifier(str(entry.get('version', '*')))}"
        if where := entry.get("git") or entry.get("url"):
            revision = next((f"@{entry[key]}" for key in ("rev", "tag", "branch") if entry.get(key)), "")
            text = f"{name}{extras} @ {'git+' if entry.get('git') else ''}{where}{revision}"
        markers = [f"({entry['markers']})"] if entry.get("markers") else []
        for limit in as_specifier(str(entry.get("python", "*"))).split(","):
            if match := re.fullmatch(r"([<>=!]+)(.+)", limit):
                markers.append(f'python_version {match[1]} "{match[2]}"')
        yield f"{text} ; {' and '.join(markers)}" if markers else text


def _manifests(folder: Folder, python: Python, part: Part) -> Iterator[str]:
    """Yield what the managers read: the manifest, the lock file, the other members of a workspace, the files that requirements include."""
    context = part.context.value
    yield python.manifest.value
    if python.lock.value:
        yield python.lock.value
    if python.manager.value == "pip":
        yield from _included(folder, python.manifest.value)
    if context != part.folder or folder.table(join(context, "pyproject.toml"), "tool", "uv", "workspace"):
        yield from (path for path in folder.below(context, "pyproject.toml"))
    for name in ("pdm.toml", "poetry.toml", "uv.toml"):
        if path := folder.first(context, name):
            yield path


def _included(folder: Folder, path: str) -> Iterator[str]:
    for match in re.finditer(r"^\s*(?:-r|-c|--requirement|--constraint)[\s=]*(\S+)", folder.text(path), re.MULTILINE):
        other = join(path.rpartition("/")[0] or ".", match[1])
        if folder.holds(other):
            yield other
            yield from _included(folder, other)


def _import_roots(folder: Folder, part: Part, python: Python) -> list[str]:
    """Return the folders in the image that modules are imported from: the part's, and those of the workspace's other members."""
    context = part.context.value
    roots = [python.source_root.value, part.folder]
    if context != part.folder:
        for path in folder.below(context, "pyproject.toml"):
            member = path.rpartition("/")[0] or "."
            source = join(member, "src")
            roots.append(source if folder.below(source, ".py") else member)
    inside = (relative(root, context) for root in roots)
    return list(dict.fromkeys("/app" if root == "." else f"/app/{root}" for root in inside if not root.startswith("..")))


def _metadata(folder: Folder, part: Part, python: Python, chosen: Interpreter) -> str:
    """Return an instruction that writes what importlib.metadata reads of the project itself, which runs from its folder."""
    project = folder.table(python.manifest.value, "project") if python.manifest.value.endswith("pyproject.toml") else {}
    if not project and python.manifest.value.endswith("pyproject.toml"):
        project = folder.table(python.manifest.value, "tool", "poetry")
    name = project.get("name")
    if not python.is_package or not name:
        return ""
    version = str(project.get("version") or "0")
    stem = f"{re.sub(r'[-_.]+', '_', str(name)).lower()}-{version}"
    return recipe.heredoc(
        f"/opt/venv/lib/{chosen.name}/site-packages/{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    )


def _checked(completed: bool) -> str:
    if not completed:
        return stage("root", "checked", "COPY --from=dependencies /opt/venv /rootfs/opt/venv", run("", script("check", "/rootfs")))
    return stage(
        "dependencies",
        "checked",
        "COPY --from=root /rootfs /rootfs",
        run(
            recipe.CA, "mkdir -p /rootfs/opt", "cp -a /opt/venv /rootfs/opt/venv", script("complete", "/rootfs"), script("check", "/rootfs")
        ),
    )


def _collects(folder: Folder, part: Part, python: Python) -> bool:
    if part.kind.value != "django" or not folder.holds(join(python.source_root.value, "manage.py")):
        return False
    return any(re.search(r"^\s*STATIC_ROOT\b", folder.text(path), re.MULTILINE) for path in folder.below(python.source_root.value, ".py"))


def _static_files(folder: Folder, part: Part, python: Python, choices: Choices) -> Iterator[str]:
    """Yield the steps that collect Django's static files, with values that let its settings load and that are in no image."""
    values = {"SECRET_KEY": "build", "DJANGO_SECRET_KEY": "build"}
    for variable in part.variables:
        if variable.required:
            values[variable.name] = "sqlite:////tmp/build.sqlite3" if "URL" in variable.name else "build"
    values |= {name: value for name, value in choices.arguments.items() if name != "BASE_IMAGE"}
    yield "\n".join(f"ARG {name}" if name in choices.arguments else f"ARG {name}={value}" for name, value in sorted(values.items()))
    inside = relative(python.source_root.value, part.folder)
    manage = "manage.py" if inside == "." else f"{inside}/manage.py"
    yield f'RUN ["python", "{manage}", "collectstatic", "--noinput"]'
