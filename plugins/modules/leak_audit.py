#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module entry point; the logic is in module_utils/_audit/run.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: leak_audit
short_description: Look for secret values where they must not stand
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Looks for each value as it is, as base64 (at any alignment, in both alphabets, wrapped, twice), hexadecimal, URL-encoded, as JSON,
    HTML, YAML and shell write it, and in tar, zip, gzip, bzip2 and xz archives, also within each other and as base64 in other text.
  - Reports where a value was found, its label and the first 8 hexadecimal digits of its SHA-256, and never the value.
  - Of several lines the longest are looked for, of a PEM file those of its private parts, of a URL its password as well. Certificates
    and public keys are no secrets. A value of fewer than 8 bytes is not looked for; RV(notes) says so.
  - What is long is read as a stream; memory stays the same however long it is.
  - The Secrets themselves, and files that git ignores, are not looked at. A place that cannot be looked at is an error.
options:
  values:
    description: Label to value, or a filter's component to kind of Secret to key to value (P(plannoir.deploy.component_secrets#filter)).
    type: dict
    required: true
  public:
    description: Those of O(values) that everybody may read, so that nothing looks for them.
    type: list
    elements: str
    default: []
  places:
    description:
      - Names of the places that are looked at; all when it is empty. The table in docs/audit.md says what stands behind each name, and
        a name that is no place is answered with the list of them.
      - Most places take an option that says where they are, as O(checkout), O(releases) or O(commands).
    type: list
    elements: str
    default: []
  fail:
    description: Whether a finding is a failure. A place that cannot be looked at always is.
    type: bool
    default: true
  checkout:
    description: Folder of the git checkout.
    type: path
  kubeconfig:
    description: Path of the kubeconfig.
    type: path
  context:
    description: Context in it; the current one is never used.
    type: str
  namespace:
    description: Namespace of the application.
    type: str
  bin:
    description: Folder with the programs kubectl and helm; empty for those on E(PATH).
    type: path
    default: ""
  releases:
    description: Names of the Helm releases.
    type: list
    elements: str
    default: []
  chart:
    description: Folder of their chart.
    type: path
  application:
    description: Name of the application, which its images are labelled with; their references begin with it, too.
    type: str
  images:
    description: Further images, by reference.
    type: list
    elements: str
    default: []
  node:
    description: Container that is the cluster's node, in the docker client's own engine.
    type: str
  registry:
    description:
      - Registry from which the cluster pulls what is built; empty where it is built in the node.
      - With one, the build cache and what is in nodes are not on this machine, and neither are images that were built elsewhere.
      - A note says so.
    type: str
  engine:
    description: Environment of the docker client, as in E(DOCKER_HOST), for the engine that holds the images and the build cache.
    type: dict
    default: {}
  commands:
    description: Commands that are run for the place V(commands), with the vault passwords of this run; one that fails is an error.
    type: list
    elements: dict
    default: []
    suboptions:
      argv:
        description: Program and arguments, no shell.
        type: list
        elements: str
        required: true
      chdir:
        description: Working folder.
        type: path
      environment:
        description: Further environment variables.
        type: dict
        default: {}
      timeout:
        description: Seconds.
        type: float
        default: 3600
  temporary:
    description: Temporary folders; E(TMPDIR) is one of them where it is set.
    type: list
    elements: path
    default: [/tmp, /var/tmp, ~/.ansible/tmp]
  since:
    description: Seconds since the epoch; temporary files that changed before are left out.
    type: float
    default: 0
  timeout:
    description: Seconds for each program that is asked.
    type: float
    default: 900
notes:
  - Ansible itself replaces what looks like one of O(values) in results by asterisks.
attributes:
  action:
    description: An action plugin on the controller adds the vault passwords that Ansible was given.
    support: full
  check_mode:
    description: It only reads; O(commands) are run in check mode, too.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
"""

EXAMPLES = r"""
- name: See that no credential stands in what the cluster shows
  plannoir.deploy.leak_audit:
    values: "{{ app_components | plannoir.deploy.component_secrets }}"
    places: [release, describe, logs]
    kubeconfig: ~/.kube/config
    context: plannoir
    namespace: plannoir
    bin: /usr/local/bin
    releases: [plannoir, plannoir-extras]

- name: See that a command writes no credential, and passes none as an argument
  plannoir.deploy.leak_audit:
    values:
      API key: "{{ vault_api_key }}"
    places: [commands, processes]
    commands:
      - argv: [ansible-playbook, -vvv, site.yml]
        chdir: /srv/checkout
