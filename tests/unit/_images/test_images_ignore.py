# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns of a .dockerignore file: each row was also put to moby/patternmatcher 0.6.1, asked as tonistiigi/fsutil asks it."""

from __future__ import annotations

import posixpath

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._images.ignore import (
    LINE_LIMIT,
    IgnoreFileError,
    compiled,
    is_ignored,
    parse_ignore,
)


def ignored(content: str | bytes, path: str) -> bool:
    """Ask as a walk does: first the folders that the path is in."""
    patterns = parse_ignore(content if isinstance(content, bytes) else content.encode())
    above: list[bool] = []
    folder = posixpath.dirname(path)
    for length in range(len(folder.split("/")) if folder else 0):
        _, above = is_ignored("/".join(folder.split("/")[: length + 1]), patterns, above)
    return is_ignored(path, patterns, above)[0]


MOBY = [
    ("**", "file", True),
    ("**", "file/", True),
    ("**/", "file", True),
    ("**/", "file/", True),
    ("**", "/", True),
    ("**/", "/", True),
    ("**", "dir/file", True),
    ("**/", "dir/file", True),
    ("**", "dir/file/", True),
    ("**/", "dir/file/", True),
    ("**/**", "dir/file", True),
    ("**/**", "dir/file/", True),
    ("dir/**", "dir/file", True),
    ("dir/**", "dir/file/", True),
    ("dir/**", "dir/dir2/file", True),
    ("dir/**", "dir/dir2/file/", True),
    ("**/dir", "dir", True),
    ("**/dir", "dir/file", True),
    ("**/dir2/*", "dir/dir2/file", True),
    ("**/dir2/*", "dir/dir2/file/", True),
    ("**/dir2/**", "dir/dir2/dir3/file", True),
    ("**/dir2/**", "dir/dir2/dir3/file/", True),
    ("**file", "file", True),
    ("**file", "dir/file", True),
    ("**/file", "dir/file", True),
    ("**file", "dir/dir/file", True),
    ("**/file", "dir/dir/file", True),
    ("**/file*", "dir/dir/file", True),
    ("**/file*", "dir/dir/file.txt", True),
    ("**/file*txt", "dir/dir/file.txt", True),
    ("**/file*.txt", "dir/dir/file.txt", True),
    ("**/file*.txt*", "dir/dir/file.txt", True),
    ("**/**/*.txt", "dir/dir/file.txt", True),
    ("**/**/*.txt2", "dir/dir/file.txt", False),
    ("**/*.txt", "file.txt", True),
    ("**/**/*.txt", "file.txt", True),
    ("a**/*.txt", "a/file.txt", True),
    ("a**/*.txt", "a/dir/file.txt", True),
    ("a**/*.txt", "a/dir/dir/file.txt", True),
    ("a/*.txt", "a/dir/file.txt", False),
    ("a/*.txt", "a/file.txt", True),
    ("a/*.txt**", "a/file.txt", True),
    ("a[b-d]e", "ae", False),
    ("a[b-d]e", "ace", True),
    ("a[b-d]e", "aae", False),
    ("a[^b-d]e", "aze", True),
    (".*", ".foo", True),
    (".*", "foo", False),
    ("abc.def", "abcdef", False),
    ("abc.def", "abc.def", True),
    ("abc.def", "abcZdef", False),
    ("abc?def", "abcZdef", True),
    ("abc?def", "abcdef", False),
    (r"a\\", "a\\", True),
    ("**/foo/bar", "foo/bar", True),
    ("**/foo/bar", "dir/foo/bar", True),
    ("**/foo/bar", "dir/dir2/foo/bar", True),
    ("abc/**", "abc", False),
    ("abc/**", "abc/def", True),
    ("abc/**", "abc/def/ghi", True),
    ("**/.foo", ".foo", True),
    ("**/.foo", "bar.foo", False),
    ("a(b)c/def", "a(b)c/def", True),
    ("a(b)c/def", "a(b)c/xyz", False),
    ("a.|)$(}+{bc", "a.|)$(}+{bc", True),
    ("dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl", "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl", True),
    ("dist/*.whl", "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl", True),
    (r"a\*b", "a*b", True),
    ("**\n!util/docker/web", "util/docker/web/foo", False),
    ("**\n!util/docker/web\nutil/docker/web/foo", "util/docker/web/foo", True),
    ("**\n!dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl", "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl", False),
    ("**\n!dist/*.whl", "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl", False),
    ("*", "fileutils.go", True),
    ("*.go", "fileutils.go", True),
    ("!fileutils.go\n*.go", "fileutils.go", True),
    ("*.go\n!fileutils.go", "fileutils.go", False),
    ("docs\n!docs/README.md", "docs/README.md", False),
    ("docs/\n!docs/README.md", "docs/README.md", False),
    ("docs/*\n!docs/README.md", "docs/README.md", False),
    ("docs\n  !docs/README.md  ", "docs/README.md", False),
    ("", "any/path/there", False),
]
"""The tables of patternmatcher_test.go: TestMatches and the short tests above it."""

