# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Content-digest tags for source folders, what of them an engine lacks, and which tags are superseded."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._component.spec import BUILD_SPEC, with_texts
from .._core import authorities
from .._core.docker import Docker
from .._core.docker_client import settings_file
from .._core.errors import Failure
from .._core.hosts import is_loopback
from .._core.labels import REFRESH
from .._core.references import DOCKER_HUB, registry
from .._toolchain.pins import BASE_IMAGE
from .context import ignore_file, is_left_out, read_context
from .dockerfile import Dockerfile, Reach, commands, named_sources, parse_dockerfile, reach
from .ignore import IgnoreFileError
from .registries import bases, unreachable
from .source import Source, source_of
from .tags import repository

DIGEST_LENGTH = 12
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
"""Build arguments that BuildKit knows without an ARG, and keeps out of the image and its cache."""

LOCAL_AUTHORITIES = ("/usr/local/share/ca-certificates", "/etc/pki/ca-trust/source/anchors")
"""Where an administrator puts certificates that the distribution does not bring (Debian, Fedora)."""


@dataclass(frozen=True)
class Image:
    """An image to be built from a folder; its tag says what goes into it."""

    name: str
    ref: str
    context: str
    dockerfile: str
    args: dict[str, str]
    target: str
    files: int
    size: int
    """Bytes of the context."""
    windows_scripts: list[str]
    """Entry points with Windows line ends, which Linux cannot start."""
    left_out: list[str]
    """Patterns of an ignore file, for what no image gets."""
    ignore_file: str
    """The ignore file that counts; empty where there is none."""
    bases: list[str]
    """Images that it is made from, as far as they can be told."""
    generated: bool = False
    """Whether its Dockerfile is generated from what the folder says."""
    notes: tuple[str, ...] = ()
    """What a person should know of the generated one."""
    offer: str = ""
    """What a person can write where an image that it is made from cannot be had."""
    exists: bool = False
    fresh: bool = False
    """Whether it is built without the layers of former builds."""
    pull: bool = False
    """Whether the images that it is made from are pulled again."""

    def environment_files(self) -> list[str]:
        """Return the .env files of the context, which no image gets; a generated ignore file names them, too."""
        kept_out = [path for path in self.left_out if Path(path).name.startswith(".env")]
        own = [path.name for path in Path(self.context).glob(".env*") if is_left_out(str(path), is_folder=False)] if self.generated else []
        return kept_out or sorted(own)

    def result(self) -> dict[str, Any]:
        """Return the fields for a module's result."""
        return asdict(self)


@dataclass(frozen=True)
class Base:
    """The image that Dockerfiles with ``ARG BASE_IMAGE`` start from, when that has no default or the Debian that this one is.

    An empty reference leaves all of them their own default.
    """

    ref: str = ""
    id: str = ""

    def serves(self, dockerfile: Dockerfile) -> bool:
        """Tell whether a Dockerfile asks for it; an argument of that name which means another image is the author's own."""
        return bool(self.ref) and dockerfile.arguments.get("BASE_IMAGE", "-") in (None, "", *_spellings(self.ref), *_spellings(BASE_IMAGE))


def _spellings(ref: str) -> list[str]:
    return [f"{registry}{ref}" for registry in ("", "library/", "docker.io/", "docker.io/library/")]


def plan_images(
    builds: Mapping[str, Any], app_name: str, root: Path, base: Base, context_limit: int, refresh: str = "", registry: str = ""
) -> tuple[list[Image], list[str]]:
    """Compute the tag of every image.

    Args:
        builds: ``BUILD_SPEC`` by component name.
        app_name: First part of the references.
        root: Folder that relative contexts are relative to.
        base: The image for ``ARG BASE_IMAGE``.
        context_limit: Bytes; a larger context is a problem, because it usually holds what no image needs.
        refresh: Part of every tag, so that another text builds everything anew.
        registry: Where they are pushed to; empty for none.

    Returns:
        The images and the problems, a sentence each.
    """
    images: list[Image] = []
    problems: list[str] = []
    for name, raw in builds.items():
        checked = ArgumentSpecValidator(BUILD_SPEC).validate(with_texts(raw, BUILD_SPEC))
        if checked.error_messages:
            problems += [f"Component {name}: build: {message}." for message in checked.error_messages]
            continue
        build = checked.validated_parameters
        try:
            source = source_of(build, root)
        except Failure as error:
            problems += not_generated(name, build, str(error))
            continue
        problem = _missing(source.context, source.dockerfile)
        if not problem:
            try:
                image = _image(_repository_of(app_name, name, registry), name, source, build, base, refresh)
            except OSError as error:
                problem = f"{error.filename} cannot be read ({error.strerror}): mend its permissions or name it in .dockerignore."
            except IgnoreFileError as error:
                problem = str(error)
            else:
                images.append(image)
                problem = _copied(image, build["target"]) or _too_large(image, context_limit)
        if problem:
            problems.append(f"Component {name}: {problem}")
    return images, problems


