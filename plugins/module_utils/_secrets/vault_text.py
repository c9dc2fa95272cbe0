# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single values in the YAML text of a vault, replaced at the places where the parser finds them.

Everything else stays as a person left it, byte by byte; a library that parses a text and writes it again wraps, quotes and indents anew.
PyYAML is the parser because Ansible reads variables with it: in YAML 1.1 ``yes`` is no text. No message holds a piece of a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from .._core.errors import Failure

if TYPE_CHECKING:
    import yaml

TEXT = "tag:yaml.org,2002:str"
UNSAFE = "!unsafe"
"""Ansible's tag for a text that is no template."""

EDIT = "with 'ansible-vault edit'. Nothing was changed."


class Text(NamedTuple):
    """A variable's text, and its tag where that is Ansible's own."""

    value: str
    tag: str

    def as_yaml(self) -> str:
        """Write it on one line, in double quotes."""
        import yaml

        quoted = yaml.safe_dump(self.value, default_style='"', allow_unicode=True, width=float("inf")).rstrip("\n")
        return f"{self.tag} {quoted}".lstrip()


class VaultText:
    """A vault's YAML text, of which a change makes a new one.

    Raises:
        Failure: It is no valid YAML, holds no variables, or a name twice in one mapping.
    """

    def __init__(self, text: str) -> None:
        import yaml

        try:
            root = compose(text)
        except Failure as error:
            raise Failure(f"The vault cannot be changed, because {error}: correct it {EDIT}") from None
        if not isinstance(root, yaml.MappingNode):
            raise Failure(f"The vault holds no variables (name: value): write them {EDIT}")
        for duplicate in duplicates(root):
            raise Failure(f"The vault holds {duplicate}: remove one of them {EDIT}")
        self.text = text
        self._root = root
        self._tokens = [token for token in yaml.scan(text, Loader=yaml.SafeLoader) if token.start_mark.index < token.end_mark.index]

    def holds(self, name: str) -> bool:
        """Tell whether a variable stands there, whatever its value."""
        return any(key.value == name for key, _value in self._root.value)

    def read(self, name: str) -> Text:
        """Return a variable's text.

        Raises:
            Failure: The vault does not hold the variable, or it is no text for Ansible: a number, a list, an alias.
        """
        import yaml

        key, value = self._pair(name)
        tag = value.tag
        if tag == UNSAFE and isinstance(value, yaml.ScalarNode):
            # As Ansible does: it forgets quotes below this tag, so that !unsafe "17" is a number.
            resolver = yaml.resolver.Resolver()
            tag = resolver.resolve(yaml.ScalarNode, value.value, (True, False))  # type: ignore[no-untyped-call]  # of PyYAML
        if tag != TEXT or not isinstance(value, yaml.ScalarNode) or _is_alias(key, value):
            raise Failure(f"The value of {name} in line {_line(key)} is no text: write one in quotes {EDIT}")
        return Text(value.value, UNSAFE if value.tag == UNSAFE else "")

    def with_text(self, name: str, word: str) -> VaultText:
        """Give a variable that ``read`` reads another text: letters, digits, dashes and underscores. Tag, quotes and comments stay."""
        value = self._pair(name)[1]
        start, end = self._scalar(value)
        quote = _style(value) if _style(value) in ("'", '"') else ""
        return self._spliced(start, f"{quote}{word}{quote}{self._heading_comment(value)}", end)

    def with_value(self, name: str, written: str, after: str) -> VaultText:
        """Give a variable a value in YAML on one line; where the vault does not hold it, it is put right after another one."""
        if not self.holds(name):
            return self._with_line(name, written, after)
        key, value = self._pair(name)
        if _is_alias(key, value):
            raise Failure(f"The value of {name} in line {_line(key)} is an alias: give it a value of its own {EDIT}")
        start, end = value.start_mark.index, self._end(value)
        is_indented = value.start_mark.column > key.start_mark.column  # a list may stand below its name without that
        blanks = " " if start == end else "" if is_indented else "  "
        return self._spliced(start, f"{blanks}{written}{self._heading_comment(value)}", end)

    def _with_line(self, name: str, written: str, after: str) -> VaultText:
        key, value = self._pair(after)
        end = self._end(value)
        if self._root.flow_style:
            return self._spliced(end, f', "{name}": {written}', end)
        line = f"{' ' * key.start_mark.column}{name}: {written}"
        line_end = self.text.find("\n", end)
        if line_end < 0:
            return VaultText(f"{self.text}\n{line}\n")
        line_break = "\r\n" if self.text[line_end - 1] == "\r" else "\n"
        return self._spliced(line_end + 1, f"{line}{line_break}", line_end + 1)

    def _spliced(self, start: int, text: str, end: int) -> VaultText:
        return VaultText(self.text[:start] + text + self.text[end:])

    def _pair(self, name: str) -> tuple[yaml.Node, yaml.Node]:
        for key, value in self._root.value:
            if key.value == name:
                return key, value
        raise Failure(f"The vault does not hold {name}: write it there {EDIT}")

    def _scalar(self, value: yaml.Node) -> tuple[int, int]:
        """Return where a scalar begins behind its tag and anchor, and where it ends; blank lines behind a block are not part of it."""
        end = self._end(value)
        return max(token.start_mark.index for token in self._tokens if token.start_mark.index < end), end

    def _end(self, value: yaml.Node) -> int:
        """Return where the last token of a value ends: the parser's own mark of a block lies behind the comments that follow it."""
        first, last = value.start_mark.index, value.end_mark.index
        within = [token.end_mark.index for token in self._tokens if first <= token.start_mark.index and token.end_mark.index <= last]
        return first + len(self.text[first : max(within, default=first)].rstrip(" \t\r\n"))

    def _heading_comment(self, value: yaml.Node) -> str:
        """Return the comment in the first line of a block value (``|`` or ``>``), with the blanks before it."""
        if _style(value) not in ("|", ">"):
            return ""
        start, end = self._scalar(value)
        return self.text[start:end].partition("\n")[0].lstrip("|>+-0123456789").rstrip("\r")