MOBY_MATCH = [
    ("abc", "abc", True),
    ("*", "abc", True),
    ("*c", "abc", True),
    ("a*", "a", True),
    ("a*", "abc", True),
    ("a*", "ab/c", True),
    ("a*/b", "abc/b", True),
    ("a*/b", "a/c/b", False),
    ("a*b*c*d*e*/f", "axbxcxdxe/f", True),
    ("a*b*c*d*e*/f", "axbxcxdxexxx/f", True),
    ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", False),
    ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", False),
    ("a*b?c*x", "abxbbxdbxebxczzx", True),
    ("a*b?c*x", "abxbbxdbxebxczzy", False),
    ("ab[c]", "abc", True),
    ("ab[b-d]", "abc", True),
    ("ab[e-g]", "abc", False),
    ("ab[^c]", "abc", False),
    ("ab[^b-d]", "abc", False),
    ("ab[^e-g]", "abc", True),
    (r"a\*b", "a*b", True),
    (r"a\*b", "ab", False),
    ("a?b", "a☺b", True),
    ("a[^a]b", "a☺b", True),
    ("a???b", "a☺b", False),
    ("a[^a][^a][^a]b", "a☺b", False),
    ("[a-ζ]*", "α", True),  # noqa: RUF001
    ("*[a-ζ]", "A", False),
    ("a?b", "a/b", False),
    ("a*b", "a/b", False),
    (r"[\]a]", "]", True),
    (r"[\-]", "-", True),
    (r"[x\-]", "x", True),
    (r"[x\-]", "-", True),
    (r"[x\-]", "z", False),
    (r"[\-x]", "x", True),
    (r"[\-x]", "-", True),
    (r"[\-x]", "a", False),
    ("*x", "xxx", True),
]
"""The good rows of matchTests in patternmatcher_test.go."""

MORE = [
    ("**.py", "main.py", True),
    ("**.py", "app/main.py", True),
    ("**.py", "main.pyc", False),
    ("**foo", "x/barfoo", True),
    ("**/foo", "x/barfoo", False),
    ("**/foo", "foo", True),
    ("**/*.py\n!**/main.py", "app/main.py", False),
    ("*\n!**.py", "app/main.py", False),
    ("*\n!**.py", "app/main.css", True),
    ("docs**", "docs-old/a", True),  # a prefix
    ("/docs", "docs/a", True),
    ("./a/../docs//", "docs", True),
    ("//docs", "docs", True),
    ("../docs", "docs", False),
    ("/../docs", "docs", True),
    ("!./docs\ndocs", "docs", True),
    ("*\n! docs", "docs", False),
    ("*\n/!docs", "docs", False),  # its slash goes first, and leaves an exception
    ("*\n!!docs", "!docs", False),
    (".", "docs", False),
    ("/", "docs", False),
    ("\ufeffdocs", "docs", True),
    ("# docs", "docs", False),
    (" # docs", "# docs", True),
    ("docs\r\napp\r\n", "docs", True),
    ("a\x0cb", "b", False),
    ("a\x85b", "b", False),
    ("a\u2028b", "b", False),
    ("a\x85b", "a\x85b", True),
    ("\xa0docs\u3000", "docs", True),
    ("\x1cdocs", "docs", False),  # no blank in Go
    ("[!a]", "!", True),
    ("[!a]", "b", False),
    ("a[^b]c", "a/c", True),
    ("[*]", "*", False),
    ("[*]", "[[]", True),
    ("[[:digit:]]*", "7.log", True),
    ("*.{js,ts}", "a.js", False),
    ("*.{js,ts}", "a.{js,ts}", True),
    ("fo{2}*", "foo", True),
    ("*.js|x", "a.js.map", True),
    ("*.js|x", "box", True),
    (r"v\d*", "v1", True),
    (r"v\d*", "vd", False),
    (r"a\.b", "a.b", True),
    (r"*a\b", "xa", True),
    ("a\\b", "a\\b", False),
    ("a*$", "a$", True),
    ("a#b&&c~~d*", "a#b&&c~~d", True),
    ("[a&&b]*", "&", True),
    ("a^b*", "a^b", False),
    ("**/*.md\n!docs", "docs/a.md", True),  # the exception was of no use for docs itself, and does not match docs/a.md
    ("**\n!docs\n**/*.md", "docs/a.md", True),
    ("*\n[Local-Only]/\n!app", "app/a", False),  # what stands behind * is not asked
]


