# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give variables of a vault new random values; documented in plugins/modules/vault_rotate.py."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleActionFail
from ansible.parsing.vault import VaultLib, VaultSecret, parse_vaulttext_envelope
from ansible.plugins.action import ActionBase
from ansible_collections.plannoir.deploy.plugins.module_utils.credentials import fingerprint
from ansible_collections.plannoir.deploy.plugins.module_utils.vault_file import VaultError, vault_state
from ansible_collections.plannoir.deploy.plugins.module_utils.vault_rotation import replace_file, rotate
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_check import check_vault


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
        path = Path(parameters["path"])
        until = int(time.time()) + parameters["overlap"]
        try:
            before, after = self._rotate(path, parameters["names"], parameters["kept"], until)
        except VaultError as error:
            raise AnsibleActionFail(str(error)) from None
        old, new = (
            {name: fingerprint(str(value)) for name, value in yaml.safe_load(text).items() if name in parameters["names"]}
            for text in (before, after)
        )
        # In check mode no new value stays, so its fingerprint would name nothing.
        shown = dict.fromkeys(old, "a new value") if self._task.check_mode else new
        return {"changed": bool(new), "names": sorted(new), "until": until, "diff": {"before": old, "after": shown}}

    def _rotate(self, path: Path, names: list[str], kept: dict[str, str], until: int) -> tuple[str, str]:
        passwords: list[tuple[str, VaultSecret]] = self._loader._vault.secrets
        if vault_state(path) == "absent":
            raise VaultError(f"There is no vault {path}, so that there is nothing to rotate: run site.yml, which makes it.")
        check_vault(path, passwords)
        content = path.read_bytes()
        vault = VaultLib(passwords)
        plaintext, _used, password = vault.decrypt_and_get_vault_id(content)
        before = plaintext.decode()
        after = rotate(before, names, kept, until)
        if not self._task.check_mode:
            label = parse_vaulttext_envelope(content)[3]
            replace_file(path, vault.encrypt(after, password, label).decode())
        return before, after
