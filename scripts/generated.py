# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write every file of the checkout that is generated: ``./bootstrap nox -s docs`` calls it, a unit test finds stale ones."""

from __future__ import annotations

import json
import os
import pprint
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.plannoir.deploy.plugins.module_utils._namespace import rights
from ansible_collections.plannoir.deploy.plugins.module_utils._services.forms import CA_FILE
from ansible_collections.plannoir.deploy.plugins.module_utils._verify.steps import CHECK_SPEC

from scripts import by_hand, references, services
from scripts.references import LINE, TABLE, Options, between_marks, rows, wrapped
from scripts.schemas import app_schema, chart_schema, share
from scripts.yaml_style import Plain

ROOT = Path(__file__).parents[1]

SOURCE = "plugins/module_utils/_component/specification.yml"
SPECIFICATION = yaml.safe_load((ROOT / SOURCE).read_text(encoding="utf-8"))
WRITTEN_BY = f"Written by `./bootstrap nox -s docs` from {SOURCE}."

HEADER = '''\
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a component is, without the texts. {written_by}"""

from __future__ import annotations

from typing import Any

'''

DEBIAN_SCRIPT = "roles/services/files/debian.sh"
BUILD_FILES = "roles/images/files"

FILES_HEADER = f'''\
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What generated Dockerfiles bring along. Written by `./bootstrap nox -s docs` from {DEBIAN_SCRIPT} and {BUILD_FILES}."""
# ruff: noqa: E501

from __future__ import annotations

'''

TRIAL_FILE = "roles/release/files/trial.cjs"

TRIAL_HEADER = f'''\
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a trial runs in an image with Node.js. Written by `./bootstrap nox -s docs` from {TRIAL_FILE}."""
# ruff: noqa: E501

from __future__ import annotations

'''

VALUES = """\
# What `helm install my-app .` deploys: the reference application without its embedded services; README.md says what has to be there.
# The release role turns the subcharts off and gives every component in `components`. values.schema.json describes each value.
# Written by `./bootstrap nox -s docs` from group_vars/all/app.yml.
"""

COMPONENTS = f"""\
# Options of a component

Each element of `app_components` (group_vars/all/app.yml) is one component: a Deployment, or with `schedule` a CronJob, with its
Service, Secrets and image. {WRITTEN_BY}

Every text arrives character for character: write it in quotes. Without them a whole number, `true` and `false` are taken where they arrive
as they stand there; what YAML makes something else of (24.10, 0123, NO, 12:30, a date) is refused with its file and line. `$` is a `$`,
unless `expand` asks for what Kubernetes puts in place of `$(NAME)`.

An editor with the YAML language server completes and checks the file, because its first line names docs/app.schema.json. In a file of
yours, that line is `# yaml-language-server: $schema=` and the path or URL of that schema.

{TABLE}"""

ROLE = """\
---
# What a deployment takes in its namespace, and all that it takes where that namespace is there. Whoever runs the cluster does this once:
#   kubectl --namespace shop apply --filename docs/role.yml
#   kubectl --namespace shop create rolebinding deployer --role=plannoir-deploy --serviceaccount=shop:deployer
# Written by `./bootstrap nox -s docs` from plugins/module_utils/_namespace/rights.py.
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: plannoir-deploy
rules:
"""

REFERENCES = f"""
## Services in the environment

A value of `env` and `secret_env`, of the component and of its Jobs, may be how a service of `app_services` is reached, as in
`DATABASE_URL: {{from: postgresql, as: sqlalchemy+asyncpg}}`. Each service has [its forms](../roles/services/README.md). With the value come
the way to the service (`connects_to`, where that is given), the certificate of its authority, as the file `{CA_FILE}`, and
the variables with which the client finds that file, unless the component sets them itself.

{TABLE}"""


