# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts from a component to the process: what Helm hands to Kubernetes, as its own parser reads it, and what the kubelet makes of it."""

from __future__ import annotations

import base64
import json
import random
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.plannoir.deploy.plugins.filter.releases import releases
from ansible_collections.plannoir.deploy.plugins.module_utils._component.checks import JOBS
from ansible_collections.plannoir.deploy.plugins.module_utils._component.values import as_yaml
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain import pins

CHART = Path(__file__).parents[2] / "charts/plannoir"
OBJECTS = """
{{- range $name, $values := .Values.components }}
{{- range $object := splitList "\\n---\\n" (include "component.objects" (dict "name" $name "values" $values "root" $)) }}
---
{kind: Read, text: {{ $object | trimPrefix "---" | fromYaml | toJson | b64enc | quote }}}
{{- end }}
{{- end }}
"""
"""In place of the objects, what Go's parser of YAML reads in them: Python's reads another YAML."""

WORDS = r"""
Y y N n yes No on OFF true True FALSE null Null ~ = << - -- --- ... ? 08 0123 0o17 0b1 0x1F 1e5 1e3 1_000 +1 -0 .5 5. 1.10 24.10
.inf -.INF .nan 1:30 12:30:45 0433059784751904 4858805542217e30 2024-01-15 2024-01-15T10:00:00Z 1.2.3 1E400 #
[a] {a:b} &a *a !a | > ' " '' \ \n %a @a `a` a: :a
a\ ä 日本 <a>&b \u0041 \x41 %41
^a$$b $(DATABASE_URL) $$(A) $$$(A) $ $$ $( $(A $) $() $(A)$(B) $HOME ${HOME} $$HOME a$ $(日) {{a}} {%a%} {#a#}
0e1234 01443e5 72225e2 6063e25 1209600 29111998 20161115.1 $$WHAT T)T}Bjxl&@s$$z!&UJN(e#cNE5cimmX% 4{%!<---- %WxH{#(.fuz3,3toZ{;Z-+
"""
"""The last line is from reports: helm 4194, 4541, 6921, 13378; kubernetes 75907; freeipa-container 401; ansible 84433, 46948."""
AWKWARD = [
    *WORDS.split(),
    *("", " ", "a: b", "a #b", "- a", "{{ a }}", "!!int 3", "|-\n a", "a\tb", "\ta", "a\nb\n", "\n", "a\r\nb", " a ", "echo $$", "\x1b[0m"),
    *("\u00a0", "\u0085", "\u2028", "\u2029", "\u202e", "\ue000", "\ufffd", "\ufffe", "\ufeff", "\x7f", "\x9f", "e\u0301"),
]
PIECES = [*"$()A'\"\\\n\t\r: #-01e._yä\u2028\U0001f600", "$$", "$(", "{{", "}}"]


def texts(count: int) -> list[str]:
    """The awkward ones, digests, numbers in all spellings, and what chance makes of what is special to somebody on the way."""
    chance = random.Random(14)
    made = [*AWKWARD]
    while len(made) < count:
        made.append("".join(chance.choices("0123456789abcdef", k=16)))
        made.append("".join(chance.choices("0123456789e", k=16)))
        made.append("".join(chance.choices("0123456789+-._:eExXob", k=chance.randint(1, 6))))
        made.append("".join(chance.choices(PIECES, k=chance.randint(1, 9))))
        made.append(
            "".join(
                chr(chance.choice([chance.randint(1, 0x2FF), chance.randint(0x2000, 0xD7FF), chance.randint(0xE000, 0x1FFFF)]))
                for _ in range(5)
            )
        )
    return made[:count]


def expanded(word: str, variables: Mapping[str, str]) -> str:
    """Expand a word as the kubelet does: k8s.io/kubernetes/third_party/forked/golang/expansion, "Expand" and "tryReadVariableName"."""
    result, at = "", 0
    while at < len(word):
        if word[at] != "$" or at + 1 == len(word):
            result, at = result + word[at], at + 1
        elif word[at + 1] == "$":
            result, at = result + "$", at + 2
        elif word[at + 1] == "(" and ")" in word[at + 2 :]:
            name = word[at + 2 : word.index(")", at + 2)]
            result, at = result + variables.get(name, f"$({name})"), at + len(name) + 3
        else:
            result, at = result + word[at : at + 2], at + 2
    return result


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chart") / "plannoir"
    shutil.copytree(CHART, folder)
    (folder / "templates/components.yaml").write_text(OBJECTS, encoding="utf-8")
    return folder


