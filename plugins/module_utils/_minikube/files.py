# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where minikube keeps a profile; read without minikube, and without a look at its node."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Files:
    """Where minikube keeps a profile. `home` is the folder .minikube itself."""

    home: Path
    profile: str

    @classmethod
    def of(cls, minikube_home: str | None, profile: str) -> Files:
        """Follow minikube: the folder, or else MINIKUBE_HOME, or else the home folder, is .minikube itself or the folder that holds it."""
        home = Path(minikube_home or os.environ.get("MINIKUBE_HOME") or Path.home())
        return cls(home if home.name == ".minikube" else home / ".minikube", profile)

    @property
    def folder(self) -> Path:
        return self.home / "profiles" / self.profile

    @property
    def lock(self) -> Path:
        """Locked by the run that works on the profile; not in its folder, which goes with the cluster."""
        return self.home / f"plannoir-{self.profile}.lock"

    @property
    def creating(self) -> Path:
        """Present from before the first start until the cluster was ready once: until then it holds nothing worth keeping."""
        return self.folder / "plannoir-creating"

    def config(self) -> dict[str, Any]:
        """Return minikube's own description of the profile; empty when it is missing or half written."""
        try:
            found = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
