# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""New values in the text of a vault, and nothing else changed in it."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.rotation import rotate

TEXT = """---
# Of the database.
vault_password: old-value  # quoted or not
vault_key: "sk-or-1"
vault_key_hint: stays
# vault_other: slot
vault_ca: |
  -----BEGIN
vault_list:
    - 'one'
    -   "two \\
      lines"
vault_mine:    !unsafe "{{ no template }}"   # of mine
vault_folded: a plain text
  on two lines
vault_encrypted: !vault |
          $ANSIBLE_VAULT;1.1;AES256
          6162
vault_link: &link "x"
vault_linked: *link
vault_empty: ~
...
"""


def test_only_the_named_value_changes_and_everything_else_stays_as_it_was_written() -> None:
    rotated = rotate(TEXT, ["vault_password"], {}, 0)
    new = rotated.values["vault_password"]
    assert rotated.text == TEXT.replace("old-value", new)
    assert len(new) == 43
    assert rotate(TEXT, ["vault_password"], {}, 0).values["vault_password"] != new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x: old", "x: NEW"),
        ("x: old  # why", "x: NEW  # why"),
        ("x: 'it''s old' # why", "x: 'NEW' # why"),
        ('x: "o\\"ld"', 'x: "NEW"'),
        ('x: "old\n\n  goes on"  # why', 'x: "NEW"  # why'),
        ("x: old\n\n  goes on  # why", "x: NEW  # why"),
        ("x: |  # why\n  old\n  # old too\n\n# a remark", "x: NEW  # why\n\n# a remark"),
        ("x: >2-\n   old\n  old\n\n\n  old\n # a remark", "x: NEW\n # a remark"),
        ("x: |+\n  old\n\n", "x: NEW\n\n"),
        ("x: |-", "x: NEW"),
        ('x: !unsafe "{{old"  # why', 'x: !unsafe "NEW"  # why'),
        ("x: !unsafe |\n  {{old", "x: !unsafe NEW"),
        ("x: &a !unsafe old", "x: &a !unsafe NEW"),
        ("x: !!str 17", "x: !!str NEW"),
        ("x:\n  # why\n  old", "x:\n  # why\n  NEW"),
        ("? x\n: old", "? x\n: NEW"),
        ('"x": old', '"x": NEW'),
        ("x: '#old'", "x: 'NEW'"),
        ("x: a#old", "x: NEW"),
        ("x: été 🗝  # why", "x: NEW  # why"),
        ("x: old\r", "x: NEW\r"),
        ("x: |  # why\r\n  old\r", "x: NEW  # why\r"),
    ],
)
@pytest.mark.parametrize("around", ["%s\n", "---\nb: 'c'\n\n%s\n# behind\nd: {e:   f}\n", "%s"])
def test_a_text_of_every_style_gets_a_new_value_where_it_is(old: str, new: str, around: str) -> None:
    rotated = rotate(around % old, ["x"], {}, 0)
    assert rotated.text.replace(rotated.values["x"], "NEW") == around.replace("%s", new)


def test_a_mapping_in_braces_is_rotated_too() -> None:
    rotated = rotate('{"x": "old", "y": {"z": "old"}}\n', ["x"], {"x": "k"}, 17)
    assert rotated.text.replace(rotated.values["x"], "NEW") == '{"x": "NEW", "k": {"value": "old", "until": 17}, "y": {"z": "old"}}\n'


def test_an_old_value_is_kept_for_a_while_beside_the_new_one_and_once_only() -> None:
    once = rotate(TEXT, ["vault_key"], {"vault_key": "vault_key_previous"}, 17)
    new = once.values["vault_key"]
    line = 'vault_key_previous: {"value": "sk-or-1", "until": 17}\n'
    assert once.text == TEXT.replace('vault_key: "sk-or-1"\n', f'vault_key: "{new}"\n{line}')
    twice = rotate(once.text, ["vault_key"], {"vault_key": "vault_key_previous"}, 18)
    assert twice.text == once.text.replace(new, twice.values["vault_key"]).replace(line, line.replace("sk-or-1", new).replace("17", "18"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x: old  # why\nb: c\n", "x: NEW  # why\nk: KEPT\nb: c\n"),
        ("x: old\r\nb: c\r\n", "x: NEW\r\nk: KEPT\r\nb: c\r\n"),
        ("x: |\n  old\n\n# of b\nb: c\n", "x: NEW\nk: KEPT\n\n# of b\nb: c\n"),
        ("  x: old", "  x: NEW\n  k: KEPT\n"),
        ("x: old\nb: c\nk: then  # when\n", "x: NEW\nb: c\nk: KEPT  # when\n"),
        ("k: {value: then, until: 0}  # when\nx: old\n", "k: KEPT  # when\nx: NEW\n"),
        ("k:\n  value: then\n  until: 0  # when\n\n# of x\nx: old\n", "k:\n  KEPT  # when\n\n# of x\nx: NEW\n"),
        ("k:\n- then\n- when\nx: old\n", "k:\n  KEPT\nx: NEW\n"),
        ("k:\n  value: |\n    then\n\nx: old\n", "k:\n  KEPT\n\nx: NEW\n"),
        ("k: !unsafe |  # when\n  then\nx: old\n", "k: KEPT  # when\nx: NEW\n"),
        ("k: !unsafe 'th{{en'\nx: old\n", "k: KEPT\nx: NEW\n"),
        ("k:  # none\nx: old\n", "k: KEPT  # none\nx: NEW\n"),
        ("k: ~\nx: old\n", "k: KEPT\nx: NEW\n"),
    ],
)
def test_an_old_value_goes_where_the_one_before_it_was_and_else_behind_the_new_one(before: str, after: str) -> None:
    rotated = rotate(before, ["x"], {"x": "k"}, 17)
    old = yaml.safe_load(before)["x"] if "!" not in before else "old"
    kept = f'{{"value": {yaml.safe_dump(old, default_style=chr(34)).strip()}, "until": 17}}'
    assert rotated.text.replace(rotated.values["x"], "NEW").replace(kept, "KEPT") == after


