# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages of ./bootstrap on a machine that lacks something; the good path is what every other test runs in."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what bootstrap reads, with no environment made yet."""
    for name in ("bootstrap", "requirements", "collections", "scripts"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, symlinks=True)
        else:
            shutil.copy(source, tmp_path / name)
    return tmp_path


def run(checkout: Path, *arguments: str, python: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "PLANNOIR_PYTHON": python, "HOME": str(checkout)}
    return subprocess.run([str(checkout / "bootstrap"), *arguments], env=environment, capture_output=True, text=True, check=False)


def interpreter(folder: Path, script: str) -> str:
    """A stand-in for a Python interpreter that answers as ``script`` says."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_no_command_prints_the_usage(checkout: Path) -> None:
    result = run(checkout, python="python3")
    assert result.returncode == 1
    assert "usage: ./bootstrap CMD..." in result.stderr


def test_missing_python_names_the_package(checkout: Path) -> None:
    result = run(checkout, "true", python="no-such-python")
    assert result.returncode == 1
    assert "Python 3.11 or newer was not found; install it (Debian, Ubuntu: apt-get install python3 python3-venv)" in result.stderr


def test_missing_venv_module_names_the_package(checkout: Path) -> None:
    python = interpreter(checkout, 'case "$*" in *ensurepip*) exit 1;; esac')
    result = run(checkout, "true", python=python)
    assert result.returncode == 1
    assert "has no venv module; install it (Debian, Ubuntu: apt-get install python3-venv)" in result.stderr


def test_a_failed_environment_is_not_taken_for_a_whole_one(checkout: Path) -> None:
    python = interpreter(checkout, 'case "$*" in *-m*venv*) mkdir -p .venv; exit 1;; esac')
    assert run(checkout, "true", python=python).returncode == 1
    assert run(checkout, "true", python=python).returncode == 1


VENV = """\
case "$*" in *"-m venv"*) ;; *) exit 0 ;; esac
mkdir -p "$3/bin"
cat >"$3/bin/pip" <<'END'
#!/bin/sh
if [ "$1 $2" = "config get" ]; then sed -n "s|^$3=||p" "$HOME/pip" | tr '~' '\\n' | grep . ; exit; fi
echo "pip $*" >>"$HOME/calls"
END
cat >"$3/bin/uv" <<'END'
#!/bin/sh
env | grep -E '^(UV_|SSL_)' | sort >"$HOME/uv"
echo "uv $*" >>"$HOME/calls"
exit ${UV_FAILS:-0}
END
printf '#!/bin/sh\\n' >"$3/bin/python"
chmod +x "$3"/bin/*
"""
"""A python whose venv has a pip that reads its settings from the file ``pip``, and a uv that writes down its environment."""


def made(checkout: Path, settings: str, **environment: str) -> dict[str, str]:
    """Make the environment with these settings of pip, and return the variables that uv got."""
    (checkout / "pip").write_text(settings, encoding="utf-8")
    done = subprocess.run(
        [str(checkout / "bootstrap"), "true"],
        env={"PATH": "/usr/bin:/bin", "PLANNOIR_PYTHON": interpreter(checkout, VENV), "HOME": str(checkout), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(line.split("=", 1) for line in (checkout / "uv").read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("section", [":env:", "install", "global"])
def test_uv_gets_what_pip_knows_wherever_it_stands(checkout: Path, section: str) -> None:
    options = {
        "index-url": "https://joe:pw@mirror.test/simple",
        "extra-index-url": "~https://a.test/simple~https://b.test/simple",  # several lines in pip's file
        "find-links": "/opt/wheels",
        "cert": "/etc/own.pem",
    }
    given = made(checkout, "".join(f"{section}.{name}={value}\n" for name, value in options.items()))
    assert given["UV_DEFAULT_INDEX"] == options["index-url"]
    assert given["UV_INDEX"].split() == ["https://a.test/simple", "https://b.test/simple"]
    assert given["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert given["UV_FIND_LINKS"] == "/opt/wheels"
    assert given["SSL_CERT_FILE"] == "/etc/own.pem"
    assert "joe:pw" not in (checkout / "calls").read_text(encoding="utf-8")


def test_the_environment_wins_over_install_and_that_over_global(checkout: Path) -> None:
    settings = "global.index-url=https://g.test\ninstall.index-url=https://i.test\n"
    assert made(checkout, settings)["UV_DEFAULT_INDEX"] == "https://i.test"
    (checkout / ".venv/plannoir.stamp").unlink()
    assert made(checkout, settings + ":env:.index-url=https://e.test\n")["UV_DEFAULT_INDEX"] == "https://e.test"


def test_what_a_person_told_uv_stays(checkout: Path) -> None:
    own = {"UV_DEFAULT_INDEX": "https://own.test", "SSL_CERT_FILE": "/own.pem"}
    given = made(checkout, "global.index-url=https://g.test\nglobal.cert=/g.pem\n", **own)
    assert {name: given[name] for name in own} == own


def test_without_settings_uv_gets_none(checkout: Path) -> None:
    assert made(checkout, "") == {"UV_SYSTEM_CERTS": "true", "UV_COMPILE_BYTECODE": "1"}


def test_where_uv_fails_pip_installs_with_its_own_configuration(checkout: Path) -> None:
    made(checkout, "", UV_FAILS="1")
    calls = (checkout / "calls").read_text(encoding="utf-8").splitlines()
    assert calls[-1].startswith("pip install")
    assert calls[-1].endswith("requirements/environment.txt")
    assert calls[-2].startswith("uv pip sync")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "de_DE.UTF-8"}, "C.UTF-8"),
        ({"LC_ALL": "C"}, "C.UTF-8"),
        ({"LC_ALL": "POSIX", "LANG": "de_DE.UTF-8"}, "C.UTF-8"),
        ({"LANG": "C.UTF-8", "LC_TIME": "de_DE.UTF-8"}, "C.UTF-8"),  # setlocale fails on one that is not installed
        ({}, "C.UTF-8"),
        ({"LANG": "C.UTF-8"}, ""),
        ({"LC_ALL": "C.utf8"}, "C.utf8"),
    ],
)
def test_ansible_gets_a_locale_that_it_runs_in(checkout: Path, environment: dict[str, str], expected: str) -> None:
    (checkout / "pip").write_text("", encoding="utf-8")
    base = {"PATH": "/usr/bin:/bin", "PLANNOIR_PYTHON": interpreter(checkout, VENV), "HOME": str(checkout)}
    command = [str(checkout / "bootstrap"), "sh", "-c", 'echo "${LC_ALL:-}"']
    done = subprocess.run(command, env={**base, **environment}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, expected), done.stderr


def test_a_password_client_that_cannot_be_run_is_named(checkout: Path) -> None:
    (checkout / "scripts/vault-password-client").chmod(0o644)
    result = run(checkout, "true", python="python3")
    assert result.returncode == 1
    assert "scripts/vault-password-client may not be executed: chmod +x it" in result.stderr