"""

RETURN = r"""
places:
  description: What was seen, by place.
  returned: always
  type: list
  elements: dict
  contains:
    place: {description: Its name., type: str, returned: always}
    items: {description: Number of files and other streams., type: int, returned: always}
    bytes: {description: Bytes that were compared., type: int, returned: always}
    seconds: {description: How long it took., type: float, returned: always}
    error: {description: Why it could not be looked at., type: str, returned: always}
    unopened: {description: Number of archives in it that could not be opened., type: int, returned: always}
    sealed: {description: Names of the first of these., type: list, elements: str, returned: always}
    findings:
      description: What was found; without a value.
      type: list
      elements: dict
      returned: always
      contains:
        where: {description: The file or object., type: str, returned: always}
        label: {description: Whose value it is., type: str, returned: always}
        fingerprint: {description: First 8 hexadecimal digits of the value's SHA-256., type: str, returned: always}
        spelling: {description: How it is written there., type: str, returned: always}
table:
  description: What was looked at, a line for each place.
  returned: always
  type: list
  elements: str
problems:
  description: A sentence for each finding and each place that could not be looked at.
  returned: always
  type: list
  elements: str
notes:
  description: A sentence for each archive that could not be opened, and for each value that was not searched or not as a whole.
  returned: always
  type: list
  elements: str
"""

import os
import sys
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._audit.places import Subject
from ansible_collections.plannoir.deploy.plugins.module_utils._audit.run import audit, chosen, not_here, problems, table, unopened
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import Command
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.matcher import Matcher
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.parts import SHORTEST
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.spellings import labelled, secrets_of


def subject_of(parameters: dict[str, Any]) -> Subject:
    """Return what the options name."""
    commands = [Command(given["argv"], given["chdir"], given["environment"], given["timeout"]) for given in parameters["commands"]]
    texts = ("checkout", "chart", "application", "node", "registry")
    return Subject(
        cluster=Cluster.of(parameters),
        **{name: parameters[name] or "" for name in texts},
        releases=parameters["releases"],
        images=parameters["images"],
        engine=parameters["engine"],
        commands=commands,
        temporary=[*parameters["temporary"], *([os.environ["TMPDIR"]] if os.environ.get("TMPDIR") else [])],
        since=parameters["since"],
        # Ansible hands a module its options in a file beside it.
        own=next((str(Path(word).resolve().parent) for word in sys.orig_argv if Path(word).name.startswith("AnsiballZ_")), ""),
        timeout=parameters["timeout"],
    )


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "values": {"type": "dict", "required": True, "no_log": True},
            "public": {"type": "list", "elements": "str", "default": []},
            "places": {"type": "list", "elements": "str", "default": []},
            "fail": {"type": "bool", "default": True},
            "checkout": {"type": "path"},
            **{name: {**option, "required": False} for name, option in CLUSTER_SPEC.items()},
            "chart": {"type": "path"},
            "application": {"type": "str"},
            "node": {"type": "str"},
            "registry": {"type": "str"},
            "releases": {"type": "list", "elements": "str", "default": []},
            "images": {"type": "list", "elements": "str", "default": []},
            "engine": {"type": "dict", "default": {}},
            "commands": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "argv": {"type": "list", "elements": "str", "required": True},
                    "chdir": {"type": "path"},
                    "environment": {"type": "dict", "default": {}},
                    "timeout": {"type": "float", "default": 3600},
                },
            },
            "temporary": {"type": "list", "elements": "path", "default": ["/tmp", "/var/tmp", "~/.ansible/tmp"]},
            "since": {"type": "float", "default": 0},
            "timeout": {"type": "float", "default": 900},
        },
        supports_check_mode=True,
    )
    # A shorter value is not searched either, and would be cut out of the table's numbers.
    module.no_log_values = {value for value in module.no_log_values if len(value.encode()) >= SHORTEST}
    try:
        places = chosen(module.params["places"])
    except ValueError as problem:
        module.fail_json(msg=str(problem))
    secrets, notes = secrets_of(
        {label: value for label, value in labelled(module.params["values"]).items() if value not in module.params["public"]}
    )
    if not secrets:
        module.fail_json(msg="\n".join(["There is no value to look for: name the credentials in values.", *notes]))
    results = list(audit(subject_of(module.params), places, Matcher(secrets)))
    shown: dict[str, Any] = {
        "places": [result.shown() for result in results],
        "table": table(results),
        "problems": problems(results),
        "notes": [*unopened(results), *not_here(results), *notes],
    }
    found, unseen = any(result.findings for result in results), any(result.error for result in results)
    if unseen or (found and module.params["fail"]):
        module.fail_json(msg="\n".join([*shown["problems"], *shown["table"]]), **shown)
    module.exit_json(changed=False, **shown)


if __name__ == "__main__":
    main()
