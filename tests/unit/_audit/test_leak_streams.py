# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Streams of any length, and archives in archives, in little memory."""

from __future__ import annotations

import base64
import bz2
import io
import json
import lzma
import random
import subprocess
import sys
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._audit import streams as leak_streams
from ansible_collections.plannoir.deploy.plugins.module_utils._audit.streams import WINDOW, Scanner, StreamError
from leak_world import CANARY, FINGERPRINT, LABEL, gz, matcher, scan, tar, zipped

RAW = CANARY.encode()
NOISE = random.Random(1).randbytes(300)
COLLECTIONS = Path(__file__).parents[3] / "collections"


def long_tar(name: str, content: bytes, kind: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def helm_record(content: bytes) -> bytes:
    return base64.b64encode(gz(json.dumps({"manifest": content.decode()}).encode()))


ARCHIVES: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gz,
    "two gzip members": lambda content: gz(b"first") + gz(content),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "tar": lambda content: tar(a=b"x" * 700, b=content),
    "tar.gz": lambda content: gz(tar(a=b"", b=content)),
    "tar.gz in tar": lambda content: tar(layer=gz(tar(b=content)), other=b"x"),
    "zip": lambda content: zipped(a=b"x", b=content),
    "gzip in tar in zip": lambda content: zipped(a=tar(b=gz(content))),
    "tar after tar": lambda content: tar(a=b"x") + tar(b=gz(content)),
    "PAX tar": lambda content: long_tar("p" * 300, gz(content), tarfile.PAX_FORMAT),
    "GNU tar": lambda content: long_tar("p" * 300, gz(content), tarfile.GNU_FORMAT),
    "Helm's record": lambda content: b"\x0a\x12release" + helm_record(content) + b"\x12",
    "Helm's record at the end": helm_record,
    "Helm's record in a Secret": lambda content: b"release: " + base64.b64encode(helm_record(content)) + b"\n",
    "raw gzip, damaged at the end": lambda content: gz(content)[:-4],
    "zlib": zlib.compress,
    "a zip behind a stub": lambda content: b"#!/usr/bin/env python3\n" + zipped(a=b"x", b=content),
    "gzip as lines of base64": lambda content: b"data:\n" + base64.encodebytes(gz(NOISE + content)),
    "gzip as indented base64 of Windows": lambda content: base64.encodebytes(gz(NOISE + content)).replace(b"\n", b"\r\n    "),
    "gzip as lines of base64 in JSON": lambda content: json.dumps({"a": base64.encodebytes(gz(NOISE + content)).decode()}).encode(),
    "gzip as commented lines of base64": lambda content: b"# " + base64.encodebytes(gz(NOISE + content)).replace(b"\n", b"\n# "),
    "gzip as URL-safe base64": lambda content: b"?state=" + base64.urlsafe_b64encode(gz(NOISE + content)) + b"&x=1",
    "zip as base64": lambda content: b"zip: " + base64.b64encode(zipped(a=content)),
    "zlib as base64": lambda content: b"zlib: " + base64.b64encode(zlib.compress(NOISE + content)),
    "zlib as base64, packed well": lambda content: b"zlib: " + base64.b64encode(zlib.compress(NOISE + content, 9)),
    "bzip2 as base64": lambda content: b"x: " + base64.b64encode(bz2.compress(content)),
    "xz as lines of base64": lambda content: base64.encodebytes(lzma.compress(NOISE + content)),
    "after a damaged gzip": lambda content: gz(b"x" * 9999)[:20] + b"broken" + content,
    "after a damaged tar": lambda content: tar(a=b"x" * 512)[:1024] + b"broken" * 100 + content,
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_a_value_is_found_in_an_archive(kind: str) -> None:
    findings = scan(ARCHIVES[kind](b"key=" + RAW + b"\n")).findings
    assert {(finding.label, finding.fingerprint) for finding in findings} == {(LABEL, FINGERPRINT)}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_an_archive_without_the_value_is_clean(kind: str) -> None:
    tally = scan(ARCHIVES[kind](b"key=another"))
    assert tally.findings == set()
    assert tally.bytes > 0


@pytest.mark.parametrize("before", [WINDOW - 1, WINDOW - 10, WINDOW - len(RAW), WINDOW, 3 * WINDOW - 7])
def test_a_value_across_the_border_of_two_windows_is_found(before: int) -> None:
    assert scan(b"." * before + RAW + b"." * 99).findings


@pytest.mark.parametrize("before", [WINDOW - 800, WINDOW - 500, WINDOW - 99, WINDOW - 33, WINDOW - 5, WINDOW - 1, WINDOW, WINDOW + 1])
def test_lines_of_base64_across_the_border_of_two_windows_are_opened(before: int) -> None:
    lines = base64.encodebytes(gz(NOISE + RAW)).replace(b"\n", b"\r\n        # ")
    for text in (lines, base64.encodebytes(zlib.compress(NOISE + RAW))):
        assert scan(b"." * (before - 1) + b"\n" + text + b".").findings


@pytest.mark.parametrize("before", range(WINDOW - 6, WINDOW))
def test_a_record_across_the_border_of_two_windows_is_found(before: int) -> None:
    assert scan(b"." * before + helm_record(RAW) + b".").findings


def test_a_finding_names_the_file_in_the_archive() -> None:
    findings = scan(tar(**{"layer.tar.gz": gz(tar(**{"etc/app.env": RAW})), "other": b"x"})).findings
    assert {finding.where for finding in findings} == {"stream!/layer.tar.gz!!/etc/app.env"}


def test_a_file_that_is_called_like_the_value_is_found_and_shown_without_it() -> None:
    findings = scan(tar(**{f"home/{CANARY}": b""})).findings
    assert len(findings) == 1
    assert CANARY not in str(findings)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (gz(b"x" * 9999)[:-20], "is damaged"),
        (zipped(a=b"x")[:40], "is damaged, or no zip archive"),
        (b"\x28\xb5\x2f\xfd" + b"x", "is compressed with zstd"),
        (tar(a=b"x")[:1024] + b"y" * 512, "is damaged, or no tar archive"),
    ],
    ids=["gzip", "zip", "zstd", "tar"],  # not the contents, which hold the time
)
def test_an_archive_that_cannot_be_opened_is_told(content: bytes, why: str) -> None:
    sealed = scan(content).sealed
    assert len(sealed) == 1
    assert why in sealed[0]


