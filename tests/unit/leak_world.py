# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A value to plant, ways to wrap it, and programs that stand for kubectl, helm and docker."""

from __future__ import annotations

import gzip
import io
import sys
import tarfile
import zipfile
from pathlib import Path

from ansible_collections.plannoir.deploy.plugins.module_utils._audit.streams import Scanner, Tally
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.matcher import Matcher
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.spellings import fingerprint, secrets_of

CANARY = "c4n/ry+\"valué'&<" + "Zq8Xw2Lm5Rt9Kp3V"
LABEL = "backend-env/API_KEY"
FINGERPRINT = fingerprint(CANARY)


def matcher(value: str = CANARY) -> Matcher:
    return Matcher(secrets_of({LABEL: value})[0])


def scan(content: bytes, value: str = CANARY) -> Tally:
    scanner = Scanner(matcher(value))
    scanner.scan("stream", io.BytesIO(content))
    return scanner.tally


def tar(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def gz(content: bytes) -> bytes:
    return gzip.compress(content)


def program(folder: Path, name: str, script: str) -> Path:
    """Write an executable that runs Python with ``words``, its arguments."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys\nwords = sys.argv[1:]\nout = sys.stdout.buffer\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path
