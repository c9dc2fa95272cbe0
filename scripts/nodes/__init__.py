# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference application on several nodes with containerd, from a registry beside them: ``python -m scripts.nodes [--one] [--keep]``."""
