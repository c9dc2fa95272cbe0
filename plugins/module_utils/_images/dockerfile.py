# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Dockerfile takes from its build context, as BuildKit does: the sources of COPY, ADD and bind mounts of the stages that are built.

Where it cannot be told for certain (a variable, another frontend, a pattern that crosses folders), the whole context counts.
Source of the rules: moby/buildkit, frontend/dockerfile (parser, instructions, dockerfile2llb); docs.docker.com/reference/dockerfile.
"""

from __future__ import annotations

import fnmatch
import json
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

OFFICIAL_FRONTENDS = re.compile(r"(?:docker\.io/)?docker/dockerfile(?:-upstream)?(?:[:@].*)?", re.IGNORECASE)
"""Other frontends (``# syntax=``) may read whatever they like."""

_DIRECTIVE = re.compile(r"#\s*(\w+)\s*=\s*(.*\S)\s*")
_HEREDOC = re.compile(r"""(?<!\S)\d*<<(-?)(["']?)([^\s"'<>]+)\2(?!\S)""")
_UNCERTAIN = re.compile(r"""[$\\"'\[]|\*\*""")
_FROM_ELSEWHERE = re.compile(r"(?:https?|git|ssh)://|git@", re.IGNORECASE)
_WHERE_HEREDOCS_ARE = ("RUN", "COPY", "ADD")


@dataclass
class Instruction:
    """An instruction: its name in capitals, its flags without their dashes, and the rest of its line."""

    name: str
    flags: list[str]
    text: str

    def words(self) -> list[str]:
        """Return the arguments: a JSON list's elements, or what blanks separate."""
        if self.text.startswith("["):
            try:
                return [str(word) for word in json.loads(self.text)]
            except ValueError:
                pass
        return self.text.split()

    def flag(self, name: str) -> str | None:
        """Return a flag's value; empty when it stands alone, nothing when it is not there."""
        values = [flag.partition("=")[2] for flag in self.flags if flag.partition("=")[0] == name]
        return values[-1] if values else None


@dataclass
class Stage:
    """A build stage, from its FROM to the next."""

    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)


@dataclass(frozen=True)
class Dockerfile:
    """What a Dockerfile says."""

    syntax: str
    arguments: dict[str, str | None]
    """Defaults of the ARG instructions before the first FROM."""
    stages: list[Stage]


def parse_dockerfile(content: bytes) -> Dockerfile:
    """Read a Dockerfile; what BuildKit would refuse is left to it."""
    lines = [line.rstrip("\r") for line in content.decode("utf-8-sig", "replace").split("\n")]
    directives: dict[str, str] = {}
    for line in lines:
        match = _DIRECTIVE.fullmatch(line.strip())
        if not match or match[1].lower() in directives:
            break
        directives[match[1].lower()] = match[2]
    arguments: dict[str, str | None] = {}
    stages: list[Stage] = []
    for instruction in _instructions(lines, directives.get("escape", "\\")):
        words = instruction.words()
        if instruction.name == "FROM" and words:
            name = words[2] if len(words) > 2 and words[1].lower() == "as" else ""
            stages.append(Stage(words[0], name.lower()))
        elif stages:
            stages[-1].instructions.append(instruction)
        elif instruction.name == "ARG":
            for word in words:
                key, is_set, value = word.strip("\"'").partition("=")
                arguments[key] = value.strip("\"'") if is_set else None
    return Dockerfile(directives.get("syntax", ""), arguments, stages)


def _instructions(lines: Sequence[str], escape: str) -> Iterator[Instruction]:
    continues = re.compile(re.escape(escape) + r"[ \t]*$")
    number = 0
    while number < len(lines):
        whole, is_open = "", False
        while number < len(lines):
            line = lines[number]
            number += 1
            if line.strip() and not line.lstrip().startswith("#"):  # also between the lines of one instruction
                end = continues.search(line)
                whole += line[: end.start()] if end else line
                is_open = bool(end)
            if not is_open:
                break
        if not whole.strip():
            continue
        instruction = _instruction(whole.strip())
        if instruction.name in _WHERE_HEREDOCS_ARE:
            for heredoc in _HEREDOC.finditer(instruction.text):
                body = [line.lstrip("\t") if heredoc[1] else line for line in lines[number:]]
                if heredoc[3] in body:
                    number += body.index(heredoc[3]) + 1
        yield instruction


def _instruction(line: str) -> Instruction:
    name, _dummy, text = line.partition(" ") if " " in line else line.partition("\t")
    text = text.strip()
    flags = []
    while match := re.match(r"--(\S+)\s*", text):
        flags.append(match[1])
        text = text[match.end() :]
    return _instruction(text) if name.upper() == "ONBUILD" else Instruction(name.upper(), flags, text)


