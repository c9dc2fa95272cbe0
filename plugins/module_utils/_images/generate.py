# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a source folder says to a Dockerfile: as small as the reference application's own, and of the same parts."""

from __future__ import annotations

from pathlib import Path

from .._core.errors import Failure
from .._detect.folder import Folder
from .._detect.model import Part
from .node_image import node_dockerfile, static_dockerfile
from .python_image import python_dockerfile
from .recipe import Choices, Generated


def generate(part: Part, root: Path, choices: Choices) -> Generated:
    """Return the Dockerfile of a part.

    Args:
        part: What its folder says.
        root: The folder that the part's paths are relative to.
        choices: What a person decided otherwise.

    Raises:
        Failure: No image can be made of it; a sentence for each reason, which begins with the fact.
    """
    if stopped := [
        f"{problem.fact}{f' ({problem.source})' if problem.source else ''}: {problem.text}" for problem in part.problems if problem.stops
    ]:
        raise Failure("\n".join(stopped))
    folder = Folder(root)
    if part.python:
        return python_dockerfile(part, part.python, folder, choices)
    if part.kind.value == "static":
        return static_dockerfile(part, part.node, folder, choices)
    if part.node:
        return node_dockerfile(part, part.node, folder, choices)
    raise Failure(f"a {part.kind.value} is nothing that a Dockerfile can be generated for.")