@pytest.mark.parametrize(
    "old", ['a"b\\c', "with: colon # and ' hash", "line\nbreak\n", "tab\t\x85\u2028 ünï \U0001f511 \x00\x7f", " blank "]
)
def test_an_old_value_is_kept_character_by_character(old: str) -> None:
    rotated = rotate(yaml.safe_dump({"x": old}), ["x"], {"x": "k"}, 17)
    assert yaml.safe_load(rotated.text) == {"x": rotated.values["x"], "k": {"value": old, "until": 17}}
    assert rotated.text.count("\n") == 2


def test_an_old_value_that_was_no_template_stays_none() -> None:
    rotated = rotate("x: !unsafe 'a{{b'\n", ["x"], {"x": "k"}, 17)
    assert rotated.text.endswith('\nk: {"value": !unsafe "a{{b", "until": 17}\n')


@pytest.mark.parametrize("name", ["vault_missing", "vault_other", "vault", "one"])
def test_a_name_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(Failure, match=f"does not hold {name}: .*Nothing was changed"):
        rotate(TEXT, ["vault_password", name], {}, 0)


@pytest.mark.parametrize(
    "value",
    ["17", "yes", "012", "1:30", "2026-01-01", "~", "", "{a: b}", "[a]", "\n  a: b", "!vault x", "!unsafe 17", '!unsafe "17"', "*link"],
)
def test_a_value_that_is_no_text_is_named(value: str) -> None:
    with pytest.raises(Failure, match=r"The value of vault_x in line 2 is no text: .*Nothing was changed"):
        rotate(f"vault_y: &link text\nvault_x: {value}\n", ["vault_x"], {}, 0)


def test_an_old_value_is_not_kept_in_an_alias() -> None:
    with pytest.raises(Failure, match="The value of vault_k in line 3 is an alias"):
        rotate("vault_x: old\nvault_y: &link text\nvault_k: *link\n", ["vault_x"], {"vault_x": "vault_k"}, 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vault_x: a\nvault_x: b\n", "holds vault_x more than once (again in line 2)"),
        ("vault_x: a\nvault_y: b\n'vault_y': c\n", "holds vault_y more than once (again in line 3)"),
        ("vault_x: a\nvault_y: [{TOPSECRET: 1,\n  TOPSECRET: 2}]\n", "holds a name more than once (again in line 3)"),
        ("vault_x: |\nTOP SECRET: 1\nTOP SECRET: 2\n", "holds a name more than once (again in line 3)"),
    ],
)
def test_a_name_that_is_there_twice_is_refused(text: str, said: str) -> None:
    with pytest.raises(Failure) as caught:
        rotate(text, ["vault_x"], {}, 0)
    assert said in str(caught.value)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        'x: "TOPSECRET',
        "x: TOP: SECRET",
        "\tx: TOPSECRET",
        'x: "TOPSECRET\\UFFFFFFFF"',
        "x: @TOPSECRET",
        "x: TOPSECRET\x07",
        "- TOPSECRET",
        "",
    ],
)
def test_a_text_that_is_no_yaml_of_variables_is_refused_without_a_piece_of_it(text: str) -> None:
    with pytest.raises(Failure, match=r"The vault .*Nothing was changed") as caught:
        rotate(text, ["x"], {}, 0)
    assert caught.value.__cause__ is None
    assert "SECRET" not in str(caught.value)


def test_a_variable_named_twice_is_rotated_once() -> None:
    rotated = rotate("x: old\n", ["x", "x"], {"x": "k"}, 17)
    assert '"old"' in rotated.text


@pytest.mark.parametrize("kept", [{"x": "y"}, {"x": "x"}, {"x": "k", "y": "k"}])
def test_a_variable_does_not_take_two_values(kept: dict[str, str]) -> None:
    with pytest.raises(Failure, match="cannot keep an old value and take another one"):
        rotate("x: a\ny: b\n", ["x", "y"], kept, 17)
