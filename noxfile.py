# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All checks of the checkout: ``./bootstrap nox`` runs the default sessions, ``./bootstrap nox -l`` lists them."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path

import nox
import yaml
from nox.command import CommandFailed

nox.options.default_venv_backend = "none"
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["lint", "sanity", "plain", "unit", "apps_python", "apps_frontend", "charts", "molecule"]

ROOT = Path(__file__).parent
OURS = {"PYTHONPATH": str(ROOT / "collections")}
"""For programs of this checkout that use the collection."""
PYTHON_APPS = [
    str(project.parent.relative_to(ROOT))
    for project in sorted([*ROOT.glob("apps/*/pyproject.toml"), *ROOT.glob("roles/services/files/*/pyproject.toml")])
]
# ansible-test wants this installer from a host that only some networks reach; ours uses the interpreter's own pip.
GET_PIP = """
import subprocess, sys
subprocess.run([sys.executable, "-m", "ensurepip"], check=True)
names = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
subprocess.run([sys.executable, "-m", "pip", "install", *names], check=True)
"""


def need_package(session: nox.Session, program: str, package: str) -> None:
    """Install a Debian package when ``program`` (a name on PATH or a glob below /) is missing, or end the session."""
    if shutil.which(program) or any(Path("/").glob(program.lstrip("/"))):
        return
    install = ["apt-get", "install", "--yes", "--no-install-recommends", package]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        session.error(f"{program} is missing; install it (Debian, Ubuntu: {' '.join(install)}).")
    session.run("apt-get", "update", "--quiet", external=True)
    session.run(*install, external=True, env={"DEBIAN_FRONTEND": "noninteractive"})


def toolchain(session: nox.Session) -> None:
    """Bring the engine and the toolchain (helm, kubectl, minikube) up; nothing happens where they are there."""
    session.run("ansible-playbook", "playbooks/toolchain.yml")


@nox.session
def lint(session: nox.Session) -> None:
    """Format, types and style of Python, YAML, Ansible and shell."""
    session.run("pre-commit", "run", "--all-files")
    session.run("mypy", "noxfile.py", "bench", "scripts", "tests")
    session.run("mypy", "molecule/default/tests")
    session.run("mypy", "-p", "ansible_collections.plannoir.deploy.plugins")
    session.run("ansible-lint")