def test_archives_are_opened_to_a_fixed_depth() -> None:
    content = RAW
    for _ in range(leak_streams.DEPTH + 1):
        content = gz(content)
    tally = scan(content)
    assert tally.findings == set()
    assert f"is an archive within {leak_streams.DEPTH} others" in tally.sealed[0]


def test_a_zip_that_is_too_large_to_be_put_aside_is_told() -> None:
    scanner = Scanner(matcher(), spool_limit=10)
    scanner.scan("stream", io.BytesIO(zipped(a=b"x")))
    assert "has more than 0 MiB" in scanner.tally.sealed[0]


class Breaking:
    """A stream whose source goes away."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def read(self, size: int, /) -> bytes:
        if content := self._content.read(min(size, 600)):
            return content
        raise ConnectionResetError("the engine is gone")


@pytest.mark.parametrize(
    "content",
    [b"text" * 400, gz(b"text" * 400)[:30], tar(a=b"x" * 700)[:1300], zipped(a=b"x")[:50]],
    ids=["plain", "gzip", "tar", "zip"],
)
def test_a_stream_that_breaks_off_is_no_damaged_archive(content: bytes) -> None:
    with pytest.raises(StreamError, match="the engine is gone"):
        Scanner(matcher()).scan("stream", Breaking(content))


MEASURE = """
import os, resource, sys, time, zlib
sys.path[:0] = sys.argv[1:3]
from leak_world import matcher
from ansible_collections.plannoir.deploy.plugins.module_utils._audit.streams import Scanner

class Long:
    def __init__(self, parts):
        self.parts = iter(parts)
        self.rest = b""
    def read(self, size):
        content = self.rest or next(self.parts, b"")
        self.rest = content[size:]
        return content[:size]

def plain(megabytes):
    for number in range(megabytes):
        yield blocks[number % 4]

def packed(megabytes):
    packer = zlib.compressobj(1, wbits=31)
    for number in range(megabytes):
        yield packer.compress(blocks[number % 4]) or b""
    yield packer.flush()

