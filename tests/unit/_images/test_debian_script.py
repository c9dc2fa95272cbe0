# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What debian.sh checks before an image is done, tried on a root file system that is made of this machine's own files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "roles/services/files/debian.sh"
PROGRAM = "/usr/bin/ls"


@pytest.fixture
def libraries() -> list[Path]:
    """The libraries that the program needs beside libc."""
    listed = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=True).stdout
    found = [Path(path) for path in re.findall(r"=> (/\S+)", listed) if "/libc.so" not in path]
    assert found, f"{PROGRAM} needs libc only: name another program here"
    return found


@pytest.fixture
def root(tmp_path: Path, libraries: list[Path]) -> Path:
    """A root file system with the program and all that it needs."""
    if os.geteuid() != 0:
        pytest.skip("debian.sh runs in a builder stage, as root: chroot is for root only")
    listed = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=True).stdout
    for path in [PROGRAM, *re.findall(r"(/\S+)", listed)]:
        target = tmp_path / "usr" / Path(path).relative_to("/usr" if path.startswith("/usr") else "/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    for name in ("lib", "lib64", "bin"):
        (tmp_path / "usr" / name).mkdir(exist_ok=True)
        (tmp_path / name).symlink_to(f"usr/{name}")
    return tmp_path


def check(root: Path) -> tuple[int, str]:
    done = subprocess.run(["sh", str(SCRIPT), "check", str(root)], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr.strip()


def test_a_root_with_every_library_passes(root: Path) -> None:
    assert check(root) == (0, "")


def test_a_library_that_no_package_brings_is_named_with_the_program_that_needs_it(root: Path, libraries: list[Path]) -> None:
    missing = libraries[0].name
    next(root.rglob(missing)).unlink()
    assert check(root) == (1, f"{PROGRAM} needs {missing}, which no listed package brings.")


def test_a_root_without_a_dynamic_linker_is_told(root: Path) -> None:
    for linker in root.rglob("ld-linux-*"):
        linker.unlink()
    assert check(root) == (1, f"{root} has no dynamic linker: unpack libc6 into it.")


@pytest.fixture
def wheel(root: Path) -> Path:
    """An extension module as a repaired wheel has it: its RPATH leads to a library, and only by that RPATH does this one find another."""
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("A wheel's libraries are built with a C compiler (Debian: apt-get install gcc).")
    package = root / "usr/lib/package"
    (package / "package.libs").mkdir(parents=True)

    def link(library: str, *arguments: str) -> None:
        command = [compiler, "-shared", "-nostdlib", "-x", "c", "/dev/null", "-x", "none", "-Wl,--no-as-needed", "-o", library, *arguments]
        subprocess.run(command, cwd=package, check=True)

    link("package.libs/libinner.so", "-Wl,-soname,libinner.so")
    link("package.libs/libouter.so", "-Wl,-soname,libouter.so", "package.libs/libinner.so")
    link("module.so", "-Wl,--disable-new-dtags,-rpath,$ORIGIN/../package/package.libs,-rpath-link,package.libs", "package.libs/libouter.so")
    return package


def test_a_wheels_libraries_that_find_each_other_by_its_modules_rpath_pass(root: Path, wheel: Path) -> None:
    assert (wheel / "package.libs/libouter.so").exists()
    assert check(root) == (0, "")


def test_a_wheels_library_that_is_missing_is_named_with_all_that_need_it(root: Path, wheel: Path) -> None:
    (wheel / "package.libs/libinner.so").unlink()
    status, told = check(root)
    assert status == 1
    assert told.splitlines() == [
        f"/usr/lib/package/{program} needs libinner.so, which no listed package brings."
        for program in ("module.so", "package.libs/libouter.so")
    ]


def test_a_library_that_nothing_complete_loads_is_named(root: Path, wheel: Path) -> None:
    (wheel / "module.so").unlink()
    assert check(root) == (1, "/usr/lib/package/package.libs/libouter.so needs libinner.so, which no listed package brings.")


def test_of_what_only_compilers_and_editors_read_what_a_module_names_stays(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3.99").symlink_to(sys.executable)
    modules = {
        "compiled/__init__.py": "with open(__file__.rpartition('/')[0] + '/_check.c') as file: pass\n",
        "lazy/__init__.py": "import lazy_loader\nlazy_loader.attach_stub(__name__, __file__)\n",
        "plain/__init__.py": "check = 'checked.c'\n",
    }
    files = ["compiled/_check.c", "compiled/other.c", "lazy/__init__.pyi", "plain/__init__.pyi", "plain/check.c", "plain/include/plain.h"]
    for name, text in {**modules, **dict.fromkeys(files, "")}.items():
        path = tmp_path / "lib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    subprocess.run(["sh", str(SCRIPT), "packages", str(tmp_path)], check=True)
    assert [name for name in files if (tmp_path / "lib" / name).exists()] == ["compiled/_check.c", "lazy/__init__.pyi"]
    assert [name for name in modules if (tmp_path / "lib" / name).exists()] == []


def test_a_library_that_wants_another_c_library_goes(tmp_path: Path) -> None:
    """pnpm brings both kinds of a package whose lock says nothing of its C library."""
    files = {
        "sharp-linux-x64.node": "libc.so.6",
        "sharp-linuxmusl-x64.node": "libc.musl-x86_64.so.1",
        "lib/libvips.so.8": "libc.musl-aarch64.so.1",
    }
    files |= {"detect-libc.js": "libc.musl-x86_64.so.1"}
    for name, needed in files.items():
        path = tmp_path / "node_modules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\x7fELF\0" + needed.encode() + b"\0")
    subprocess.run(["sh", str(SCRIPT), "glibc", str(tmp_path)], check=True)
    assert sorted(path.name for path in tmp_path.rglob("*.*") if path.is_file()) == ["detect-libc.js", "sharp-linux-x64.node"]
