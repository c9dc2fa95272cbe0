# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put one value into a vault; documented in plugins/modules/vault_secret.py."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.plannoir.deploy.plugins.module_utils._core import process
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.rotation import with_secret
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_check import read_vault, replace_vault
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_variables import check_rotation, load_variables

_KEPT = "Nothing was changed."


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible has no types
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        given = self.validate_argument_spec(
            argument_spec={
                "path": {"type": "path", "required": True},
                "name": {"type": "str", "required": True},
                "value": {"type": "str", "no_log": True},
                "command": {"type": "str"},
            },
            mutually_exclusive=[["value", "command"]],
            required_one_of=[["value", "command"]],
        )[1]
        try:
            if not re.fullmatch(r"vault_\w+", given["name"]):
                raise Failure(f"A variable of the vault begins with vault_ and has letters, digits and underscores: correct name. {_KEPT}")
            # Ansible's own kind of text, which remembers where it came from, cannot be written as YAML.
            value = _output(given["command"]) if given["command"] else "".join(given["value"] or "")
            changed = self._put(Path(given["path"]), given["name"], value)
        except Failure as error:
            raise AnsibleActionFail(str(error)) from None
        except Exception as error:  # the words of another one may quote the value
            raise AnsibleActionFail(
                f"{given['name']} cannot be put into the vault {given['path']} ({type(error).__name__}): write it there with "
                f"'ansible-vault edit'. {_KEPT}"
            ) from None
        diff = {"before": {}, "after": {given["name"]: "a new value"} if changed else {}}
        return {"changed": changed, "name": given["name"], "diff": diff}

    def _put(self, path: Path, name: str, value: str) -> bool:
        """Write the value, and tell whether it is another one; in check mode everything but the file's replacement happens."""
        if not value.strip():
            raise Failure(f"There is no value for {name}: type one, or name a command that prints it. {_KEPT}")
        passwords = self._loader._vault.secrets
        before = read_vault(path, passwords)
        if not before:
            raise Failure(f"There is no vault {path}: run site.yml, which makes it, or playbooks/adopt.yml for a new application.")
        if load_variables(before.text).get(name) == value:
            return False
        new = with_secret(before.text, name, value)
        check_rotation(before.text, new, {}, 0)
        replace_vault(path, before, new.text, passwords, check_mode=self._task.check_mode)
        return True


def _output(command: str) -> str:
    """Return what a command prints, without the line break at its end; what it says on failing may hold the secret."""
    try:
        program, *arguments = shlex.split(command)
    except ValueError as error:
        raise Failure(f"The command cannot be split into words ({error}): correct its quotes. {_KEPT}") from None
    done = process.run([program, *arguments], timeout=300)
    if done.code == process.NOT_FOUND:
        raise Failure(f"{program} cannot be run: install it, or put it on PATH. {_KEPT}")
    if done.code:
        raise Failure(f"{program} ended with exit code {done.code}: run it by hand to see what it says. {_KEPT}")
    return done.out.removesuffix("\n").removesuffix("\r")