def migration_sources(components: Sequence[Mapping[str, Any]], root: Path) -> tuple[dict[str, str], list[str]]:
    """Digest what migrations run from.

    Args:
        components: As ``load_components`` returns them.
        root: Folder that relative contexts are relative to.

    Returns:
        The digest by component, of those that name ``migration.sources``, and the problems, a sentence each.
    """
    digests: dict[str, str] = {}
    problems: list[str] = []
    for component in components:
        paths, build = (component["migration"] or {}).get("sources"), component["build"]
        if not paths or not build:
            continue
        try:
            source = source_of(build, root)
        except Failure:
            continue  # that is said where images are planned, as is a missing folder
        if not source.folder.is_dir():
            continue
        context, inner = source.context, os.path.relpath(source.folder.resolve(), source.context.resolve())
        contents = []
        for path in paths:
            try:
                content = read_context(context, source.dockerfile, Reach([normpath(f"{inner}/{path}")]))
            except (OSError, IgnoreFileError) as error:
                problems.append(f"{component['name']}.migration.sources: {path} of {context} cannot be read ({error}).")
                continue
            contents.append(f"{path} {content.digest}")
            if not content.files:
                problems.append(
                    f"{component['name']}.migration.sources names {path}, of which the build of {context} gets no file: correct it "
                    "(paths are relative to build.context, and .dockerignore counts)."
                )
        digests[component["name"]] = hashlib.sha256("\n".join(contents).encode()).hexdigest()[:16]
    return digests, problems


def _repository_of(app_name: str, component: str, registry: str) -> str:
    # Docker Hub has one level of names below an account.
    return f"{registry}/{app_name}-{component}" if registry else f"{app_name}/{component}"


def _missing(context: Path, dockerfile: Path) -> str:
    if not context.is_dir():
        return f"the source folder {context} does not exist: correct build.context (relative folders are relative to app_root)."
    if not dockerfile.is_file():
        return f"there is no Dockerfile {dockerfile}: write one, or name it in build.dockerfile (relative to the context, or absolute)."
    return ""


def _too_large(image: Image, limit: int) -> str:
    if image.size <= limit:
        return ""
    return (
        f"the build context {image.context} has {image.size / 2**20:.0f} MiB in {image.files} files, more than images_context_limit "
        f"({limit / 2**20:.0f} MiB): name in .dockerignore what the image does not need, such as node_modules, or raise the limit."
    )


def _copied(image: Image, target: str) -> str:
    """Say that the Dockerfile copies by name what no image gets."""
    named = named_sources(parse_dockerfile(Path(image.dockerfile).read_bytes()), target)
    found = [name for name in named if any(_is_left_out(image, str(path)) for path in (name, *PurePosixPath(name).parents))]
    if not found:
        return ""
    return (
        f"{image.dockerfile} copies {', '.join(found)}, which never enters an image: give what it needs of a .env file in env, secret_env "
        "or build.args, install packages by RUN, and take a version from build.args, and remove it from the COPY instruction."
    )


def _is_left_out(image: Image, path: str) -> bool:
    whole = Path(image.context, path)
    return path != "." and is_left_out(str(whole), is_folder=whole.is_dir())


def not_generated(name: str, build: Mapping[str, Any], reasons: str) -> list[str]:
    """Return a sentence for each reason for which no Dockerfile can be generated for a component."""
    otherwise = "" if build.get("generate") else f" Or write a Dockerfile into {build['context']}, and it is used as it is."
    return [f"Component {name}: {reason}{otherwise}" for reason in reasons.splitlines()]


