# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give variables of a vault new random values; documented in plugins/modules/vault_rotate.py."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.parsing.vault import VaultSecret
from ansible.plugins.action import ActionBase
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.rotation import rotate
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_check import read_vault, replace_vault
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_variables import check_rotation


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible has no types
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        parameters = self.validate_argument_spec(
            argument_spec={
                "path": {"type": "path", "required": True},
                "names": {"type": "list", "elements": "str", "required": True},
                "kept": {"type": "dict", "default": {}},
                "overlap": {"type": "int", "default": 300},
            }
        )[1]
        path, kept = Path(parameters["path"]), parameters["kept"]
        until = int(time.time()) + parameters["overlap"]
        try:
            names = self._rotate(path, parameters["names"], kept, until)
        except Failure as error:
            raise AnsibleActionFail(str(error)) from None
        except Exception as error:  # the words of another one may quote the vault
            raise AnsibleActionFail(
                f"The vault {path} cannot be rotated ({type(error).__name__}): look at its values with 'ansible-vault edit {path}'. "
                "Nothing was changed."
            ) from None
        diff = {"before": dict.fromkeys(names, "the old value"), "after": dict.fromkeys(names, "a new value")}
        return {"changed": bool(names), "names": names, "until": until, "diff": diff}

    def _rotate(self, path: Path, names: list[str], kept: dict[str, str], until: int) -> list[str]:
        """Rotate, and return what was rotated; in check mode everything but the file's replacement happens."""
        passwords: list[tuple[str, VaultSecret]] = self._loader._vault.secrets
        before = read_vault(path, passwords)
        if not before:
            raise Failure(f"There is no vault {path}, so that there is nothing to rotate: run site.yml, which makes it.")
        rotation = rotate(before.text, names, kept, until)
        check_rotation(before.text, rotation, kept, until)
        replace_vault(path, before, rotation.text, passwords, check_mode=self._task.check_mode or not rotation.values)
        return sorted(rotation.values)
