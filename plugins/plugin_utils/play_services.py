# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backing services that a play's application uses, and what they want of its vault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.template import Templar
from ansible_collections.plannoir.deploy.plugins.module_utils._component.names import Rule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.template import Part, vault_parts
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.vault import slot_names, variable_names
from ansible_collections.plannoir.deploy.plugins.module_utils._services.catalogue import load_services, with_services
from ansible_collections.plannoir.deploy.plugins.plugin_utils.play_variables import PlayVariables

REGISTRY_PASSWORD = "vault_registry_password"
"""How the guides and inventories/cluster call the password of ``images_registry_credentials``."""


class PlayServices:
    """What ``app_services`` and ``app_secrets`` of a play name.

    Attributes:
        known: Every service that there is, by name.
        names: ``app_services``; empty when it is no list of texts.
        problems: What is wrong with ``app_secrets``, a sentence each.
        parts: Pieces of the template of what has to be in the vault; see ``with_values``.
    """

    def __init__(self, templar: Templar, variables: Mapping[str, Any], *, vault_is_new: bool) -> None:
        self._templar = templar.copy_with_new_env(available_variables=variables)
        self._variables = variables
        self._vault_is_new = vault_is_new
        self.known = load_services()
        self.names = self._texts("app_services")
        self._secrets = self._texts("app_secrets")
        self.problems: list[str] = []
        self.parts: list[Part] = []
        try:
            self.parts = vault_parts([self.known[name] for name in self.with_values], self._secrets)
        except Failure as error:
            self.problems.append(str(error))

    @property
    def with_values(self) -> list[str]:
        """The services whose values have to be in the vault: a new one offers those of all that are used, with their comments."""
        return [name for name in self.names if name in self.known and (self._vault_is_new or self._is_embedded(name))]

    @property
    def want_vault(self) -> bool:
        """Whether values are made for the application or for a service that it uses."""
        return bool(self._secrets or any(self.known[name].vault for name in self.names if name in self.known))

    @property
    def vault_names(self) -> set[str]:
        """The variables that a vault may hold, also of services that are not used."""
        texts = [*(service.vault for service in self.known.values()), *(part.text for part in self.parts)]
        return {REGISTRY_PASSWORD, *(name for text in texts for name in (*variable_names(text), *slot_names(text)))}

    @property
    def name_rules(self) -> dict[str, Rule]:
        """What names of the embedded services must look like, by the variable that holds one."""
        used = [self.known[name] for name in self.names if name in self.known and self._is_embedded(name)]
        return {variable: rule for service in used for variable, rule in service.names.items()}

    def deployed(self, variables: PlayVariables) -> tuple[Any, list[str]]:
        """Return all components, those of the services resolved as far as possible, and what is undefined in these, a sentence each."""
        used: dict[str, Any] = {}
        problems: list[str] = []
        for name in self.names:
            if name in self.known:
                components, undefined = variables.resolve(f"services_{name}_components") if self._is_embedded(name) else ([], [])
                connection, lacking = variables.resolve(f"services_{name}_connection")
                used[name] = {"components": components, "connection": connection}
                problems += [*undefined, *lacking]
        registry, login = (variables.resolve(f"images_registry{end}")[0] for end in ("", "_credentials"))
        cluster = {option: variables.resolve(f"cluster_{option}")[0] for option in ("node_selector", "tolerations", "storage_class")}
        components = with_services(variables.values["app_components"], used, str(registry or ""), login, cluster)
        return components, list(dict.fromkeys(problems))

    def _is_embedded(self, name: str) -> bool:
        return bool(self._templar.template(self._variables.get(f"services_{name}_embedded", True)))

    def _texts(self, name: str) -> list[str]:
        try:
            value = self._templar.template(self._variables.get(name) or [])
        except AnsibleError:  # it is named where all variables are
            return []
        return [str(item) for item in value] if isinstance(value, list) and all(isinstance(item, str) for item in value) else []
