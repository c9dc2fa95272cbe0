# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that YAML took for something else than what a person wrote, found in the words of the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible import context
from ansible._internal._datatag._tags import Origin
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.utils.context_objects import CLIArgs
from ansible_collections.plannoir.deploy.plugins.module_utils._component.specification import OPTIONS
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.variables import Documentation
from ansible_collections.plannoir.deploy.plugins.plugin_utils.play_variables import PlayVariables

OTHERS = """
my_version: 24.10
my_text: "24.10"
my_flag: NO
my_debug: true
my_pin: 0123
my_port: 8080
my_share: 0.5
my_env: {TTL: 1.50, FINE: 2}
my_list: [on, fine]
my_tree: {a: {b: [NO, yes]}}
vault_pin: 0123
"""
APP = """
app_components:
  - name: api
    port: 80
    image: x:1
    {option}
"""


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is said of a component's option, and of other variables; each sentence without the component's name."""
    monkeypatch.chdir(tmp_path)

    def look(option: str = "env: {}", *extra: str, text: str = "", vault: str = "") -> list[str]:
        (tmp_path / "app.yml").write_text(text or APP.replace("{option}", option), encoding="utf-8")
        (tmp_path / "others.yml").write_text(OTHERS, encoding="utf-8")
        (tmp_path / "vault.yml").write_text(vault, encoding="utf-8")
        monkeypatch.setattr(context, "CLIARGS", CLIArgs({"extra_vars": ("@app.yml", *extra)}))
        loader = DataLoader()
        variables: dict[str, Any] = {}
        for name in ("others.yml", "app.yml"):
            variables |= loader.load_from_file(str(tmp_path / name), trusted_as_template=True)
        variables |= (loader.load_from_file(str(tmp_path / "vault.yml"), trusted_as_template=True) or {}) if vault else {}
        for option in extra:
            variables |= loader.load(Origin(description="<CLI option '-e'>").tag(option))
        spec = {"type": "list", "elements": "dict", "options": OPTIONS}
        documentation = Documentation(options={"app_components": spec, "app_name": {"type": "str"}, "app_flag": {"type": "bool"}})
        play = PlayVariables(Templar(loader, variables=variables), variables, documentation, [], [])
        found = [
            problem for problem in play.problems() if any(words in problem for words in ("quote it", "is empty", "resolved", "take it out"))
        ]
        found += play.spelling_problems(loader.get_text_file_contents, tmp_path / "vault.yml", vault)
        return [sentence.removeprefix("app_components[0] (api).") for sentence in found]

    return look


PLAIN = "1.0 08080 0 8080 -5 0.5 true false 1e5 08 0o17 Y n nope 2024 1.2.3 0e1234 01443e5 1209600 20161115.1 '' 'NO' '24.10' '0123'"
OTHER = [
    *("!!str 0123", "|-\n        0123", ">-\n        NO", '"{{ my_text }}"', '"{{ my_port }}"', '"{{ my_debug }}"', '"{{ my_share }}"'),
    *(
        '"v{{ my_text }}-{{ my_port }}"',
        '"{{ my_flag | bool }}"',
        "\"{{ 'a' if my_flag else 'b' }}\"",
        '"{{ 2 * 3 }}"',
        '"{{ my_env.FINE }}"',
    ),
    *('"{{ my_list[1] }}"', '"{{ my_tree.a.b | length }}"', '!unsafe "{{ my_version"'),
]


@pytest.mark.parametrize("value", [*PLAIN.split(), *OTHER])
def test_what_arrives_as_it_was_written_is_taken(said: Any, value: str) -> None:
    assert said(f"env: {{}}\n    args:\n      - {value}\n    config_files:\n      /etc/x: {value}") == []


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("24.10", "is 24.10 there, which would arrive as 24.1: quote it, as in '24.10'."),
        ("0123", "is 0123 there, which would arrive as 83: quote it"),
        ("0x1F", "would arrive as 31: quote it"),
        ("1_000", "would arrive as 1000: quote it"),
        ("+1", "would arrive as 1: quote it"),
        ("12:30", "would arrive as 750: quote it"),
        ("2024-01-15", "which YAML reads as a date: quote it"),
        ("2024-01-15T10:00:00Z", "which YAML reads as a date: quote it"),
        ("NO", "is NO there, which would arrive as false: quote it"),
        ("yes", "would arrive as true: quote it"),
        ("True", "would arrive as true: quote it"),
        (".inf", "would arrive as inf: quote it"),
        ("[a]", "must be text, not a list: quote it"),
        ("{a: b}", "must be text, not a dictionary: quote it"),
        ("!unsafe '0123'", "take !unsafe away"),
        ('"{{ my_version }}"', "(others.yml:2) is 24.10 there, which would arrive as 24.1: quote it"),
        ('"{{ my_flag }}"', "(others.yml:4) is NO there, which would arrive as false: quote it"),
        ('"{{ my_flag | default(true) }}"', "(others.yml:4) is NO there"),
        ('"{{ my_pin | string }}"', "takes my_pin (others.yml:6), which is 0123 there, which would arrive as 83: quote it"),
        ('"v{{ my_version }}"', "takes my_version (others.yml:2), which is 24.10 there"),
        ("\"{{ 'v' ~ my_version }}\"", "takes my_version (others.yml:2), which is 24.10 there"),
        ('"--debug={{ my_debug }}"', "takes my_debug (others.yml:5), which is true there, which would arrive as True: quote it"),
        ('"{{ my_tree.a.b[0] }}"', "(others.yml:11) is NO there"),
        ("\"{{ my_tree['a'].b[1] }}\"", "(others.yml:11) is yes there"),
        ('"{{ my_env.TTL }}"', "(others.yml:9) is 1.50 there"),
    ],
)
@pytest.mark.parametrize(
    "option",
    [
        *("env: {{A: {}}}", "args: [{}]", "command: [a, {}]", "config_files: {{/etc/x: {}}}", "probes: {{liveness: {{command: [{}]}}}}"),
        *("host_aliases: [{{ip: 10.0.0.1, hostnames: [{}]}}]", "migration: {{command: [{}]}}", "build: {{context: x, args: {{A: {}}}}}"),
    ],
)
def test_what_yaml_changed_is_refused_with_its_place_in_every_option(said: Any, option: str, value: str, reason: str) -> None:
    (sentence,) = said(option.format(value))
    assert sentence.startswith(option.partition(":")[0])
    assert reason in sentence
    assert "app.yml:6" in sentence or "others.yml:" in sentence


@pytest.mark.parametrize(
    "option",
    ["secret_env: {{A: {}}}", "secret_files: {{path: /x, files: {{A: {}}}}}", "migration: {{command: [x], secret_env: {{A: {}}}}}"],
)
@pytest.mark.parametrize(
    "value", ["24.10", "0123", "NO", "12:30", "2024-01-15", "[24.10]", '"{{ my_version }}"', '"x{{ vault_pin }}"', '"{{ vault_pin }}"']
)
def test_of_a_secret_only_the_place_is_said(said: Any, option: str, value: str) -> None:
    (sentence,) = said(option.format(value))
    assert "quote it" in sentence
    assert "app.yml:6" in sentence or "others.yml:" in sentence
    assert not any(word in sentence for word in ("24.1", "0123", "83", "NO", "12:30", "750", "2024"))


def test_what_cannot_be_resolved_is_named_once(said: Any) -> None:
    (sentence,) = said('env: {A: "{{ nobody_knows_it }}"}')
    assert "'nobody_knows_it' is undefined" in sentence


def test_keys_are_texts_too(said: Any) -> None:
    assert said("env: {NO: x, 24.10: y, N: a, 'NO ': b}") == [
        "env (app.yml:6) has the key NO, which YAML reads as false: quote it.",
        "env (app.yml:6) has the key 24.10, which YAML reads as 24.1: quote it.",
    ]


def test_a_build_argument_may_be_empty_and_a_variable_may_not(said: Any) -> None:
    assert said("build: {context: x, args: {A: , B: '', C: {}}}".replace("C: {}", "C: 5")) == []
    assert "is null there, which would arrive as nothing: quote it" in said("build: {context: x, args: {A: null}}")[0]
    assert said("env: {A: }") == ['env.A (app.yml:6) is empty: write "" for an empty text.']


def test_a_whole_number_that_yaml_reads_as_another_one_is_refused(said: Any) -> None:
    assert "run_as_user (app.yml:6) is 01000 there, which YAML reads as 512" in said("run_as_user: 01000")[0]
    assert "replicas (app.yml:6) is 1:30 there, which YAML reads as 90" in said("replicas: 1:30")[0]
    # The port of docker/compose's report 3109.
    assert "port (app.yml:6) is 9022:22 there, which YAML reads as 541342" in said("service: {port: 9022:22}")[0]
    for fine in ("replicas: 0", "replicas: 1_0", "replicas: '{{ my_port }}'", "run_as_user: 1000"):
        assert said(fine) == []


def test_a_dictionary_or_list_of_another_variable_is_looked_into(said: Any) -> None:
    assert said('env: "{{ my_env }}"')[0].startswith("env.TTL (others.yml:9) is 1.50 there")
    assert said("env: \"{{ my_env | combine({'X': my_version}) }}\"")[1].startswith("env.X (others.yml:2) is 24.10 there")
    assert said('args: "{{ my_list }}"')[0].startswith("args[0] (others.yml:10) is on there")
    anchors = (
        "app_components:\n  - &a {name: api, image: x:1, port: 80, env: &e {A: NO}}\n  - {<<: *a, name: web, env: {<<: *e, B: 1.10}}\n"
    )
    assert [sentence.partition(" there")[0] for sentence in said(text=anchors)] == [
        "env.A (app.yml:2) is NO",
        "app_components[1] (web).env.A (app.yml:2) is NO",
        "app_components[1] (web).env.B (app.yml:3) is 1.10",
    ]


def test_what_the_command_line_gives_is_named_by_its_option(said: Any) -> None:
    option = "app_components (<CLI option '-e'>)".partition(" ")[2]
    yaml = "{app_name: 1.10, app_flag: NO, app_components: [{name: api, image: 'x:1', port: 80, env: {A: NO, B: 0123, C: 7}}]}"
    assert [sentence.partition(" there")[0] for sentence in said("env: {}", yaml)] == [
        f"env.A {option} is NO",
        f"env.B {option} is 0123",
        f"app_name {option} is 1.10",
    ]
    json = '{"app_components": [{"name": "api", "image": "x:1", "port": 80, "env": {"A": false, "B": 1.10, "C": 7}}]}'
    assert said("env: {}", json) == [f"env.B {option} is a number, where a text belongs: quote it."]


def test_a_vaults_values_are_texts_wherever_they_are_used(said: Any) -> None:
    vault = "vault_a: 0123\nvault_b: NO\nvault_c: '0123'\nvault_d: 5\nvault_e:\nvault_f: {x: [1.10]}\nvault_g: true\n"
    found = said('secret_env: {A: "{{ vault_a }}"}', vault=vault)
    assert [sentence.partition(" is no text")[0] for sentence in found] == [
        "secret_env.A (vault.yml:1)",
        "vault_b (vault.yml:2)",
        "vault_f (vault.yml:6)",
    ]
    assert not any(word in str(found) for word in ("0123", "83", "NO", "1.1"))


def test_an_overridden_variable_is_judged_by_its_own_words(said: Any) -> None:
    """Ansible keeps the place of the name's first definition."""
    assert said('env: {A: "{{ my_flag }}", B: "{{ my_version }}"}', '{my_flag: true, my_version: "24.10"}') == []


@pytest.mark.parametrize("template", ["{{ my_tree[vault_word] }}", "{{ lookup('file', vault_word) }}", "{{ vault_word | to_datetime }}"])
def test_what_ansible_says_of_a_template_holds_no_value_of_the_vault(said: Any, template: str) -> None:
    (sentence,) = said(f'env: {{A: "{template}"}}', vault="vault_word: 'TOP: SECRET'\n")
    assert "[redacted]" in sentence
    assert "SECRET" not in sentence
