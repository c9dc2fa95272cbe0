# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Go: the machine's own or one fetched from the module proxy, and programs compiled with it from the recipes' pinned modules."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import zipfile
from http.client import HTTPException
from pathlib import Path

from .._core.errors import Failure
from .._core.http_client import answers, open_url
from .._core.process import output
from . import catalogue, pins
from .host import run

DEFAULT_PROXY = "https://proxy.golang.org"
_MODULE = f"golang.org/toolchain/@v/v0.0.1-{catalogue.GO}.linux-amd64"


def machine_go() -> str:
    """Return the path of the machine's Go, or nothing when it is missing or older than the recipes need."""
    go = shutil.which("go")
    found = re.match(r"go(\d+)\.(\d+)", output([go, "env", "GOVERSION"], {"GOTOOLCHAIN": "local"})) if go else None
    return go if go and found and (int(found[1]), int(found[2])) >= catalogue.GO_LEAST else ""


def proxies() -> list[str]:
    """Return the addresses of the module proxies that Go would use, from GOPROXY or from Go's own configuration file."""
    value = os.environ.get("GOPROXY", "")
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "go" / "env"
    if not value and config.is_file():
        found = re.search(r"^GOPROXY=(.*)$", config.read_text(encoding="utf-8"), re.MULTILINE)
        value = found[1].strip() if found else ""
    return [part.rstrip("/") for part in re.split(r"[,|]", value or DEFAULT_PROXY) if part and part not in ("direct", "off")]


def proxy_problem(timeout: float = 5) -> str:
    """Say what is wrong when no module proxy has the recipes' minikube; nothing when one has."""
    known = proxies()
    if any(answers(f"{proxy}/k8s.io/minikube/@v/{pins.MINIKUBE}.info", timeout) for proxy in known):
        return ""
    asked = " and ".join(known) or "none"
    return f"No Go module proxy answers (asked {asked}): set GOPROXY to one that has k8s.io/minikube {pins.MINIKUBE}."


def fetch_go(into: Path) -> None:
    """Fetch Go from the module proxy and lay it out in the folder `into`.

    Raises Failure where no proxy has it or its content is not what the recipe pins.
    """
    archive = into / "go.zip"
    for proxy in proxies():
        try:
            with open_url(f"{proxy}/{_MODULE}.zip", 60) as source, archive.open("wb") as sink:
                shutil.copyfileobj(source, sink)
        except (OSError, HTTPException):  # the latter ends an answer that was cut off
            continue
        if zipfile.is_zipfile(archive):  # and not some gateway's page
            break
    else:
        raise Failure(
            f"No Go module proxy has {catalogue.GO} (asked {' and '.join(proxies()) or 'none'}): install Go"
            f" {'.'.join(map(str, catalogue.GO_LEAST))} or newer, or set GOPROXY to a proxy that has golang.org/toolchain."
        )
    with zipfile.ZipFile(archive) as content:
        if module_sum(content) != catalogue.GO_SUM:
            raise Failure(
                f"{catalogue.GO} from {proxy} has the checksum {module_sum(content)} and not {catalogue.GO_SUM}: use another GOPROXY."
            )
        for name in content.namelist():
            target = into / name.split("/", 2)[2]
            target.parent.mkdir(parents=True, exist_ok=True)
            with content.open(name) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
            if target.parent.name == "bin" or "/pkg/tool/" in name:
                target.chmod(0o755)
    archive.unlink()


def module_sum(content: zipfile.ZipFile) -> str:
    """Return Go's checksum of a module's zip file: golang.org/x/mod/sumdb/dirhash, Hash1."""
    lines = "".join(f"{hashlib.sha256(content.read(name)).hexdigest()}  {name}\n" for name in sorted(content.namelist()))
    return "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()


def build(go: str, program: catalogue.GoProgram, name: str, recipes: Path, into: Path, log: Path) -> None:
    """Compile a program into the folder `into`: one package to the file `name`, several to files named after them.

    Only modules that the recipe's go.sum names are accepted, whatever GOFLAGS, GOSUMDB and the like say.
    Raises Failure with the last words of the compiler.
    """
    defines = " ".join(f"-X {key}={value}" for key, value in program.defines.items())
    target = into / name if len(program.packages) == 1 else f"{into}/"
    tags = ["-tags", program.tags] if program.tags else []
    env = {
        "CGO_ENABLED": "1" if program.cgo else "0",
        "GOFLAGS": "-buildvcs=false -trimpath",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GOOS": "linux",
        "GOARCH": "amd64",
        "GOAMD64": "v1",
        "GOEXPERIMENT": "",
    }
    argv = [go, "build", "-mod=readonly", "-o", str(target), *tags, "-ldflags", f"-s -w {defines}".strip(), *program.packages]
    run(argv, log, env=env, cwd=recipes / "go" / program.module)