def _image(repository: str, name: str, source: Source, build: Mapping[str, Any], base: Base, refresh: str) -> Image:
    context, dockerfile = source.context, source.dockerfile
    instructions = dockerfile.read_bytes()
    args = dict(sorted(build["args"].items()))
    inherited = ""
    parsed = parse_dockerfile(instructions)
    if "BASE_IMAGE" not in args and base.serves(parsed):
        args["BASE_IMAGE"], inherited = base.ref, base.id
    content = read_context(context, dockerfile, reach(parsed, build["target"]))
    ignored = ignore_file(context, dockerfile)
    ingredients = [
        content.digest,
        hashlib.sha256(instructions).hexdigest(),
        sorted(args.items()),
        build["target"],
        inherited,
        *filter(None, [refresh]),
        *([hashlib.sha256(ignored.read_bytes()).hexdigest()] if source.generated and ignored else []),
    ]
    digest = hashlib.sha256(json.dumps(ingredients).encode()).hexdigest()[:DIGEST_LENGTH]
    return Image(
        name=name,
        ref=f"{repository}:{digest}",
        context=str(context),
        dockerfile=str(dockerfile),
        args=args,
        target=build["target"],
        files=content.files,
        size=content.size,
        left_out=[re.sub(r"([\\*?\[\]^])", r"\\\1", path) for path in content.left_out],
        ignore_file=str(ignored or ""),
        bases=bases(parsed, build["target"], args),
        windows_scripts=_entry_points(content.windows_scripts, parsed, build["target"], instructions),
        generated=source.generated,
        notes=source.notes,
        offer=source.offer,
    )


def refreshed(images: Sequence[Image], refresh: str, engine: Docker, base: Base) -> list[Image]:
    """Have the first build of each image after a change of ``images_refresh`` take the newest images and packages.

    Args:
        images: What the engine has of them stays as it is.
        refresh: The text.
        engine: Where they are built.
        base: Is made by the toolchain, and not pulled.
    """
    found = [image for image in engine.images() if (image.get("Labels") or {}).get(REFRESH) == refresh]
    done = {repository(ref) for image in found for ref in image.get("RepoTags") or []}
    return [
        image if image.exists or repository(image.ref) in done else replace(image, fresh=True, pull=base.ref not in image.bases)
        for image in images
    ]


def _entry_points(scripts: Collection[str], dockerfile: Dockerfile, target: str, instructions: bytes) -> list[str]:
    if not scripts or b"\\r" in instructions or b"dos2unix" in instructions:  # the Dockerfile takes care of them
        return []
    started = {PurePosixPath(word).name for word in commands(dockerfile, target)}
    return [script for script in scripts if PurePosixPath(script).name in started]


def base_problems(images: Sequence[Image], engine: Docker, base: Base) -> list[str]:
    """Name what cannot be built, because an image that it starts from is neither in the engine nor to be had.

    Args:
        images: Those that have to be built.
        engine: Where they are built.
        base: Is brought along.
    """
    wanted = [Wanted(image.name, image.dockerfile, name, image.offer) for image in images for name in image.bases if name != base.ref]
    there = {reference for reference in {entry.reference for entry in wanted} if engine.image_id(reference) is not None}
    missing = [entry for entry in wanted if entry.reference not in there]
    # Docker Engine asks mirrors for the images of Docker Hub only.
    if missing and engine.mirrors():
        missing = [entry for entry in missing if registry(entry.reference) != DOCKER_HUB]
    return lacking_bases(missing)


def first_base_problems(sources: Sequence[Mapping[str, Any]], root: Path) -> list[str]:
    """Say the same before there is an engine to build in; ``sources`` are those of the module ``preflight``."""
    wanted: list[Wanted] = []
    for source in sources:
        try:
            found = source_of(source, root)
        except Failure:
            continue  # the reason is named where all folders are looked at
        if found.dockerfile.is_file():
            parsed = parse_dockerfile(found.dockerfile.read_bytes())
            # The toolchain may make it from packages.
            own = _spellings(BASE_IMAGE) if Base(BASE_IMAGE).serves(parsed) else []
            named = bases(parsed, source["target"], {key: str(value) for key, value in source["args"].items()})
            wanted += [Wanted(source["component"], str(found.dockerfile), name, found.offer) for name in named if name not in own]
    return lacking_bases(wanted)


class Wanted(NamedTuple):
    """An image that a component's Dockerfile starts from, and what a person can write where that cannot be had."""

    component: str
    dockerfile: str
    reference: str
    offer: str = ""


