# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an image has of large dependencies, by an archive as an engine sends it."""

from __future__ import annotations

import io
import tarfile
from typing import cast

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.docker import Docker
from ansible_collections.plannoir.deploy.plugins.module_utils._images.sizes import Held, grown, large, sentence

MB = 10**6
SITE = "opt/venv/lib/python3.13/site-packages"


def archive(files: dict[str, bytes | int]) -> bytes:
    """Return a tar archive; a number stands for so many bytes."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as made:
        for name, content in files.items():
            data = bytes(content) if isinstance(content, int) else content
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            made.addfile(entry, io.BytesIO(data))
    return held.getvalue()


def named(*layers: dict[str, bytes | int]) -> list[Held]:
    class Engine:
        def saved(self, references: list[str]) -> io.BytesIO:
            assert references == ["shop/web:1"]
            blobs = {f"blobs/sha256/{number}": archive(layer) for number, layer in enumerate(layers)}
            return io.BytesIO(archive({**blobs, "blobs/sha256/c": b'{"config": {}}', "manifest.json": b"[]"}))

    return large(cast(Docker, Engine()), "shop/web:1")


def test_a_distribution_has_what_its_record_names_and_the_bytecode_of_it() -> None:
    record = b'numpy/core.py,sha256=x,9\nnumpy/a,b.so,,\n"numpy/with,comma.so",,\nnumpy.libs/blas.so,,\n../../../bin/f2py,,\n'
    files: dict[str, bytes | int] = {
        f"{SITE}/numpy/core.pyc": 4 * MB,
        f"{SITE}/numpy/with,comma.so": 3 * MB,
        f"{SITE}/numpy.libs/blas.so": 5 * MB,
        f"{SITE}/numpy-2.3.1.dist-info/RECORD": record,
        f"{SITE}/small/a.so": 9 * MB,
        f"{SITE}/alone/a.so": 11 * MB,
        f"{SITE}/six-1.17.dist-info/RECORD": b"six.py,,\n",
        f"{SITE}/six.pyc": 10 * MB,
    }
    assert [(held.name, held.size // MB) for held in named(files)] == [("numpy 2.3.1", 12), ("alone", 11), ("six 1.17", 10)]


def test_a_package_of_node_is_where_the_last_folder_of_packages_says() -> None:
    inner = "app/node_modules/.pnpm/next@16.0.7_react@19/node_modules"
    files: dict[str, bytes | int] = {
        f"{inner}/next/package.json": b'{"name": "next", "version": "16.0.7"}',
        f"{inner}/next/dist/a.js": 6 * MB,
        f"{inner}/next/dist/compiled/package.json": b'{"version": "1.0.0"}',
        f"{inner}/@img/sharp/lib/sharp.node": 20 * MB,
        f"{inner}/broken/package.json": b"{",
        f"{inner}/broken/a": 10 * MB,
        f"{inner}/next/node_modules/postcss/a": 15 * MB,
    }
    more: dict[str, bytes | int] = {f"{inner}/next/dist/b.js": 5 * MB, "app/server.js": 1 * MB}
    assert [held.name for held in named(files, more)] == ["@img/sharp", "postcss", "next 16.0.7", "broken"]


def test_a_file_of_no_dependency_is_named_by_its_path() -> None:
    assert named({"usr/bin/node": 30 * MB, "./usr/lib/libicudata.so": 10 * MB, "usr/bin/small": 10 * MB - 1}) == [
        Held("/usr/bin/node", 30 * MB),
        Held("/usr/lib/libicudata.so", 10 * MB),
    ]


def test_only_the_first_image_and_one_that_has_grown_are_looked_at() -> None:
    class Engine:
        def images(self) -> list[dict[str, object]]:
            images = [("a:new", 3, 100), ("b:new", 3, 106), ("b:old", 2, 100), ("b:older", 1, 200), ("c:new", 3, 105), ("c:old", 2, 100)]
            return [{"RepoTags": [tag], "Created": made, "Size": size} for tag, made, size in images] + [{"RepoTags": None}]

    assert grown(cast(Docker, Engine()), ["a:new", "b:new", "c:new"]) == {"a:new": 100, "b:new": 106}


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ([Held("next 16.0.7", 45_400_000), Held("/usr/bin/node", 30 * MB)], "web: 154 MB, of it next 16.0.7 45, /usr/bin/node 30"),
        ([], "web: 154 MB, and no dependency above 10"),
    ],
)
def test_the_sentence_has_the_size_and_what_makes_it(held: list[Held], said: str) -> None:
    assert sentence("web", 154_200_000, held) == said