def template(chart: Path, values: Mapping[str, Any], release: str = "my-app") -> list[dict[str, Any]]:
    """What ``helm template`` prints for values that the module release_deploy hands to helm."""
    helm = shutil.which("helm")
    assert helm, "helm is not on PATH: run ./bootstrap nox -s charts, which builds it first."
    command = [helm, "template", release, str(chart), f"--kube-version={pins.KUBERNETES}", "--values=-"]
    done = subprocess.run(command, input=as_yaml(values).encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return [item for item in yaml.load_all(done.stdout, Loader=yaml.CSafeLoader) if item]


def read(chart: Path, *components: Mapping[str, Any], release: str = "my-app") -> dict[tuple[str, str], Any]:
    """The objects of components as Kubernetes gets them, by kind and name."""
    names = [component["name"] for component in components]
    secrets = {name: {kind: f"{name}-{kind}-0433059784" for kind in ("env", "files", *JOBS)} for name in names}
    app = releases([*components], release, str(chart), dict.fromkeys(names, "shop/shop:4858805542217e30"), secrets, 180)[1]
    found = template(chart, app["values"], release)
    objects = [json.loads(base64.b64decode(item["text"])) for item in found if item["kind"] == "Read"]
    return {(item["kind"], item["metadata"]["name"]): item for item in objects}


def container(item: Mapping[str, Any]) -> Any:
    return item["spec"]["template"]["spec"]["containers"][0]


def environment(item: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, str]:
    """What the process gets, of which the kubelet expands what stands there literally."""
    result: dict[str, str] = {}
    for variable in container(item)["env"]:
        name = variable["name"]
        result[name] = expanded(variable["value"], result) if "value" in variable else secrets[name]
    return result


def words(command: Sequence[str], variables: Mapping[str, str]) -> list[str]:
    return [expanded(word, variables) for word in command]


def test_ten_thousand_texts_reach_the_process_character_for_character(chart: Path) -> None:
    given = iter(texts(10_000))

    def some(count: int) -> list[str]:
        return [next(given) for _ in range(count)]

    def variables(count: int) -> dict[str, str]:
        return {f"V{number:05}": text for number, text in enumerate(some(count))}

    secrets = {"A": "a secret", "DATABASE_URL": "postgresql://a-secret"}
    component: dict[str, Any] = {
        "name": "shop",
        "image": "shop:1",
        "port": 80,
        "env": variables(3000),
        "secret_env": secrets,
        "command": some(500),
        "args": some(2500),
        "probes": {kind: {"command": some(200)} for kind in ("startup", "liveness", "readiness")},
        "config_files": {f"/etc/{number:05}": text for number, text in enumerate(some(1000))},
        "host_aliases": [{"ip": "10.0.0.1", "hostnames": some(400)}],
        "migration": {"command": some(500), "args": some(500), "env": variables(1000)},
    }
    assert len(list(given)) == 0
    objects = read(chart, component)
    pods = objects["Deployment", "shop"]
    process = environment(pods, secrets)
    assert process == {**secrets, **component["env"]}
    assert words(container(pods)["command"], process) == component["command"]
    assert words(container(pods)["args"], process) == component["args"]
    for kind, probe in component["probes"].items():
        assert words(container(pods)[f"{kind}Probe"]["exec"]["command"], component["env"]) == probe["command"]
    files = objects["ConfigMap", "shop-config"]["data"]
    mounts = {mount["subPath"]: mount["mountPath"] for mount in container(pods)["volumeMounts"] if "subPath" in mount}
    assert {mounts[key]: content for key, content in files.items()} == component["config_files"]
    assert pods["spec"]["template"]["spec"]["hostAliases"] == component["host_aliases"]
    job = objects["Job", "shop-migration"]
    process = environment(job, secrets)
    assert process == {**secrets, **component["env"], **component["migration"]["env"]}
    assert words(container(job)["command"], process) == component["migration"]["command"]
    assert words(container(job)["args"], process) == component["migration"]["args"]


def test_who_asks_for_it_gets_kubernetes_expansion(chart: Path) -> None:
    component: dict[str, Any] = {
        "name": "shop",
        "image": "shop:1",
        "port": 80,
        "expand": True,
        "secret_env": {"PASSWORD": "Zx9"},
        "env": {"URL": "postgresql://u:$(PASSWORD)@h/d", "PRICE": "5$$"},
        "command": ["serve", "$(URL)", "$$HOME"],
    }
    item = read(chart, component)["Deployment", "shop"]
    process = environment(item, {"PASSWORD": "Zx9"})
    assert process["URL"] == "postgresql://u:Zx9@h/d"
    assert process["PRICE"] == "5$"
    assert words(container(item)["command"], process) == ["serve", "postgresql://u:Zx9@h/d", "$HOME"]


@pytest.mark.parametrize("name", ["null", "2048", "1e5"])
def test_names_that_yaml_takes_for_something_else_stay_names(chart: Path, name: str) -> None:
    names = ["y", "n", "no", "on", "off", "yes", "true", "false", "null", "e1"]
    keys = {"Y": "1", "NO": "2", "on": "3", "true": "4", "null": "5", "_1": "6"}
    components = [
        {
            "name": other,
            "image": "x:1",
            "port": 80,
            "connects_to": [target for target in names if target != other],
            "secret_env": keys,
            "env": {f"{key}_": key for key in keys} | {"N": "n"},
            "secret_files": {"path": "/s", "files": dict.fromkeys(["08", "1e5", "null"], "x")},
            "migration": {"command": ["y"], "timeout": 2_000_000, "secret_env": {"n": "x"}},
            "persistence": {"path": "/d", "size": "1073741824", "storage_class": "no"},
            "run_as_user": 2_000_000_000,
        }
        for other in names
    ]
    objects = read(chart, *components, release=name)
    for other in names:
        item = objects["Deployment", other]
        labels = {"app.kubernetes.io/name": other, "app.kubernetes.io/instance": name}
        assert item["spec"]["selector"]["matchLabels"] == labels
        assert item["spec"]["template"]["metadata"]["labels"] == {**labels, "plannoir.deploy/app": name}
        assert {variable["name"] for variable in container(item)["env"]} == {*keys, *(f"{key}_" for key in keys), "N"}
        assert objects["Service", other]["spec"]["selector"] == labels
        assert objects["Job", f"{other}-migration"]["spec"]["activeDeadlineSeconds"] == 2_000_000
        assert objects["PersistentVolumeClaim", f"{other}-data"]["spec"]["storageClassName"] == "no"
        secret = next(volume["secret"] for volume in item["spec"]["template"]["spec"]["volumes"] if "secret" in volume)
        assert [entry["key"] for entry in secret["items"]] == ["08", "1e5", "null"]
        callers = objects["NetworkPolicy", other]["spec"]["ingress"][0]["from"][0]["podSelector"]["matchExpressions"][0]["values"]
        assert sorted(callers) == sorted([one for one in names if one != other] + [f"{one}-migration" for one in names if one != other])


def test_a_digest_of_digits_is_a_text(chart: Path) -> None:
    for digest in ("4858805542217e30", "0433059784751904", "1111111111111111", "00000000000000e0"):
        assert template(chart, {"tags": {"by-hand": False}, "global": {"chartDigest": digest}})


def actions(text: str) -> Iterator[str]:
    """The templates' actions that print something."""
    for action in re.findall(r"\{\{-?\s*(.*?)\s*-?\}\}", re.sub(r"\{\{-? ?/\*.*?\*/ ?-?\}\}", "", text, flags=re.DOTALL), re.DOTALL):
        if not re.match(r"(if|else|end|range|with|define)\b|\$\w+ :?=", action):
            yield action


def test_a_template_prints_quoted_texts_whole_numbers_and_other_templates() -> None:
    """What ends otherwise is read anew by YAML."""
    printed = [action for path in CHART.rglob("templates/*.*l") for action in actions(path.read_text(encoding="utf-8"))]
    assert len(printed) > 60
    others = {action for action in printed if not re.search(r"\| (quote|int64)$", action) and not action.startswith("include ")}
    assert others == {". | trim | nindent 2", ". | trim | nindent 8", ". | trim | nindent 12", "$field", "$index", "$kind", "$resource"}
