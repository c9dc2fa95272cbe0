# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in etcd: nothing that anybody could read there."""

from __future__ import annotations

import base64
import json
import shlex

from story import CONTEXT, NAMESPACE, Kubectl
from testinfra.host import Host

CERTIFICATES = "/var/lib/minikube/certs/etcd"


def test_every_secret_is_encrypted_in_etcd(local: Host, kubectl: Kubectl) -> None:
    names = kubectl("get", "secrets", "--output=name").split()
    first, last = f"/registry/secrets/{NAMESPACE}/", f"/registry/secrets/{NAMESPACE}0"  # "0" follows "/"
    asked = json.dumps({"key": base64.b64encode(first.encode()).decode(), "range_end": base64.b64encode(last.encode()).decode()})
    curl = f"curl -fsS --cacert {CERTIFICATES}/ca.crt --cert {CERTIFICATES}/server.crt --key {CERTIFICATES}/server.key"
    command = f"{curl} --data {shlex.quote(asked)} https://127.0.0.1:2379/v3/kv/range"
    answer = json.loads(local.check_output(shlex.join(["docker", "exec", CONTEXT, "sh", "-c", command])))
    values = {base64.b64decode(entry["key"]).decode().rpartition("/")[2]: base64.b64decode(entry["value"]) for entry in answer["kvs"]}
    assert {name.removeprefix("secret/") for name in names} == set(values)
    assert names
    assert {name: value[:8] for name, value in values.items()} == dict.fromkeys(values, b"k8s:enc:")