def lacking_bases(wanted: Sequence[Wanted]) -> list[str]:
    """Return a sentence for each component, Dockerfile and image that cannot be had from its registry."""
    lacking = unreachable(sorted({entry.reference for entry in wanted}))
    return [_lacking(entry, lacking[entry.reference]) for entry in wanted if entry.reference in lacking]


def _lacking(entry: Wanted, why: str) -> str:
    if entry.offer:
        return (
            f"Component {entry.component}: what its folder asks for is in {entry.reference} only, which the engine does not have and "
            f"cannot take from its registry ({why}). {entry.offer}."
        )
    return (
        f"Component {entry.component}: {entry.dockerfile} starts from {entry.reference}, which the engine does not have and cannot take "
        f"from its registry ({why}). Name an image in it that is there ('ARG BASE_IMAGE' and 'FROM ${{BASE_IMAGE}}' take the collection's "
        "own Debian, build.args.BASE_IMAGE another one), write generate: true into build, where one can be generated from what the "
        "folder says, name your own mirror in front of it, or give the component a finished image in its option image."
    )


def build_secrets(ca_bundle: str, environment: Mapping[str, str], home: Path) -> list[dict[str, str]]:
    """Return what of the machine's network a build needs, as ``secrets`` of images_build.

    Args:
        ca_bundle: ``auto``, a file, or empty for none.
        environment: Where SSL_CERT_FILE, PIP_CONFIG_FILE and the like are looked up.
        home: The user's home folder.
    """
    candidates = {
        "ca": [_ca_bundle(environment)] if ca_bundle == "auto" else [ca_bundle],
        "pip.conf": [
            environment.get("PIP_CONFIG_FILE", ""),
            str(home / ".config/pip/pip.conf"),
            str(home / ".pip/pip.conf"),
            "/etc/pip.conf",
        ],
        "npmrc": [environment.get("NPM_CONFIG_USERCONFIG", ""), str(home / ".npmrc")],
    }
    found = ((name, next((path for path in paths if path and Path(path).is_file()), "")) for name, paths in candidates.items())
    return [{"id": name, "type": "file", "src": path} for name, path in found if path]


def _ca_bundle(environment: Mapping[str, str]) -> str:
    own = any(path.is_file() for folder in LOCAL_AUTHORITIES for path in Path(folder).rglob("*"))
    return authorities.named_bundle(environment) or (authorities.system_bundle() if own else "")


def proxy_args(environment: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the proxy settings of the machine as build arguments, and a sentence for each group of variables that builds do not get."""
    args: dict[str, str] = {}
    secret, local = [], []
    for name in (name for name in PROXIES if environment.get(name)):
        proxy = urlsplit(environment[name] if "://" in environment[name] else f"http://{environment[name]}")
        if name.upper() == "NO_PROXY":
            args[name] = environment[name]
        elif "@" in proxy.netloc:
            secret.append(name)
        elif is_loopback(proxy.hostname or ""):
            local.append(name)
        else:
            args[name] = environment[name]
    said = []
    if secret:
        said.append(
            f"{' and '.join(secret)} has a user or a password, which would stand on the build's command line, and is not handed to builds: "
            'where they need it, write it into "proxies" of ~/.docker/config.json, which docker hands over by itself.'
        )
    if local:
        said.append(
            f"{' and '.join(local)} is a proxy on this machine's own 127.0.0.1, which in a build is the build itself, and is not handed to "
            "builds: where they need it, let it listen on another address of this machine, and name that."
        )
    if indexes := [name for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL") if environment.get(name)]:
        said.append(f"{' and '.join(indexes)} does not reach builds, only pip's file does: write it into ~/.config/pip/pip.conf.")
    return args, said


def last_lines(log: str, count: int = 25) -> str:
    """Return what matters of a failed build's plain progress log: the end of the step that failed."""
    lines = log.splitlines()
    failed = next((match[1] for line in lines if (match := re.match(r"#(\d+) ERROR", line))), None)
    step = [re.sub(r"^#\d+ (?:\d+\.\d+ )?", "", line) for line in lines if failed and line.startswith(f"#{failed} ")]
    helper = re.search(r"docker-credential-[\w.-]+(?=.*(?:not found|in current directory))", log)
    said = (step or lines)[-count:]
    if helper:
        said.append(f"{settings_file(os.environ)} names {helper[0]}, which is not on PATH: install it, or take its name out of there.")
    return "\n".join(said)
