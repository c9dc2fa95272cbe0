# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a component is, without the texts. Written by `./bootstrap nox -s docs` from plugins/module_utils/_component/specification.yml."""

from __future__ import annotations

from typing import Any

FORMATS: dict[str, dict[str, Any]] = {
    "component_name": {
        "pattern": "[a-z]([-a-z0-9]{0,48}[a-z0-9])?",
        "says": "a DNS label of at most 50 characters: lower-case letters, digits and hyphens, a letter first",
    },
    "env_name": {"pattern": "[A-Za-z_][A-Za-z0-9_]*", "says": "a name of an environment variable (letters, digits, underscores)"},
    "file_name": {
        "pattern": "\\.?[-_A-Za-z0-9][-._A-Za-z0-9]{0,251}",
        "says": "a file name (letters, digits, '.', '-', '_', not '..' first)",
    },
    "header_name": {"pattern": "[-!#$%&'*+.^_`|~0-9A-Za-z]+", "says": "a header's name such as Host"},
    "image": {
        "pattern": "([-0-9A-Za-z\\[]+[.:][-.:0-9A-Za-z\\]]+/)?[a-z0-9]+((/|\\.|__?|-+)[a-z0-9]+)*(:\\w[-.\\w]{0,127})?(@[a-z0-9]+:[0-9a-f]{32,})?",
        "says": "an image reference such as ghcr.io/owner/name:1.2: lower-case letters before the tag, no blanks, no https:// first",
    },
    "label_key": {
        "pattern": "([-.a-z0-9]{1,253}/)?[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?",
        "says": "a label's key such as kubernetes.io/hostname",
    },
    "node_port": {"minimum": 30000, "maximum": 32767},
    "path": {
        "pattern": "(/([^/.:\n][^/:\n]*|\\.[^/.:\n][^/:\n]*|\\.\\.[^/:\n]+|\\.))+/?",
        "says": "an absolute path below / without a colon",
    },
    "percent": {"minimum": 1, "maximum": 1000},
    "port": {"minimum": 1, "maximum": 65535},
    "positive": {"minimum": 1, "maximum": 2147483647},
    "cores": {"pattern": "[0-9]+m|[0-9]*\\.?[0-9]{1,3}|[0-9]+", "says": "a number of cores such as 0.5 or 2, or thousandths such as 500m"},
    "bytes": {
        "pattern": "[0-9]+(\\.[0-9]+)?(k|[MGTPE]|[KMGTPE]i)?",
        "says": "bytes with Ki, Mi or Gi such as 512Mi or 1Gi (to Kubernetes, m is a thousandth of a byte, and MB and GB are no units)",
    },
    "cron": {
        "pattern": "@(yearly|annually|monthly|weekly|daily|midnight|hourly)|@every "
        "([0-9]+(\\.[0-9]+)?[hms])+|[-*?,/0-9A-Za-z]+( "
        "+[-*?,/0-9A-Za-z]+){4}",
        "says": "a cron expression of five fields (minute, hour, day of "
        'month, month, day of week) such as "0 3 * * *", or @hourly, '
        "@daily, @weekly, @monthly, @yearly",
    },
    "python_version": {"pattern": "3\\.[0-9]{1,2}", "says": 'a minor version of Python in quotes such as "3.13"'},
    "node_version": {"pattern": "[0-9]{2}", "says": 'a major version of Node.js in quotes such as "24"'},
    "source_folder": {
        "pattern": "([^/.:\n][^/:\n]*|\\.[^/.:\n][^/:\n]*|\\.\\.[^/:\n]+)(/([^/.:\n][^/:\n]*|\\.[^/.:\n][^/:\n]*|\\.\\.[^/:\n]+))*",
        "says": "a folder or file below the build context, such as app, written without . and ..",
    },
    "time_zone": {
        "pattern": "[A-Za-z][-+A-Za-z0-9_]*(/[A-Za-z][-+A-Za-z0-9_]*)*",
        "says": "a time zone of the IANA database such as Europe/Berlin",
    },
    "unsigned": {"minimum": 0, "maximum": 2147483647},
    "url_path": {"pattern": "/.*", "says": "a path that begins with a slash"},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True, "format": "component_name", "chart": False},
    "extra": {"type": "bool", "default": False, "chart": False},
    "build": {
        "type": "dict",
        "chart": False,
        "options": {
            "context": {"type": "str", "required": True},
            "dockerfile": {"type": "str", "default": "Dockerfile"},
            "generate": {"type": "bool", "default": False},
            "python": {"type": "str", "format": "python_version"},
            "node": {"type": "str", "format": "node_version"},
            "language": {"type": "str", "choices": ["python", "node"]},
            "locked": {"type": "bool", "default": True},
            "args": {"type": "dict", "default": {}, "empty": True},
            "target": {"type": "str", "default": ""},
        },
    },
    "live": {
        "type": "dict",
        "chart": False,
        "options": {
            "target": {"type": "str", "required": True},
            "sync": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "filled": True,
                "options": {
                    "from": {"type": "str", "required": True, "format": "source_folder"},
                    "to": {"type": "str", "required": True, "format": "path"},
                },
            },
            "writable_paths": {"type": "list", "elements": "str", "default": [], "format": "path"},
        },
    },
    "image": {"type": "str", "format": "image"},
    "pull_credentials": {
        "type": "dict",
        "no_log": False,
        "chart": False,
        "options": {
            "username": {"type": "str", "required": True},
            "password": {"type": "str", "required": True, "no_log": True},
            "registry": {"type": "str"},
        },
    },
    "replicas": {"type": "int", "default": 1, "format": "unsigned"},
    "autoscale": {
        "type": "dict",
        "options": {
            "min": {"type": "int", "default": 1, "format": "positive"},
            "max": {"type": "int", "required": True, "format": "positive"},
            "cpu": {"type": "int", "default": 80, "format": "percent"},
        },
    },
    "strategy": {"type": "str", "choices": ["RollingUpdate", "Recreate"], "default": "RollingUpdate"},
    "schedule": {
        "type": "dict",
        "options": {
            "cron": {"type": "str", "required": True, "format": "cron"},
            "time_zone": {"type": "str", "default": "Etc/UTC", "format": "time_zone"},
            "concurrency": {"type": "str", "choices": ["Forbid", "Allow", "Replace"], "default": "Forbid"},
            "timeout": {"type": "int", "default": 3600, "format": "positive"},
            "retries": {"type": "int", "default": 0, "format": "unsigned"},
            "keep": {"type": "int", "default": 1, "format": "unsigned"},
        },
    },
    "command": {"type": "list", "elements": "str", "default": [], "process": True},
    "args": {"type": "list", "elements": "str", "default": [], "process": True},
    "port": {"type": "int", "format": "port"},
    "service": {
        "type": "dict",
        "default": {},
        "options": {
            "type": {"type": "str", "choices": ["ClusterIP", "NodePort", "LoadBalancer"], "default": "ClusterIP"},
            "port": {"type": "int", "format": "port"},
            "node_port": {"type": "int", "format": "node_port"},
        },
    },
    "connects_to": {"type": "list", "elements": "str", "format": "component_name", "chart": False},
    "outside": {"type": "bool", "default": True, "chart": False},
    "env": {
        "type": "dict",
        "default": {},
        "keys": "env_name",
        "process": True,
        "reference": {
            "from": {"type": "str", "required": True},
            "as": {"type": "str", "required": True},
            "direct": {"type": "bool", "default": False},
            "owner": {"type": "bool", "default": False},
        },
    },
    "expand": {"type": "bool", "default": False, "chart": False},
    "secret_env": {
        "type": "dict",
        "default": {},
        "no_log": True,
        "keys": "env_name",
        "reference": {
            "from": {"type": "str", "required": True},
            "as": {"type": "str", "required": True},
            "direct": {"type": "bool", "default": False},
            "owner": {"type": "bool", "default": False},
        },
    },
    "secret_files": {
        "type": "dict",
        "no_log": False,
        "options": {
            "path": {"type": "str", "required": True, "format": "path"},
            "files": {"type": "dict", "required": True, "no_log": True, "keys": "file_name"},
        },
    },
    "config_files": {"type": "dict", "default": {}, "keys": "path"},
    "probes": {
        "type": "dict",
        "default": {},
        "options": {
            "startup": {
                "type": "dict",
                "mutually_exclusive": [["path", "command", "tcp"]],
                "required_one_of": [["path", "command", "tcp"]],
                "options": {
                    "path": {"type": "str", "format": "url_path"},
                    "headers": {"type": "dict", "default": {}, "keys": "header_name"},
                    "command": {"type": "list", "elements": "str", "filled": True, "process": True},
                    "tcp": {"type": "bool", "choices": [True]},
                    "initial_delay": {"type": "int", "default": 0, "format": "unsigned"},
                    "period": {"type": "int", "default": 2, "format": "positive"},
                    "timeout": {"type": "int", "default": 3, "format": "positive"},
                    "failure_threshold": {"type": "int", "default": 60, "format": "positive"},
                },
            },
            "liveness": {
                "type": "dict",
                "mutually_exclusive": [["path", "command", "tcp"]],
                "required_one_of": [["path", "command", "tcp"]],
                "options": {
                    "path": {"type": "str", "format": "url_path"},
                    "headers": {"type": "dict", "default": {}, "keys": "header_name"},
                    "command": {"type": "list", "elements": "str", "filled": True, "process": True},
                    "tcp": {"type": "bool", "choices": [True]},
                    "initial_delay": {"type": "int", "default": 0, "format": "unsigned"},
                    "period": {"type": "int", "default": 10, "format": "positive"},
                    "timeout": {"type": "int", "default": 3, "format": "positive"},
                    "failure_threshold": {"type": "int", "default": 3, "format": "positive"},
                },
            },
            "readiness": {
                "type": "dict",
                "mutually_exclusive": [["path", "command", "tcp"]],
                "required_one_of": [["path", "command", "tcp"]],
                "options": {
                    "path": {"type": "str", "format": "url_path"},
                    "headers": {"type": "dict", "default": {}, "keys": "header_name"},
                    "command": {"type": "list", "elements": "str", "filled": True, "process": True},
                    "tcp": {"type": "bool", "choices": [True]},
                    "initial_delay": {"type": "int", "default": 0, "format": "unsigned"},
                    "period": {"type": "int", "default": 5, "format": "positive"},
                    "timeout": {"type": "int", "default": 3, "format": "positive"},
                    "failure_threshold": {"type": "int", "default": 3, "format": "positive"},
                },
            },
        },
    },
    "resources": {
        "type": "dict",
        "default": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}},
        "options": {
            "requests": {
                "type": "dict",
                "options": {"cpu": {"type": "str", "format": "cores"}, "memory": {"type": "str", "format": "bytes"}},
            },
            "limits": {
                "type": "dict",
                "options": {"cpu": {"type": "str", "format": "cores"}, "memory": {"type": "str", "format": "bytes"}},
            },
        },
    },
    "run_as_user": {"type": "int", "default": 10001, "format": "positive"},
    "writable_paths": {"type": "list", "elements": "str", "default": ["/tmp"], "format": "path"},
    "persistence": {
        "type": "dict",
        "options": {
            "path": {"type": "str", "required": True, "format": "path"},
            "size": {"type": "str", "default": "1Gi", "format": "bytes"},
            "storage_class": {"type": "str", "default": ""},
        },
    },
    "migration": {
        "type": "dict",
        "options": {
            "command": {"type": "list", "elements": "str", "required": True, "filled": True, "process": True},
            "args": {"type": "list", "elements": "str", "default": [], "process": True},
            "env": {
                "type": "dict",
                "default": {},
                "keys": "env_name",
                "process": True,
                "reference": {
                    "from": {"type": "str", "required": True},
                    "as": {"type": "str", "required": True},
                    "direct": {"type": "bool", "default": False},
                    "owner": {"type": "bool", "default": False},
                },
            },
            "secret_env": {
                "type": "dict",
                "default": {},
                "no_log": True,
                "keys": "env_name",
                "reference": {
                    "from": {"type": "str", "required": True},
                    "as": {"type": "str", "required": True},
                    "direct": {"type": "bool", "default": False},
                    "owner": {"type": "bool", "default": False},
                },
            },
            "timeout": {"type": "int", "default": 300, "format": "positive"},
            "sources": {"type": "list", "elements": "str", "default": [], "chart": False},
        },
    },
    "setup": {
        "type": "dict",
        "options": {
            "command": {"type": "list", "elements": "str", "required": True, "filled": True, "process": True},
            "args": {"type": "list", "elements": "str", "default": [], "process": True},
            "env": {
                "type": "dict",
                "default": {},
                "keys": "env_name",
                "process": True,
                "reference": {
                    "from": {"type": "str", "required": True},
                    "as": {"type": "str", "required": True},
                    "direct": {"type": "bool", "default": False},
                    "owner": {"type": "bool", "default": False},
                },
            },
            "secret_env": {
                "type": "dict",
                "default": {},
                "no_log": True,
                "keys": "env_name",
                "reference": {
                    "from": {"type": "str", "required": True},
                    "as": {"type": "str", "required": True},
                    "direct": {"type": "bool", "default": False},
                    "owner": {"type": "bool", "default": False},
                },
            },
            "timeout": {"type": "int", "default": 300, "format": "positive"},
        },
    },
    "test": {
        "type": "dict",
        "options": {
            "command": {"type": "list", "elements": "str", "required": True, "filled": True, "process": True},
            "args": {"type": "list", "elements": "str", "default": [], "process": True},
            "env": {
                "type": "dict",
                "default": {},
                "keys": "env_name",
                "process": True,
                "reference": {
                    "from": {"type": "str", "required": True},
                    "as": {"type": "str", "required": True},
                    "direct": {"type": "bool", "default": False},
                    "owner": {"type": "bool", "default": False},
                },
            },
            "secret_env": {
                "type": "dict",
                "default": {},
                "no_log": True,
                "keys": "env_name",
                "reference": {
                    "from": {"type": "str", "required": True},
                    "as": {"type": "str", "required": True},
                    "direct": {"type": "bool", "default": False},
                    "owner": {"type": "bool", "default": False},
                },
            },
            "timeout": {"type": "int", "default": 300, "format": "positive"},
        },
    },
    "post_release": {"type": "list", "elements": "str", "default": [], "chart": False},
    "stop_grace_seconds": {"type": "int", "default": 30, "format": "unsigned"},
    "topology_spread": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "topology_key": {"type": "str", "required": True, "format": "label_key"},
            "max_skew": {"type": "int", "default": 1, "format": "positive"},
            "when_unsatisfiable": {"type": "str", "choices": ["ScheduleAnyway", "DoNotSchedule"], "default": "ScheduleAnyway"},
        },
    },
    "node_selector": {"type": "dict", "default": {}, "keys": "label_key"},
    "tolerations": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "key": {"type": "str", "format": "label_key"},
            "operator": {"type": "str", "choices": ["Equal", "Exists"], "default": "Equal"},
            "value": {"type": "str"},
            "effect": {"type": "str", "choices": ["NoSchedule", "PreferNoSchedule", "NoExecute"]},
            "toleration_seconds": {"type": "int", "format": "unsigned"},
        },
    },
    "host_aliases": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"ip": {"type": "str", "required": True}, "hostnames": {"type": "list", "elements": "str", "required": True}},
    },
}