blocks = [os.urandom(1 << 20), b"int main(void) { return 0; }\\n" * 36000, bytes(1 << 20), os.urandom(1 << 19).hex().encode()]
kind = {"plain": plain, "gzip": lambda size: (part for part in packed(size) if part)}[sys.argv[3]]
scanner = Scanner(matcher())
scanner.scan("warm", Long(kind(8)))
before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
scanner.scan("long", Long(kind(int(sys.argv[4]))))
seconds = time.process_time() - started
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, round(scanner.tally.bytes / 1e6 / seconds))
"""


@pytest.mark.parametrize("kind", ["plain", "gzip"])
def test_memory_does_not_grow_with_the_stream(kind: str) -> None:
    """320 MiB in a process that may have 400 MiB of addresses, of which it needs less than 8 MiB more than for 8 MiB."""
    arguments = [sys.executable, "-c", MEASURE, str(COLLECTIONS), str(Path(__file__).parents[1]), kind, "320"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    grown, speed = map(int, done.stdout.split())
    print(f"{kind}: {speed} MB/s of processor time, {grown} KiB more")
    assert grown < 8 << 10


def bomb(pack: Callable[[bytes], bytes], times: int, megabytes: int) -> bytes:
    content = pack(bytes(megabytes << 20))
    for _ in range(times - 1):
        content = pack(content)
    return content


BOMBS = {
    "gzip of gzip": lambda: bomb(gz, 2, 200),
    "bzip2": lambda: bz2.compress(bytes(200 << 20)),
    "xz": lambda: lzma.compress(bytes(200 << 20), preset=0),
    "zip": lambda: zipped(**{f"f{number}": bytes(20 << 20) for number in range(10)}),
    "zip in gzip": lambda: gz(zipped(a=bytes(200 << 20))),
    "base64 of gzip of gzip": lambda: base64.b64encode(bomb(gz, 2, 200)),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_left_where_it_costs_too_much_and_told(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leak_streams, "ANYWAY", 8 << 20)
    monkeypatch.setattr(leak_streams, "EXPANSION", 20)
    content = BOMBS[kind]()
    started = time.process_time()
    tally = scan(tar(bomb=content, after=RAW))
    assert {finding.where for finding in tally.findings} == {"stream!/after"}
    assert tally.bytes < 16 << 20
    assert [("bomb" in name, "unpacks to more than 20 times its size" in name) for name in tally.sealed] == [(True, True)]
    assert time.process_time() - started < 10


def test_an_archive_that_takes_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leak_streams, "PATIENCE", -1.0)
    tally = scan(gz(RAW))
    assert [name.partition(" unpacks")[0] for name in tally.sealed] == ["stream"]
    assert tally.unopened == 1


@pytest.mark.parametrize("pack", [gz, bz2.compress, lzma.compress, lambda content: zipped(a=content)])
def test_text_that_is_packed_well_is_no_bomb(pack: Callable[[bytes], bytes]) -> None:
    tally = scan(pack(b"2026-01-01 00:00:00 INFO the same line again and again\n" * 20_000 + RAW))
    assert tally.findings
    assert tally.sealed == []


def test_an_xz_stream_that_wants_more_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leak_streams, "XZ_MEMORY", 1 << 20)
    assert "is damaged" in scan(lzma.compress(b"x" * 999)).sealed[0]


def test_a_zip_that_would_fill_the_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leak_streams, "RESERVE", 1 << 62)
    tally = scan(zipped(a=b"x") + RAW)
    assert "was not put aside" in tally.sealed[0]
    assert tally.findings, "its bytes are compared all the same"


def test_a_zip_with_a_huge_directory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leak_streams, "DIRECTORY", 1000)
    assert "has a directory of more than" in scan(zipped(**{f"file{number}": b"" for number in range(99)})).sealed[0]


def test_a_name_of_a_megabyte_is_not_kept() -> None:
    finding = next(iter(scan(long_tar("p" * 900_000, RAW, tarfile.GNU_FORMAT)).findings))
    assert len(finding.where) < 1000


def mutated(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randint(1, 12)):
        changed[chance.randrange(len(changed))] = chance.choice((0, 1, 0x80, 0xFF, chance.randrange(256)))
    return bytes(changed[: chance.randint(len(changed) // 2, len(changed))]) if chance.random() < 0.3 else bytes(changed)


def test_no_mutated_archive_stops_the_audit() -> None:
    """What names that are no UTF-8, wrong sizes and methods, and damaged ends raise; seeds are fixed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            archive.writestr(zipfile.ZipInfo(f"n\u00e4me-{method}"), b"content" * 20, method)
    seeds = [buffer.getvalue(), tar(a=gz(b"x" * 50), b=zipped(c=b"y")), long_tar("p" * 300, b"x", tarfile.PAX_FORMAT), gz(b"x" * 99)]
    seeds += [bz2.compress(b"x" * 99), lzma.compress(b"x" * 99), zlib.compress(b"x" * 99), base64.b64encode(gz(b"x" * 99))]
    chance, scanner = random.Random(14), Scanner(matcher())
    for number in range(4000):
        scanner.scan(f"mutant {number}", io.BytesIO(mutated(seeds[number % len(seeds)] if number % 2 else seeds[0], chance)))
    assert scanner.tally.items == 4000
    assert scanner.tally.unopened > 500


@pytest.mark.parametrize(
    "text", [b"x^2 + y^2\n", b"eJavascript" * 9, b"UEsDBA==", b"H4sIAAAA and more", b"a\n" * 9999, b"=\n" * 99999, b"A" * 99999]
)
def test_what_only_looks_like_an_archive_is_no_news(text: bytes) -> None:
    tally = scan(text)
    assert (tally.sealed, tally.unopened) == ([], 0)
