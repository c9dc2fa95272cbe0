# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`nox -s raise` with the machine's Go, a module proxy of files, and recipes of a made-up program."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain import catalogue

from scripts import raise_version

if not shutil.which("go"):
    pytest.skip("A version is raised by Go (https://go.dev/dl).", allow_module_level=True)


class Project:
    """A proxy of files, and a project whose only program is `tool`, built from the module `module`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.proxy, self.recipe, self.pins, self.catalogue = (folder / name for name in ("proxy", "go/tool", "pins.py", "catalogue.py"))
        self.monkeypatch = monkeypatch
        for variable, value in {"GOPROXY": self.proxy.as_uri(), "GOSUMDB": "off", "GOMODCACHE": str(folder / "cache")}.items():
            monkeypatch.setenv(variable, value)
        for name, path in {"ROOT": folder, "RECIPES": folder / "go", "PINS": self.pins, "CATALOGUE": self.catalogue}.items():
            monkeypatch.setattr(raise_version, name, path)

    def publish(self, module: str, version: str, *lines: str, packages: tuple[str, ...] = ("", "/cmd", "/version"), path: str = "") -> None:
        """Put a version of a module on the proxy, with these lines in its go.mod, which may tell another path."""
        folder = self.proxy / module / "@v"
        folder.mkdir(parents=True, exist_ok=True)
        mod = "\n".join([f"module {path or module}", "go 1.21", *lines, ""])
        (folder / f"{version}.info").write_text(f'{{"Version": "{version}"}}', encoding="utf-8")
        (folder / f"{version}.mod").write_text(mod, encoding="utf-8")
        with zipfile.ZipFile(folder / f"{version}.zip", "w") as archive:
            archive.writestr(f"{module}@{version}/go.mod", mod)
            for package in packages:
                archive.writestr(f"{module}@{version}{package}/a.go", f"package {package.strip('/') or 'root'}\n")

    def build_from(self, module: str, version: str, *lines: str) -> None:
        """Write the recipe of `tool`, with these lines more in its go.mod."""
        program = catalogue.GoProgram("tool", (f"{module}/cmd",), {f"{module}/version.text": version})
        self.monkeypatch.setattr(catalogue, "programs", lambda: {"tool": catalogue.Program("tool", version, program, 1)})
        self.monkeypatch.setattr(raise_version, "programs", lambda: {"tool": version})
        self.pins.write_text(f'TOOL = "{version}"\nOTHER = "{version}"\n', encoding="utf-8")
        self.catalogue.write_text(f'_defines("{module}/version"), "{module}", "x{module}/cmd", "{module}s"\n', encoding="utf-8")
        self.recipe.mkdir(parents=True)
        required = [f"require {module} {version}", f"tool {module}/cmd"]
        (self.recipe / "go.mod").write_text("\n".join(["module example.org/recipe", "go 1.24", *required, *lines, ""]), encoding="utf-8")
        raise_version.go(self.recipe, "get", f"{module}/cmd@{version}")

    def module(self) -> raise_version.Module:
        return raise_version.Module.read(self.recipe / "go.mod")

    def texts(self) -> list[str]:
        return [path.read_text(encoding="utf-8") for path in (self.pins, self.catalogue, self.recipe / "go.mod", self.recipe / "go.sum")]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(tmp_path, monkeypatch)


def test_a_new_version_changes_pin_and_recipe_and_nothing_else(project: Project) -> None:
    project.publish("example.org/tool", "v1.0.0")
    project.publish("example.org/tool", "v1.1.0")
    project.build_from("example.org/tool", "v1.0.0", "godebug default=go1.21")
    before = project.catalogue.read_text(encoding="utf-8")
    changes = raise_version.raise_version("tool", "v1.1.0")
    assert changes == [
        "pins.py: tool v1.0.0 -> v1.1.0",
        "go/tool/go.mod and go.sum:",
        "  example.org/tool v1.0.0 -> v1.1.0",
        "  default go1.21 -> gone",
    ]
    assert project.pins.read_text(encoding="utf-8") == 'TOOL = "v1.1.0"\nOTHER = "v1.0.0"\n'
    assert project.catalogue.read_text(encoding="utf-8") == before
    assert "example.org/tool v1.1.0 h1:" in (project.recipe / "go.sum").read_text(encoding="utf-8")


def test_what_a_repository_says_of_its_own_builds_follows_its_version(project: Project) -> None:
    for part, version in {"api": "v0.0.1", "old": "v0.0.1", "new": "v0.1.0", "fork": "v1.5.0", "mine": "v2.0.0+incompatible"}.items():
        project.publish(f"example.org/{part}", version, packages=("",))
    project.publish("example.org/api", "v0.1.0", packages=("",))

    def mod(*parts: str) -> list[str]:
        folders = [f"require example.org/{part} v0.0.0\nreplace example.org/{part} => ./staging/{part}" for part in parts]
        # A part with a version of its own is published under that, as etcd's are.
        return [*folders, "require example.org/fork v1.5.0", "replace example.org/fork => ../fork"]

    published = [f"replace example.org/{part} => example.org/{part} v0.0.1" for part in ("api", "old")]
    project.publish("example.org/tool", "v1.0.1", "godebug default=go1.21", *mod("api", "old"))
    project.publish("example.org/tool", "v1.1.0", "godebug default=go1.22", *mod("api", "new"))
    mine = ["replace example.org/mine => example.org/mine v2.0.0+incompatible"]
    project.build_from("example.org/tool", "v1.0.1", "godebug default=go1.21", *published, *mine)
    raise_version.raise_version("tool", "v1.1.0")
    module = project.module()
    assert module.godebug == {"default": "go1.22"}
    assert module.replaces == {
        "example.org/api": "example.org/api@v0.1.0",
        "example.org/new": "example.org/new@v0.1.0",
        "example.org/mine": "example.org/mine@v2.0.0+incompatible",
    }


@pytest.mark.parametrize(
    ("module", "version", "asked", "told"),
    [
        ("example.org/tool/v3", "v3.2.0", "example.org/tool/v4", "example.org/tool/v4"),
        ("example.org/tool", "v1.2.0", "example.org/tool", "example.net/tool"),
    ],
    ids=["major", "renamed"],
)
def test_a_path_that_moved_is_followed(project: Project, module: str, version: str, asked: str, told: str) -> None:
    new = "v4.0.0" if told.endswith("v4") else "v1.3.0"
    project.publish(module, version)
    project.publish(asked, new, path=told)
    project.publish(told, new)
    project.build_from(module, version)
    assert raise_version.raise_version("tool", new)[-1] == f"catalogue.py: {module} -> {told}"
    assert project.module().tools == [f"{told}/cmd"]
    assert project.module().requires == {told: new}
    assert project.catalogue.read_text(encoding="utf-8") == f'_defines("{told}/version"), "{told}", "x{module}/cmd", "{module}s"\n'


def test_a_version_that_is_not_served_changes_nothing(project: Project) -> None:
    project.publish("example.org/tool", "v1.0.0")
    project.build_from("example.org/tool", "v1.0.0")
    before = project.texts()
    with pytest.raises(SystemExit, match=r"The Go module proxy has no example.org/tool/v2 v2.0.0; nothing was changed"):
        raise_version.raise_version("tool", "v2.0.0")
    assert project.texts() == before


def test_a_package_that_the_linker_would_not_find_changes_nothing(project: Project) -> None:
    project.publish("example.org/tool", "v1.0.0")
    project.publish("example.org/tool", "v1.1.0", packages=("/cmd",))
    project.build_from("example.org/tool", "v1.0.0")
    before = project.texts()
    with pytest.raises(SystemExit, match=r"nothing was changed: .*example.org/tool/version"):
        raise_version.raise_version("tool", "v1.1.0")
    assert project.texts() == before


@pytest.mark.parametrize(
    ("module", "version", "path"),
    [
        ("helm.sh/helm/v3", "v4.3.1", "helm.sh/helm/v4"),
        ("helm.sh/helm/v3", "v3.22.0", "helm.sh/helm/v3"),
        ("go.etcd.io/etcd/server/v3", "v3.7.0", "go.etcd.io/etcd/server/v3"),
        ("k8s.io/kubernetes", "v1.35.4", "k8s.io/kubernetes"),
        ("github.com/Mirantis/cri-dockerd", "v0.4.4", "github.com/Mirantis/cri-dockerd"),
        ("github.com/coredns/coredns", "v2.0.0", "github.com/coredns/coredns/v2"),
        ("example.org/tool/v2", "v1.9.0", "example.org/tool"),
    ],
)
def test_go_names_a_module_for_each_major_version_from_the_second_on(module: str, version: str, path: str) -> None:
    assert raise_version.path_of(module, version) == path