def python_specification() -> str:
    """Return the specification as a module, because no other file of the collection goes along where a module runs."""
    options = _without(SPECIFICATION["options"], "description")
    names = {"FORMATS": SPECIFICATION["formats"], "OPTIONS": options}
    body = "\n".join(f"{name}: dict[str, dict[str, Any]] = {pprint.pformat(value, sort_dicts=False)}" for name, value in names.items())
    text = HEADER.format(written_by=WRITTEN_BY) + body
    command = ["ruff", "format", "--config", str(ROOT / "pyproject.toml"), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def argument_specs() -> str:
    """Return the argument specs of the role preflight with the options of ``app_components``, for ansible-doc and the check of types."""
    options = yaml.dump(
        {"options": _without(SPECIFICATION["options"], "format", "keys", "chart", "process", "filled", "empty", "reference")},
        Dumper=Plain,
        sort_keys=False,
        width=LINE,
        indent=2,
    )
    begin, end = (f"        # {word} of what is generated: {WRITTEN_BY}\n" for word in ("Begin", "End"))
    text = "".join(f"        {line}\n" for line in options.splitlines())
    return between_marks("roles/preflight/meta/argument_specs.yml", text, begin, end)


def components_table() -> str:
    """Return the table of a component's options."""
    options = SPECIFICATION["options"]
    tables = ((COMPONENTS, options), (REFERENCES, options["env"]["reference"]))
    return wrapped("".join(text + "".join(f"{row}\n" for row in rows(spec)) for text, spec in tables))


def app_json_schema() -> str:
    """Return the schema with which an editor completes and checks a person's app.yml."""
    specs = yaml.safe_load(argument_specs())["argument_specs"]["app"]["options"]
    specs["app_checks"]["options"] = CHECK_SPEC
    return _json(share(app_schema(specs, SPECIFICATION))) + "\n"


def chart_values_schema() -> str:
    """Return the schema of the chart's values."""
    return _json(share(chart_schema(SPECIFICATION, by_hand.subcharts()))) + "\n"


def chart_values() -> str:
    """Return the chart's default values, with which `helm install my-app .` deploys the reference application."""
    return VALUES + yaml.dump(by_hand.values(), Dumper=Plain, sort_keys=False, width=LINE)


def copy_of(path: str) -> Callable[[], str]:
    """Return what reads a file of which every application keeps a copy, so that `docker build .` works in its folder."""
    return lambda: (ROOT / path).read_text(encoding="utf-8")


def role() -> str:
    """Return the Role that grants what a deployment takes."""
    lines = []
    for what, rule in rights.rules():
        verbs, groups, resources = (", ".join(word or "''" for word in rule[key]) for key in ("verbs", "apiGroups", "resources"))
        lines += [f"  # {what}", f"  - {{apiGroups: [{groups}], resources: [{resources}], verbs: [{verbs}]}}"]
    return ROLE + "\n".join(lines) + "\n"


def build_files() -> str:
    """Return what generated Dockerfiles bring along as a module, because no other file of the collection goes along where a module runs."""
    folder = ROOT / BUILD_FILES
    scripts = {"NEXT_BUILD": "next.cjs", "MIGRATION_BUILD": "migrate.cjs", "STATIC_SERVER": "nginx.conf"}
    named = {"DEBIAN_SCRIPT": ROOT / DEBIAN_SCRIPT, **{name: folder / file for name, file in scripts.items()}}
    lines = [f"{name} = {_block(path.read_text(encoding='utf-8'))}" for name, path in named.items()]
    locks = sorted(folder.glob("node-*.txt"))
    entries = "".join(f'    "{lock.stem.removeprefix("node-")}": {_block(lock.read_text(encoding="utf-8"))},\n' for lock in locks)
    lines.append(f'NODE_REQUIREMENTS = {{\n{entries}}}\n"""Node.js and npm as a locked wheel, by major version."""')
    return FILES_HEADER + "\n".join(lines) + "\n"


def trial_file() -> str:
    """Return what a trial runs in an image with Node.js as a module, because no other file of the collection goes along."""
    return TRIAL_HEADER + f"NODE_TRIAL = {_block((ROOT / TRIAL_FILE).read_text(encoding='utf-8'))}\n"


def _block(text: str) -> str:
    """Return a text as a literal that reads as the file does."""
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""\\\n{escaped}"""'


FILES: dict[str, Callable[[], str]] = {
    **services.FILES,
    "plugins/module_utils/_component/specification.py": python_specification,
    "roles/preflight/meta/argument_specs.yml": argument_specs,
    "docs/components.md": components_table,
    "docs/role.yml": role,
    "docs/app.schema.json": app_json_schema,
    "charts/plannoir/values.schema.json": chart_values_schema,
    "charts/plannoir/values.yaml": chart_values,
    "plugins/module_utils/_images/build_files.py": build_files,
    "plugins/module_utils/_trial/inside_node.py": trial_file,
    **{str(copy.relative_to(ROOT)): copy_of(DEBIAN_SCRIPT) for copy in sorted(ROOT.glob("apps/*/docker/debian.sh"))},
    "apps/frontend/docker/node.txt": copy_of(f"{BUILD_FILES}/node-24.txt"),
    **references.FILES,
}
"""Each generated file, and what it should hold; in an order in which no one needs a later one."""


def _without(options: Options, *keywords: str) -> dict[str, Any]:
    def bare(option: Mapping[str, Any]) -> dict[str, Any]:
        nested = ("options", "reference")
        return {key: _without(value, *keywords) if key in nested else value for key, value in option.items() if key not in keywords}

    return {name: bare(option) for name, option in options.items()}


def _json(value: Any, column: int = 0) -> str:
    """Return JSON in which what fits into a line stands on one."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(line) + column <= LINE:
        return line
    inner = " " * (column + 2)
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {_json(item, column + 2)}" for key, item in value.items()]
    else:
        parts = [_json(item, column + 2) for item in value]
    brackets = "{}" if isinstance(value, dict) else "[]"
    return f"{brackets[0]}\n{inner}" + f",\n{inner}".join(parts) + f"\n{' ' * column}{brackets[1]}"


def main() -> None:
    for name, content in FILES.items():
        path = ROOT / name
        text = content()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}", flush=True)
            if content is python_specification:  # what was imported already is the one of before
                os.execv(sys.executable, [sys.executable, "-m", "scripts.generated"])


if __name__ == "__main__":
    main()