def compose(text: str) -> yaml.Node | None:
    """Parse the structure of a YAML text; tags such as ``!unsafe``, which are Ansible's own, are not looked at.

    Raises:
        Failure: It is no valid YAML: the middle of a sentence, as only the caller knows the file.
    """
    import yaml

    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Failure(f"its line {mark.line + 1} is no valid YAML" if mark else "it is no valid YAML") from None
    except (ValueError, OverflowError, RecursionError):  # of the parser: "\UFFFFFFFF" is no character
        raise Failure("it is no valid YAML") from None


def duplicates(root: yaml.Node | None) -> Iterator[str]:
    """Name each name that stands more than once in a mapping, with its line; one inside of a value may itself be secret."""
    seen: set[int] = set()
    waiting = [root] if root else []
    while waiting:
        node = waiting.pop()
        if id(node) in seen or not isinstance(node.value, list):
            continue
        seen.add(id(node))
        keys: set[tuple[str, str]] = set()
        for child in node.value:
            if isinstance(child, tuple):
                key, value = child
                waiting += [key, value]
                if not isinstance(key.value, str):
                    continue
                if (key.tag, key.value) in keys:
                    yield f"{shown(key.value) if node is root else 'a name'} more than once (again in line {_line(key)})"
                keys.add((key.tag, key.value))
            else:
                waiting.append(child)


def shown(name: object) -> str:
    """Return a name for a message; what is no name of a variable may be a piece of a value that lost its quotes."""
    return name if isinstance(name, str) and name.isidentifier() else "a name"


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _style(node: yaml.Node) -> str:
    """Return the character that a scalar's style begins with, nothing for a plain one and for what is no scalar."""
    return getattr(node, "style", None) or ""


def _is_alias(key: yaml.Node, value: yaml.Node) -> bool:
    """Tell whether a value is an alias: the parser gives the value that the alias stands for, which stands before it."""
    return bool(value.start_mark.index < key.end_mark.index)