@nox.session
def sanity(session: nox.Session) -> None:
    """ansible-test sanity on the built and installed collection."""
    cache = Path.home() / ".ansible/test/cache"
    cache.mkdir(parents=True, exist_ok=True)
    installer = cache / "get_pip_24_2.py"
    installer.write_text(GET_PIP, encoding="utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        session.run("ansible-galaxy", "collection", "build", "--output-path", scratch)
        archive = next(Path(scratch).glob("plannoir-deploy-*.tar.gz"))
        session.run("ansible-galaxy", "collection", "install", "--force", "--no-deps", "--collections-path", scratch, str(archive))
        session.chdir(Path(scratch) / "ansible_collections/plannoir/deploy")
        session.run("ansible-test", "sanity", "--color=no", "--truncate=0", f"--python={platform.python_version().rsplit('.', 1)[0]}")


def plain_python() -> str:
    """Return a Python 3.12 or newer, which the current ansible package asks for: from PATH, pyenv or uv; or nothing."""
    on_path = [f"python3.{minor}" for minor in range(20, 11, -1)] + ["python3"]
    installed = [
        str(path) for root in (".pyenv/versions", ".local/share/uv/python") for path in Path.home().glob(f"{root}/*3.*/bin/python3")
    ]
    for candidate in [*on_path, *sorted(installed)]:
        program = shutil.which(candidate)
        asks = "import sys, venv; sys.exit(sys.version_info < (3, 12))"
        if program and subprocess.run([program, "-c", asks], capture_output=True, check=False).returncode == 0:
            return program
    return ""


@nox.session
def plain(session: nox.Session) -> None:
    """Plain Ansible, without bootstrap: the commands as typed in a clean copy, and README's playbook in an empty project."""
    python = plain_python()
    if not python:
        session.skip("Python 3.12 or newer was found neither on PATH nor among pyenv's and uv's: install it (Debian: python3.13).")
    release = re.search(r"^ansible==(\d+\.\d+)", (ROOT / "requirements/collections.txt").read_text(encoding="utf-8"), re.MULTILINE)
    playbook = re.search(r"```yaml\n# deploy\.yml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    if not release or not playbook:
        session.error("requirements/collections.txt pins no ansible, or README.md has no deploy.yml.")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        session.run("uv", "venv", "--quiet", f"--python={python}", str(scratch / "venv"))
        packages = (f"ansible~={release[1]}", "molecule~=26.10")
        session.run("uv", "pip", "install", "--quiet", f"--python={scratch / 'venv'}", *packages)
        ours = str(Path(sys.executable).parent)
        path = [str(scratch / "venv/bin"), *(entry for entry in os.environ["PATH"].split(os.pathsep) if entry != ours)]
        env = {
            "PATH": os.pathsep.join(path),
            "EDITOR": "true",
            "VIRTUAL_ENV": None,
            "ANSIBLE_CONFIG": None,
            "ANSIBLE_COLLECTIONS_PATH": None,
        }

        def typed(program: str, *arguments: str) -> None:
            # nox itself would look for it in its own environment first.
            found = shutil.which(program, path=env["PATH"]) or session.error(f"{program} is not in the environment that was made.")
            session.run(found, *arguments, env=env, external=True)

        copy = scratch / "copy"
        typed("git", "init", "--quiet", str(copy))  # molecule looks for .config/molecule in the repository's root
        listed = session.run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", external=True, silent=True, log=False)
        for name in filter(os.path.lexists, str(listed).split("\0")):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, copy / name, follow_symlinks=False)
        session.chdir(copy)
        typed("ansible-playbook", "site.yml", "--check")
        vault = Path("group_vars/all/vault.yml")
        vault.write_text("vault_seen: plain\n", encoding="utf-8")
        typed("ansible-vault", "encrypt", str(vault))
        typed("ansible-vault", "view", str(vault))
        typed("ansible-vault", "edit", str(vault))
        # The session molecule runs the rest of `molecule test`.
        typed("molecule", "syntax")

        typed("ansible-galaxy", "collection", "build", f"--output-path={scratch}")
        project = scratch / "project"
        (project / "web").mkdir(parents=True)
        (project / "web/Dockerfile").write_text("ARG BASE_IMAGE=debian:trixie-slim\nFROM ${BASE_IMAGE}\nUSER 1000\n", encoding="utf-8")
        (project / "deploy.yml").write_text(playbook[1], encoding="utf-8")
        session.chdir(project)
        tarball = str(next(scratch.glob("plannoir-deploy-*.tar.gz")))
        typed("ansible-galaxy", "collection", "install", "--no-deps", "--collections-path=collections", tarball)
        typed("ansible-playbook", "deploy.yml", "--syntax-check")
        typed("ansible-playbook", "deploy.yml", "--check")


@nox.session
def unit(session: nox.Session) -> None:
    """Unit tests of the modules, filters and scripts."""
    session.run("pytest", "--numprocesses=auto", "--dist=loadfile", "tests/unit", *session.posargs)


@nox.session(venv_backend="uv")
@nox.parametrize("app", PYTHON_APPS)
def apps_python(session: nox.Session, app: str) -> None:
    """The Python applications' own tests, against a real PostgreSQL."""
    need_package(session, "/usr/lib/postgresql/*/bin/initdb", "postgresql")
    session.chdir(ROOT / app)
    session.install("--require-hashes", "-r", "requirements-dev.txt")
    session.run("ruff", "check", external=True)
    session.run("python", "-m", "mypy", ".")
    session.run("python", "-m", "pytest", "-q")


@nox.session
def apps_frontend(session: nox.Session) -> None:
    """The frontend's lint, types, unit tests."""
    session.chdir(ROOT / "apps/frontend")
    session.run("npm", "ci", "--no-audit", "--no-fund", external=True)
    for script in ("lint", "typecheck", "test"):
        session.run("npm", "run", script, external=True)


@nox.session(default=False)
def apps(session: nox.Session) -> None:
    """The reference applications' own tests."""
    session.notify("apps_python")
    session.notify("apps_frontend")


@nox.session
def charts(session: nox.Session) -> None:
    """Charts: strict lint with every set of values, rendering."""
    toolchain(session)
    session.run("helm", "lint", "--strict", "charts/plannoir", external=True)
    session.run("pytest", "tests/charts", *session.posargs)


@nox.session
def molecule(session: nox.Session) -> None:
    """The whole way on a real cluster of its own."""
    need_package(session, "chromium", "chromium")
    stories(session)


@nox.session(default=False)
def faults(session: nox.Session) -> None:
    """Deployments that fail, runs that meet and runs that are killed, on molecule's cluster: the stories that take long."""
    stories(session, PLANNOIR_STORIES="faults")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Seconds of the second run, of edits and of answers, on molecule's cluster: docs/performance.md; ``-- 2`` for 2 rounds."""
    session.run("molecule", "converge", "--scenario-name", "default")
    try:
        session.run("python", "-m", "bench", *session.posargs, env=OURS)
        session.notify("docs")  # wraps what was written
    finally:
        session.run("molecule", "destroy", "--scenario-name", "default")


def stories(session: nox.Session, **environment: str) -> None:
    """Run molecule's scenario, and name the stories that failed last."""
    report = ROOT / ".cache/molecule/stories.xml"  # .config/molecule/config.yml has it written
    report.unlink(missing_ok=True)
    try:
        session.run("molecule", "test", "--scenario-name", "default", *session.posargs, env=environment)
    except CommandFailed:
        # The removal of the cluster comes after the stories' own summary and hides it.
        cases = xml.etree.ElementTree.parse(report).iter("testcase") if report.exists() else []
        failures = [
            f"{case.get('name')}: {(failure.get('message') or '').partition(chr(10))[0]}"
            for case in cases
            for failure in case
            if failure.tag in ("failure", "error")
        ]
        session.error("\n".join(["The cluster's stories failed; their causes stand further up.", *failures]))


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Lock the environment again; ``-- --upgrade`` takes newer versions."""
    options = [
        "--quiet",
        "--universal",
        "--python-version=3.11",
        "--generate-hashes",
        "--no-emit-index-url",
        "--no-header",
    ]
    for name in ("uv", "environment"):
        lock_file = f"requirements/{name}.txt"
        session.run("uv", "pip", "compile", *options, *session.posargs, f"requirements/{name}.in", "--output-file", lock_file)
    for node in sorted((ROOT / "roles/images/files").glob("node-*.in")):
        session.run("uv", "pip", "compile", *options, *session.posargs, str(node), "--output-file", str(node.with_suffix(".txt")))


@nox.session(default=False)
def changelog(session: nox.Session) -> None:
    """Write CHANGELOG.md from the fragments of the version that galaxy.yml names."""
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    session.run("antsibull-changelog", "release", f"--version={version}", "--update-existing", "--refresh-fragments")


@nox.session(default=False)
def detect(session: nox.Session) -> None:
    """What is found in the applications of tests/fixtures/apps: a table; ``-- --write [NAME]`` writes their snapshots anew."""
    session.run("python", "-m", "scripts.detect", *session.posargs, env=OURS)


@nox.session(default=False)
def apps_any(session: nox.Session) -> None:
    """Fixtures of tests/fixtures/answers.yml, adopted, deployed, asked and removed on a cluster of their own; ``-- NAME`` only those."""
    session.run("python", "-m", "scripts.apps_any", *session.posargs, env=OURS)


@nox.session(default=False)
def nodes(session: nox.Session) -> None:
    """The reference application on three nodes with containerd and a registry: ``-- killed`` tries a part, ``-- --one`` one such node."""
    session.run("python", "-m", "scripts.nodes", *session.posargs, env=OURS)


@nox.session(name="raise", default=False)
def raise_version(session: nox.Session) -> None:
    """Raise the version of a program that the toolchain pins; ``-- etcd v3.6.8``."""
    session.run("python", "-m", "scripts.raise_version", *session.posargs, env=OURS)


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Write every generated file again."""
    session.run("python", "-m", "scripts.generated", env=OURS)
