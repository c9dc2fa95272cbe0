# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build images side by side, by ``docker buildx build``."""

from __future__ import annotations

import re
import shutil
import tempfile
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._core import process
from .plan import Image, last_lines

PERIOD = 0.1
"""Seconds between two looks at the builds."""
QUIET = 5.0
"""Seconds after which a build is heard of, and again whenever the time has doubled."""


@dataclass(frozen=True)
class Inputs:
    """What every build is given."""

    args: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[Mapping[str, str | None]] = ()
    """Each has an ``id`` and one of ``src`` (a file), ``env`` (a variable of the environment) and ``value``."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Where the docker client finds the engine."""


def build_images(images: Sequence[Image], inputs: Inputs, show: Callable[[str], None]) -> tuple[list[dict[str, Any]], list[str]]:
    """Build images side by side; one that fails ends no other.

    Args:
        images: What is built.
        inputs: What every build is given.
        show: Takes a line of progress.

    Returns:
        Those that were built, each with ``ref`` and ``seconds``, and the problems of the others.
    """
    began = time.monotonic()
    by_name = {image.name: image for image in images}
    due = dict.fromkeys(by_name, QUIET)

    def tell(name: str, text: str) -> None:
        show(f"{time.monotonic() - began:5.0f} s  {name}: {text}")

    def look(name: str, log: Path) -> None:
        if (seconds := time.monotonic() - began) >= due[name]:
            due[name] = 2 * seconds
            tell(name, _step(log.read_text(encoding="utf-8", errors="replace")))

    built: list[dict[str, Any]] = []
    problems: list[str] = []
    with ExitStack() as stack:
        commands = {image.name: _command(image, inputs, stack) for image in images}
        for name, done in process.side_by_side(commands, look, period=PERIOD):
            if done.code:
                problems.append(_failure(by_name[name], done))
                continue
            built.append({"ref": by_name[name].ref, "seconds": round(time.monotonic() - began, 1)})
            tell(name, f"{by_name[name].ref} is built")
    return built, problems


def _command(image: Image, inputs: Inputs, stack: ExitStack) -> process.Command:
    dockerfile = Path(image.dockerfile)
    if image.left_out:
        # BuildKit reads <Dockerfile>.dockerignore beside the Dockerfile, wherever that is; the source folder is left as it is.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="plannoir-build-")))
        dockerfile = Path(shutil.copy(image.dockerfile, folder / "Dockerfile"))
        ignored = Path(image.ignore_file).read_bytes() if image.ignore_file else b""
        (folder / "Dockerfile.dockerignore").write_bytes(b"\n".join([ignored, *(pattern.encode() for pattern in image.left_out), b""]))
    secrets, environment = _secrets(inputs.secrets)
    argv = [
        *("docker", "buildx", "build", "--progress=plain", f"--tag={image.ref}", f"--file={dockerfile}"),
        *(f"--build-arg={name}={value}" for name, value in {**inputs.args, **image.args}.items()),
        *(f"--label={name}={value}" for name, value in inputs.labels.items()),
        *([f"--target={image.target}"] if image.target else []),
        *(["--no-cache"] if image.fresh else []),
        *(["--pull"] if image.pull else []),
        *(f"--secret={secret}" for secret in secrets),
        *("--", image.context),
    ]
    return process.Command(argv, environment={**inputs.environment, **environment})


def _secrets(secrets: Sequence[Mapping[str, str | None]]) -> tuple[list[str], dict[str, str]]:
    """Return the options' values, and the variables that hold what no command line may show."""
    options, variables = [], {}
    for number, secret in enumerate(secrets):
        if secret.get("src"):
            # Its words are separated by commas, as in a line of CSV.
            source = str(secret["src"]).replace('"', '""')
            options.append(f'id={secret["id"]},type=file,"src={source}"')
            continue
        variable = secret.get("env") or f"PLANNOIR_BUILD_SECRET_{number}"
        if secret.get("value") is not None:
            variables[variable] = str(secret["value"])
        options.append(f"id={secret['id']},type=env,env={variable}")
    return options, variables


def _step(log: str) -> str:
    """Return the step of a Dockerfile that a plain progress log tells last."""
    steps: list[str] = re.findall(r"^#\d+ (\[.+)$", log, re.MULTILINE)
    return textwrap.shorten(steps[-1], 100) if steps else "it begins"


def _failure(image: Image, done: process.Completed) -> str:
    if done.code == process.NOT_FOUND:
        return f"The image of component {image.name} could not be built: docker cannot be run ({done.err}). Install it, or put it on PATH."
    return (
        f"The image of component {image.name} could not be built from {image.dockerfile}. The end of its log:\n\n{last_lines(done.out)}\n\n"
        f"Mend what it names in {image.context} and run the same command again; the images that are done are kept."
        f"{_of_generated(done.out) if image.generated else ''}"
    )


def _of_generated(log: str) -> str:
    own = " The Dockerfile was generated: one of your own in that folder is used instead."
    if any(words in log for words in ("subprocess-exited-with-error", "Failed to build")):  # pip's words, and uv's
        own += (
            " A package had to be compiled, which has no wheel for this Python: raise its version, or take an older Python with "
            "build.python, such as 3.11."
        )
    return own
