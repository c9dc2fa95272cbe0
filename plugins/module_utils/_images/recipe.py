# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts that generated Dockerfiles are made of."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .build_files import DEBIAN_SCRIPT

USER = "10001"
"""Number of the user that a generated image runs as."""

ROOT_PACKAGES = ("base-files", "libc6", "tzdata", "ca-certificates", "libstdc++6", "libgcc-s1", "gcc-14-base")
"""What every root file system holds: a wheel or an addon of C++ finds its library there."""

CA = "--mount=type=secret,id=ca,required=false"
PIP = f"{CA} --mount=type=secret,id=pip.conf,required=false --mount=type=cache,target=/root/.cache/pip"
NPM = f"{CA} --mount=type=secret,id=npmrc,required=false --mount=type=cache,target=/root/.npm"

IGNORED = (
    *("**/.git", "**/.hg", "**/.svn", "**/.github", "**/.gitlab", "**/.vscode", "**/.idea", "**/.DS_Store"),
    *("**/.env", "**/.env.*", "**/.envrc", "**/node_modules", "**/bower_components", "**/.venv", "**/venv"),
    *(
        "**/__pycache__",
        "**/*.pyc",
        "**/.pytest_cache",
        "**/.mypy_cache",
        "**/.ruff_cache",
        "**/.tox",
        "**/.nox",
        "**/.coverage",
        "**/htmlcov",
    ),
    *("**/.next", "**/.turbo", "**/.svelte-kit", "**/.nuxt", "**/.output", "**/.parcel-cache", "**/.vite", "**/.cache", "**/*.tsbuildinfo"),
    *("**/Dockerfile*", "**/*.Dockerfile", "**/.dockerignore", "**/compose*.y*ml", "**/docker-compose*.y*ml"),
)
"""What never enters the context of a generated Dockerfile: credentials, histories, and what tools made on another machine."""


@dataclass(frozen=True)
class Choices:
    """What a person decided otherwise than the source folder says: build arguments, a Python, a Node.js."""

    arguments: Mapping[str, str] = field(default_factory=dict)
    python: str = ""
    node: str = ""


@dataclass(frozen=True)
class Generated:
    """A Dockerfile, and what belongs to it.

    Attributes:
        dockerfile: Its text.
        ignore: The text of the ignore file beside it.
        context: The folder that it is built from, relative to the root.
        notes: What a person should know.
        offer: What a person can write where the image that it starts from cannot be had.
    """

    dockerfile: str
    ignore: str
    context: str
    notes: tuple[str, ...] = ()
    offer: str = ""


def stage(base: str, name: str, *steps: str) -> str:
    """Return a build stage; the last one has no name."""
    return "\n".join([f"FROM {base}{f' AS {name}' if name else ''}", *filter(None, steps)]) + "\n"


def dockerfile(title: str, *stages: str) -> str:
    """Return a Dockerfile that says what it is for."""
    head = f"# {title}\n# Written by plannoir.deploy from what the source folder says.\nARG BASE_IMAGE=debian:trixie-slim\n"
    return "\n".join([head, *filter(None, stages)])


def files(contents: Mapping[str, str]) -> str:
    """Return a stage with files that are no part of the source."""
    return stage("scratch", "files", *(heredoc(f"/{name}", text) for name, text in {"debian.sh": DEBIAN_SCRIPT, **contents}.items()))


def heredoc(path: str, text: str) -> str:
    """Return an instruction that writes a file."""
    mark = "END"
    while f"\n{mark}\n" in f"\n{text}":
        mark += "_"
    return f"COPY <<'{mark}' {path}\n{text.rstrip()}\n{mark}"


FILES = "COPY --from=files / /docker/"
"""Brings them into a stage."""


def script(*words: str) -> str:
    """Return a call of debian.sh."""
    return f"sh /docker/debian.sh {' '.join(words)}"


def run(mounts: str, *commands: str) -> str:
    """Return an instruction that runs commands, each when the former one succeeded."""
    return f"RUN {mounts} \\\n    " + " \\\n && ".join(commands) if mounts else "RUN " + " \\\n && ".join(commands)


def copies(paths: Iterable[str]) -> str:
    """Return instructions that copy files and folders to where they are in the context, those of a folder in one."""
    folders: dict[str, list[str]] = {}
    single = []
    for path in dict.fromkeys(paths):
        if path.endswith("/"):
            single.append(f"COPY {_quoted([path, f'./{path}'])}")
        else:
            folders.setdefault(posixpath.dirname(path), []).append(path)
    return "\n".join([*(f"COPY {_quoted([*found, f'./{folder}/' if folder else './'])}" for folder, found in folders.items()), *single])


def _quoted(words: Sequence[str]) -> str:
    return json.dumps(words) if any(" " in word for word in words) else " ".join(words)


def arguments(choices: Choices) -> str:
    """Return the declarations of the build arguments that a person gives: variables of the build."""
    return "\n".join(f"ARG {name}" for name in sorted(choices.arguments) if name != "BASE_IMAGE")


def environment(variables: Mapping[str, str]) -> str:
    """Return the instruction that sets variables of the process."""
    return "ENV " + " \\\n    ".join(f"{name}={value}" for name, value in variables.items())


def command(words: Sequence[str]) -> str:
    """Return the process of the image, which no shell starts."""
    return f"CMD {json.dumps(list(words))}"


def expose(port: int) -> str:
    """Return the port that the process listens on; nothing for none."""
    return f"EXPOSE {port}" if port else ""


def ignore_text(own: str, needed: Iterable[str]) -> str:
    """Return an ignore file: what the folder's own one says, except that what the build needs by name stays, and what no image gets."""
    lines = [line for line in own.splitlines() if line.strip() and not line.startswith("#")]
    kept = [f"!{path.rstrip('/')}" for path in needed] if lines else []
    return "\n".join([*lines, *kept, *IGNORED]) + "\n"
