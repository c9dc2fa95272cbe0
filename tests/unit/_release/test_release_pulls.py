# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an image cannot be pulled, in the words of engines and registries."""

from __future__ import annotations

import pytest
from observed import event, found, pod

DAEMON = 'Failed to pull image "{image}": Error response from daemon: '
CONTAINERD = (
    'Failed to pull image "{image}": rpc error: code = Unknown desc = failed to pull and unpack image "{image}": failed to resolve '
    'reference "{image}": '
)

PRIVATE = "is private: the registry"
EITHER = "it is private, or there is none"
MISSING = "does not know it"
SILENT = "does not answer"

SAID = [
    # Docker Hub does not tell strangers which of the two it is.
    (DAEMON + "pull access denied for {image}, repository does not exist or may require 'docker login': denied: requested access to the "
     "resource is denied", EITHER),
    (CONTAINERD + "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: "
     "authorization failed", EITHER),
    (DAEMON + 'Head "https://ghcr.io/v2/acme/shop/manifests/1": unauthorized', PRIVATE),
    (DAEMON + 'Head "https://ghcr.io/v2/acme/shop/manifests/1": denied', PRIVATE),
    (DAEMON + 'Get "https://r.example/v2/": no basic auth credentials', PRIVATE),
    (CONTAINERD + "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to "
     "https://ghcr.io/token?scope=repository: 401 Unauthorized", PRIVATE),
    (CONTAINERD + "unexpected status from HEAD request to https://eu.gcr.io/v2/acme/shop/manifests/1: 403 Forbidden", PRIVATE),
    (DAEMON + "unauthorized: access to the requested resource is not authorized", PRIVATE),
    (DAEMON + "manifest for acme/shop:99 not found: manifest unknown: manifest unknown", MISSING),
    (CONTAINERD + "docker.io/library/nginx:nosuch: not found", MISSING),
    (DAEMON + "repository name not known to registry", MISSING),
    ('Failed to pull image "{image}": reading manifest 99 in quay.io/acme/shop: name unknown: repository not found', MISSING),
    (DAEMON + 'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 192.168.49.1:53: no such host', SILENT),
    (DAEMON + 'Get "https://r.example/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while '
     "awaiting headers)", SILENT),
    (DAEMON + 'Get "https://10.0.0.9:5000/v2/": dial tcp 10.0.0.9:5000: connect: connection refused', SILENT),
    (CONTAINERD + 'failed to do request: Head "https://r.example/v2/a/manifests/1": dial tcp 192.0.2.1:443: i/o timeout', SILENT),
    (CONTAINERD + 'failed to authorize: failed to fetch anonymous token: Get "https://auth.docker.io/token": dial tcp: lookup '
     "auth.docker.io: no such host", SILENT),
    (DAEMON + 'Get "https://r.example/v2/": EOF', SILENT),
    (DAEMON + "received unexpected HTTP status: 503 Service Unavailable", SILENT),
    (DAEMON + "toomanyrequests: You have reached your unauthenticated pull rate limit.", "asked too often"),
    (DAEMON + 'Get "https://10.0.0.9:5000/v2/": http: server gave HTTP response to HTTPS client', "does not trust"),
    (DAEMON + 'Get "https://r.example/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
     "does not trust"),
    (DAEMON + "no matching manifest for linux/arm64/v8 in the manifest list entries", "not for the node's processor"),
    (DAEMON + "write /var/lib/docker/tmp/GetImageBlob1: no space left on device", "disk is full"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "why"), SAID)
@pytest.mark.parametrize("waiting", ["ErrImagePull", "ImagePullBackOff"])
def test_the_registrys_own_reason_decides(said: str, why: str, waiting: str) -> None:
    message = said.format(image="local/backend:1")
    pulling = pod({"waiting": {"reason": waiting, "message": 'Back-off pulling image "local/backend:1"'}})
    (finding,) = found(pulling, event("backend-1", "Failed", message), event("backend-1", "Failed", f"Error: {waiting}"))
    assert why in finding.sentence
    assert "local/backend:1" in finding.sentence
    assert "Error response from daemon" not in finding.sentence
    assert finding.remedy
    assert (finding.patience is None) is (why == SILENT)


def test_a_registry_that_did_not_answer_once_may_answer_again() -> None:
    message = DAEMON.format(image="local/backend:1") + 'Get "https://docker.io/v2/": dial tcp: i/o timeout'
    waiting = pod({"waiting": {"reason": "ErrImagePull", "message": message}})
    assert found(waiting, event("backend-1", "Failed", message, count=1))[0].patience is None
    assert found(waiting, event("backend-1", "Failed", message, count=2))[0].patience is not None
    twice = [event("backend-1", "Failed", message.replace("timeout", f"timeout {number}")) for number in (1, 2)]
    assert found(waiting, *twice)[0].patience is not None


def test_the_kubelets_word_serves_where_its_event_is_not_there() -> None:
    message = 'Error response from daemon: Head "https://ghcr.io/v2/acme/shop/manifests/1": unauthorized'
    (finding,) = found(pod({"waiting": {"reason": "ErrImagePull", "message": message}}))
    assert finding.sentence == (
        "backend: the image local/backend:1 is private: the registry docker.io refuses to give it "
        '(Head "https://ghcr.io/v2/acme/shop/manifests/1": unauthorized).'
    )


@pytest.mark.parametrize("message", ["Pulling image", "Successfully pulled image", "Created container"])
def test_an_image_that_is_being_pulled_is_no_fault(message: str) -> None:
    waiting = pod({"waiting": {"reason": "ContainerCreating"}})
    assert found(waiting, event("backend-1", "Pulling", f'{message} "local/backend:1"')) == []
