# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the collection takes, measured on a cluster; ``./bootstrap nox -s bench`` makes the cluster and calls ``python -m bench``."""