@pytest.mark.parametrize(("content", "path", "expected"), [*MOBY, *MOBY_MATCH, *MORE])
def test_a_pattern_names_what_it_names_to_buildkit(content: str, path: str, expected: bool) -> None:
    assert ignored(content, path) is expected


@pytest.mark.parametrize(
    ("content", "path", "expected"),
    [
        (b"caf\xe9\n", b"caf\xe9", False),  # BuildKit passes such a pattern on with U+FFFD, which is another name
        (b"caf\xe9\n", "caf\ufffd".encode(), True),
        (b"caf\xe9*\n", b"caf\xe9", True),  # but to Go's regular expressions a byte that is no UTF-8 is U+FFFD, too
        (b"caf?\n", b"caf\xe9", True),
        (b"\xff\xfen\0o\0\n\0", b"no", False),
    ],
)
def test_bytes_that_are_no_utf8_are_read_as_buildkit_does(content: bytes, path: bytes, expected: bool) -> None:
    assert ignored(content, path.decode("utf-8", "surrogateescape")) is expected


@pytest.mark.parametrize(
    ("pattern", "kind", "expression"),
    [
        ("*", "regexp", "^[^/]*$"),
        ("file*", "regexp", "^file[^/]*$"),
        ("*file", "regexp", "^[^/]*file$"),
        ("a*/b", "regexp", "^a[^/]*/b$"),
        ("**", "suffix", ""),
        ("**/**", "regexp", "^(.*/)?.*$"),
        ("dir/**", "prefix", ""),
        ("**/dir", "suffix", ""),
        ("**/dir2/*", "regexp", "^(.*/)?dir2/[^/]*$"),
        ("**/dir2/**", "regexp", "^(.*/)?dir2/.*$"),
        ("**file", "suffix", ""),
        ("**/file*txt", "regexp", "^(.*/)?file[^/]*txt$"),
        ("**/**/*.txt", "regexp", r"^(.*/)?(.*/)?[^/]*\.txt$"),
        ("a[b-d]e", "regexp", "^a[b-d]e$"),
        (".*", "regexp", r"^\.[^/]*$"),
        ("abc.def", "exact", ""),
        ("abc?def", "regexp", "^abc[^/]def$"),
        ("**/foo/bar", "suffix", ""),
        ("a(b)c/def", "exact", ""),
        ("a.|)$(}+{bc", "exact", ""),
        ("dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl", "exact", ""),
    ],
)
def test_a_pattern_is_compared_in_moby_s_way(pattern: str, kind: str, expression: str) -> None:
    """The rows are compileTests in patternmatcher_test.go."""
    found, regex = compiled(pattern)
    assert (found, regex if found == "regexp" else "") == (kind, expression)


@pytest.mark.parametrize(
    "pattern",
    ["[]a]", "[-]", "[x-]", "[-x]", "\\", "[a-b-c]", "[", "[^", "[^bc", "a[", "[^]\\[", "!a[", "?*[", "*\\", "!", "!/", "! \t"],
)
def test_a_pattern_that_buildkit_refuses_is_named_with_its_line(pattern: str) -> None:
    with pytest.raises(IgnoreFileError, match=r"^\.dockerignore, line 2"):
        parse_ignore(f"*.md\n{pattern}\n".encode())


@pytest.mark.parametrize(
    ("pattern", "clause"),
    [
        ("[z-a]*", "the range z-a runs backwards"),
        ("[Local-Only]/", "the range l-O runs backwards"),
        (r"src\obj", r"\\o has no meaning"),
        ("a*[", r"a \[ in it is not closed"),
        ("a*{2}", "braces in it repeat nothing"),
        ("a{1001}*", "more than 1000 repetitions"),
        ("[[:nonsense:]]", "no class of characters"),
        (r"\x41", r"\\x has no meaning that can be used here"),  # BuildKit reads an A
    ],
)
def test_a_pattern_that_is_no_expression_is_named_when_it_is_asked(pattern: str, clause: str) -> None:
    content = f"*.md\n{pattern}\n"
    assert ignored(content, "a.md")
    with pytest.raises(IgnoreFileError, match=rf"^\.dockerignore, line 2: .*{clause}.*: "):
        ignored(content, "a.css")


def test_a_line_that_is_longer_than_what_buildkit_reads_is_named() -> None:
    assert ignored(b"a" * (LINE_LIMIT - 1) + b"\nb\n", "b")
    with pytest.raises(IgnoreFileError, match="line 1 is longer"):
        parse_ignore(b"a" * LINE_LIMIT + b"\nb\n")