class Reach:
    """The paths of a context that a build can see."""

    def __init__(self, sources: Sequence[str] | None = None) -> None:
        """Take paths or patterns, relative to the context and clean; None means all of it."""
        self._sources = (
            None if sources is None else [[re.compile(fnmatch.translate(name)) for name in source.split("/")] for source in sources]
        )

    def holds(self, path: str) -> bool:
        """Tell whether a path is copied, by its own name or within a folder that is."""
        return self._sources is None or any(depth <= 0 for depth in self._depths(path))

    def leads_through(self, path: str) -> bool:
        """Tell whether a source is this path, or something below it."""
        return self._sources is not None and any(depth >= 0 for depth in self._depths(path))

    def _depths(self, path: str) -> Iterator[int]:
        """Yield, for each source on the way of which the path lies, how many names of the source are left beyond the path."""
        names = path.split("/")
        for source in self._sources or ():
            if all(part.match(name) for part, name in zip(source, names, strict=False)):
                yield len(source) - len(names)


ALL = Reach()


def reach(dockerfile: Dockerfile, target: str) -> Reach:
    """Return what of its context a Dockerfile can see when the stage ``target`` is built, the last one if that is empty."""
    if not dockerfile.stages or (dockerfile.syntax and not OFFICIAL_FRONTENDS.fullmatch(dockerfile.syntax)):
        return ALL
    sources: list[str] = []
    for stage in built_stages(dockerfile, target):
        if "onbuild" in stage.base:
            return ALL
        for instruction in stage.instructions:
            for source in _sources(instruction):
                if _UNCERTAIN.search(source):
                    return ALL
                path = _clean(source)
                if not path:
                    return ALL
                sources.append(path)
    return Reach(sources)


def built_stages(dockerfile: Dockerfile, target: str) -> list[Stage]:
    """Return the stages that ``target`` needs; all of them where a variable names one."""
    stages = dockerfile.stages
    if not stages:
        return []
    wanted = len(stages) - 1 if not target else _index(stages, target, len(stages))
    if wanted is None:
        return stages
    needed: set[int] = set()
    left = [wanted]
    while left:
        index = left.pop()
        if index in needed:
            continue
        needed.add(index)
        for name in images_named(stages[index]):
            if "$" in name:
                return stages
            found = _index(stages, name, index)
            if found is not None:
                left.append(found)
    return [stages[index] for index in sorted(needed)]


def named_sources(dockerfile: Dockerfile, target: str) -> list[str]:
    """Return the paths that are copied from the context by their own names, relative to it and clean."""
    given = (source for stage in built_stages(dockerfile, target) for entry in stage.instructions for source in _sources(entry))
    return [_clean(source) for source in given if not _UNCERTAIN.search(source) and not re.search(r"[*?]", source)]


def _clean(source: str) -> str:
    return posixpath.normpath("/" + source.lstrip("/")).lstrip("/")


def images_named(stage: Stage) -> list[str]:
    """Return what a stage starts from and copies from: stages or images."""
    return [stage.base, *(name for instruction in stage.instructions for name in _stage_names(instruction))]


def commands(dockerfile: Dockerfile, target: str) -> set[str]:
    """Return the words of the ENTRYPOINT and CMD instructions that the stage ``target`` may start."""
    named = (instruction for stage in built_stages(dockerfile, target) for instruction in stage.instructions)
    return {word for instruction in named if instruction.name in ("ENTRYPOINT", "CMD") for word in instruction.words()}


def _index(stages: Sequence[Stage], name: str, before: int) -> int | None:
    """Return the last stage of this name, or number, that stands before another one; nothing for an image."""
    found = [index for index, stage in enumerate(stages[:before]) if stage.name == name.lower()]
    if found:
        return found[-1]
    return int(name) if name.isdecimal() and int(name) < before else None


def _stage_names(instruction: Instruction) -> Iterator[str]:
    if instruction.name in ("COPY", "ADD"):
        yield from filter(None, [instruction.flag("from")])
    if instruction.name == "RUN":
        yield from filter(None, (mount.get("from") for mount in _mounts(instruction)))


def _mounts(instruction: Instruction) -> Iterator[dict[str, str]]:
    for flag in instruction.flags:
        name, _dummy, value = flag.partition("=")
        if name == "mount":
            yield {key: text for key, _dummy, text in (part.partition("=") for part in value.split(","))}


def _sources(instruction: Instruction) -> Iterator[str]:
    """Yield what an instruction takes from the context."""
    if instruction.name in ("COPY", "ADD") and instruction.flag("from") is None:
        words = instruction.words()[:-1]
        if instruction.flag("parents") is not None:
            words = ["."]  # folders above what is copied come along
        for word in words:
            if not _HEREDOC.fullmatch(word) and not _FROM_ELSEWHERE.match(word):
                yield word
    if instruction.name == "RUN":
        for mount in _mounts(instruction):
            if mount.get("type", "bind") == "bind" and "from" not in mount:
                yield mount.get("source") or mount.get("src") or "."
