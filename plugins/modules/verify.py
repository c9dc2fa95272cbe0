#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Use a running application and write down what came back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: verify
short_description: Use a running application and write down what came back
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Takes steps in order, each a request to a released URL or a command in a pod, and compares what comes back with what is expected.
  - C(${name}) in any text of a step is replaced by what an earlier step saved under that name; C(${run_id}) is new at each run.
  - A step that fails is tried again until O(timeout) has passed when that is harmless, that is for GET and HEAD, for commands, and where
    nothing answered. Cookies are kept from step to step.
  - What a step sends, expects or saves may be a credential. Messages and the report name its place in the step, never the value.
  - A failure quotes what the components' logs say of errors meanwhile, without values of the Secrets that their pods read.
  - Changes nothing of its own; let the steps remove what they make.
extends_documentation_fragment: [plannoir.deploy.cluster]
options:
  checks:
    description: The steps.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the step shows.
        type: str
        required: true
      request:
        description: An HTTP request. Exactly one of this and O(checks[].exec).
        type: dict
        suboptions:
          method:
            description: HTTP method; GET by default, or POST with a body.
            type: str
            choices: [GET, HEAD, POST, PUT, PATCH, DELETE]
          component:
            description: Component whose released URL O(checks[].request.url) is relative to; not needed where only one has a URL.
            type: str
          url:
            description: Path below the component's URL, or an absolute URL.
            type: str
            default: /
          headers:
            description: Header to value, such as the name in C(Host) that the application answers to.
            type: dict
            default: {}
          json:
            description: Body, sent as JSON.
            type: raw
          form:
            description: Body, sent as a form; field to value, or to a list of values.
            type: dict
          files:
            description: Files of the form, which is then sent as C(multipart/form-data).
            type: list
            elements: dict
            default: []
            suboptions:
              field:
                description: Field of the form.
                type: str
                required: true
              name:
                description: File name.
                type: str
                required: true
              content:
                description: What is in it.
                type: str
                required: true
              type:
                description: Content type.
                type: str
                default: application/octet-stream
          body:
            description: Body, sent as this text; name its type in the header C(Content-Type).
            type: str
          timeout:
            description:
              - Seconds until the answer has ended. What came of it until then counts where a part of the body is expected.
              - An event stream, or one of JSON lines, is read no longer than until what is expected came.
            type: int
            default: 10
      exec:
        description: A command in a pod.
        type: dict
        suboptions:
          component:
            description: Component that the pod belongs to.
            type: str
            required: true
          command:
            description: The command, no shell.
            type: list
            elements: str
            required: true
          timeout:
            description: Seconds.
            type: int
            default: 20
      expect:
        description: What has to come back.
        type: dict
        default: {}
        suboptions:
          status:
            description: HTTP status; without it any below O(checks[].expect.below).
            type: int
          below:
            description:
              - What an HTTP status has to be less than where no O(checks[].expect.status) is given.
              - With V(500), who must sign in or is not found is answered, too.
            type: int
            default: 400
          contains:
            description: Text in the body or the command's output.
            type: str
          json:
            description: Dotted path, such as C(items.0.title), to value. Of a stream, one event has to have them all.
            type: dict
            default: {}
      save:
        description: Name to the dotted path of a value in the answer, for later steps.
        type: dict
        default: {}
      search:
        description:
          - Name to a regular expression, for later steps; its last group, or else all that it matches in the headers and the body.
          - It finds what a form hides, such as a token against forged requests.
        type: dict
        default: {}
      tries:
        description: How often the step is tried at most; until O(timeout) has passed by default.
        type: int
      always:
        description: Whether the step is taken even after one that failed, to clean up.
        type: bool
        default: false
  urls:
    description: Component to the URL that it was released at.
    type: dict
    default: {}
  timeout:
    description: Seconds for all steps together.
    type: int
    default: 60
  report:
    description: Folder for verify.json and verify.txt, readable by their owner only; nothing is written without it.
    type: path
attributes:
  check_mode:
    description: No step is taken.
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
"""

EXAMPLES = r"""
- name: Verify
  plannoir.deploy.verify:
    kubeconfig: "{{ cluster_kubeconfig }}"
    context: "{{ cluster_context }}"
    namespace: shop
    urls:
      web: http://127.0.0.1:30080
    checks:
      - name: The page answers
        request:
          url: /
        expect:
          contains: Shop
      - name: A user signs in with a form
        request:
          url: /login
          form: {user: shop, password: "{{ vault_shop_password }}"}
        expect:
          contains: Sign out
      - name: Events come
        request:
          url: /events
        expect:
          json: {kind: welcome}
      - name: The page's pod reaches the API by its DNS name
        exec:
          component: web
          command: [wget, -qO-, "http://api:8000/health"]
"""

RETURN = r"""
steps:
  description: How each step ended.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the step.
      type: str
    ok:
      description: Whether what was expected came.
      type: bool
    ms:
      description: Milliseconds of the last try.
      type: int
    tries:
      description: How often the step was tried.
      type: int
    detail:
      description: What was expected and what came, when it failed.
      type: str
summary:
  description: The URLs and the result, a line each.
  returned: success
  type: list
  elements: str
"""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.files import write_private
from ansible_collections.plannoir.deploy.plugins.module_utils._verify.steps import CHECK_SPEC, Story, report, summary


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            # Whole, because any text of a step may be a credential.
            "checks": {"type": "list", "elements": "dict", "required": True, "no_log": True, "options": CHECK_SPEC},
            "urls": {"type": "dict", "default": {}},
            **CLUSTER_SPEC,
            "timeout": {"type": "int", "default": 60},
            "report": {"type": "path"},
        },
        supports_check_mode=True,
    )
    parameters, urls = module.params, module.params["urls"]
    # Ansible would cut each text of a step, its name and "/" too, out of all that is returned. Nothing of a step is but its name.
    module.no_log_values = set()
    shown = {"invocation": {"module_args": {**parameters, "checks": [step["name"] for step in parameters["checks"]]}}}
    addresses = [f"{component}: {url}" for component, url in urls.items()]
    if module.check_mode:
        module.exit_json(changed=False, steps=[], summary=[*addresses, "Nothing was verified in check mode."], **shown)
    cluster, began = Cluster.of(parameters), time.monotonic()
    story = Story(urls, cluster.execute, parameters["timeout"])
    evidence = list(story.tell(parameters["checks"]))
    if parameters["report"]:
        folder = Path(parameters["report"])
        try:
            for name, content in zip(("verify.json", "verify.txt"), report(evidence, urls, _now()), strict=True):
                write_private(folder / name, content)
        except OSError as error:
            message = f"The report cannot be written to {folder} ({error.strerror}): make it writable or set verify_report."
            module.fail_json(msg=message, **shown)
    steps = [asdict(step) for step in evidence]
    if failures := [f"{step.name}: {step.detail}" for step in evidence if not step.ok]:
        said = map(story.shown, _said(cluster, time.monotonic() - began))
        message = "\n".join(["The application does not do what was expected:", *failures, *said])
        module.fail_json(msg=message, steps=steps, **shown)
    module.exit_json(changed=False, steps=steps, summary=[*addresses, summary(evidence)], **shown)


def _said(cluster: Cluster, seconds: float) -> list[str]:
    # Here, because it takes longer to import than a run that finds nothing may take for it.
    from ansible_collections.plannoir.deploy.plugins.module_utils._release.containers import said_by_components

    try:
        return said_by_components(cluster, seconds)
    except Failure as error:
        return [f"The components' logs cannot be read: {error}"]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    main()
