# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of the toolchain built from packages: what each is made of, and where it is published in the cache folder.

The versions of Go modules are pinned by pins.py and the recipes' go.mod and go.sum; `./bootstrap nox -s raise` raises one in all of them.
etcd, CoreDNS and pause are those that kubeadm of this Kubernetes version asks for (its constants.go).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TypeAlias

from .pins import CNI_PLUGINS, COREDNS, CRI_DOCKERD, CRICTL, ETCD, HELM, KUBE_ROUTER, KUBERNETES, LOCAL_PATH, METRICS_SERVER, MINIKUBE

# The least version that the recipes' go.mod files accept, and the one that is fetched where the machine has none.
GO_LEAST = (1, 26)
GO = "go1.26.8"
# Go's own checksum of the module golang.org/toolchain@v0.0.1-<GO>.linux-amd64 (sum.golang.org).
GO_SUM = "h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM="
BASE_REPOSITORY = "plannoir/base"
# The agent that enforces NetworkPolicies, as published and as made here.
NETWORK_POLICY_OFFICIAL = f"docker.io/cloudnativelabs/kube-router:{KUBE_ROUTER}"
NETWORK_POLICY_IMAGE = f"plannoir/kube-router:{KUBE_ROUTER}"
# What makes volumes that belong to one of several nodes.
LOCAL_VOLUMES_OFFICIAL = f"docker.io/rancher/local-path-provisioner:{LOCAL_PATH}"
LOCAL_VOLUMES_IMAGE = f"plannoir/local-path-provisioner:{LOCAL_PATH}"
# What autoscalers ask, by its published name, as kubeadm's images are.
METRICS_SERVER_IMAGE = f"registry.k8s.io/metrics-server/metrics-server:{METRICS_SERVER}"
PLATFORM = "linux/amd64"
_MINOR = KUBERNETES.split(".")[1]


@dataclass(frozen=True)
class GoProgram:
    """Packages of one recipe module, compiled to files named after them."""

    module: str
    packages: tuple[str, ...]
    defines: Mapping[str, str] = field(default_factory=dict)
    tags: str = ""
    cgo: bool = False


@dataclass(frozen=True)
class Image:
    """A container image as a docker archive: one layer, which is the file `program` or the target `target` of the images' Dockerfile."""

    ref: str
    entrypoint: tuple[str, ...] = ()
    program: str = ""
    path: str = ""
    target: str = ""


@dataclass(frozen=True)
class Debian:
    """The base image: a Debian suite's minimal root file system, without documentation as in Debian's own slim images.

    `customize` is a shell command that runs last, with the root folder as $1.
    """

    suite: str
    variant: str
    excluded: tuple[str, ...]
    customize: str


@dataclass(frozen=True)
class EngineImage:
    """An image of the engine: a folder of the recipes, on the first image that its program needs. The folder's name is the image's."""

    folder: str


Recipe: TypeAlias = GoProgram | Image | Debian | EngineImage


@dataclass(frozen=True)
class Program:
    """One thing that is made by one call.

    `needs` names programs it is made from. `publish` maps file names to paths below the cache folder. `folders` are the recipe's
    folders below the recipes; a change in them makes the program again. `seconds` is what it took once, on 2 cores with empty caches.
    What is `optional` is made only when the option of this name asks for it.
    """

    name: str
    version: str
    recipe: Recipe
    seconds: int
    folders: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    publish: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    optional: str = ""


def _go(name: str, version: str, seconds: int, recipe: GoProgram, *publish: str) -> Program:
    return Program(name, version, recipe, seconds, (f"go/{recipe.module}",), publish={name: publish} if publish else {})


def _defines(package: str, **values: str) -> dict[str, str]:
    return {f"{package}.{key}": value for key, value in values.items()}


def _kubernetes(name: str, seconds: int, *publish: str) -> Program:
    values = {
        "gitVersion": KUBERNETES,
        "gitMajor": "1",
        "gitMinor": _MINOR,
        "gitCommit": "gomodule",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
    }
    defines = _defines("k8s.io/component-base/version", **values) | _defines("k8s.io/client-go/pkg/version", **values)
    return _go(name, KUBERNETES, seconds, GoProgram("kubernetes", (f"k8s.io/kubernetes/cmd/{name}",), defines), *publish)


def _clients() -> Iterator[Program]:
    version = _defines(
        "k8s.io/minikube/pkg/version",
        version=MINIKUBE,
        isoVersion="v1.38.0",
        storageProvisionerVersion="v5",
        gitCommitID="gomodule",
    )
    # Its driver for KVM, of which nothing is used here, takes cgo.
    minikube = GoProgram("minikube", ("k8s.io/minikube/cmd/minikube",), version, "libvirt_dlopen", cgo=True)
    yield _go("minikube", MINIKUBE, 190, minikube, "bin/minikube")
    version = _defines("helm.sh/helm/v4/internal/version", version=HELM, gitTreeState="clean")
    yield _go("helm", HELM, 85, GoProgram("helm", ("helm.sh/helm/v4/cmd/helm",), version), "bin/helm")


def _kubernetes_programs() -> Iterator[Program]:
    binaries = f"minikube-cache/{PLATFORM}/{KUBERNETES}"
    yield _kubernetes("kubectl", 60, "bin/kubectl", f"{binaries}/kubectl")
    yield _kubernetes("kubeadm", 60, f"{binaries}/kubeadm")
    yield _kubernetes("kubelet", 180, f"{binaries}/kubelet")
    yield _kubernetes("kube-apiserver", 90)
    yield _kubernetes("kube-controller-manager", 45)
    yield _kubernetes("kube-scheduler", 20)
    yield _kubernetes("kube-proxy", 20)


def _node_programs() -> Iterator[Program]:
    yield _go("etcd", ETCD, 45, GoProgram("etcd", ("go.etcd.io/etcd/server/v3",)))
    version = _defines("github.com/coredns/coredns/coremain", GitCommit="gomodule")
    yield _go("coredns", COREDNS, 165, GoProgram("coredns", ("github.com/coredns/coredns",), version))
    version = _defines("k8s.io/minikube/pkg/storage", version="v5")
    program = GoProgram("storage-provisioner", ("k8s.io/minikube/cmd/storage-provisioner",), version)
    yield _go("storage-provisioner", "v5", 75, program)
    version = _defines("github.com/Mirantis/cri-dockerd/cmd/version", Version=CRI_DOCKERD.removeprefix("v"), GitCommit="gomodule")
    yield _go("cri-dockerd", CRI_DOCKERD, 175, GoProgram("cri-dockerd", ("github.com/Mirantis/cri-dockerd",), version))
    version = _defines("sigs.k8s.io/cri-tools/pkg/version", Version=CRICTL)
    yield _go("crictl", CRICTL, 60, GoProgram("crictl", ("sigs.k8s.io/cri-tools/cmd/crictl",), version))
    plugins = {"main": "bridge loopback ptp host-device", "ipam": "host-local", "meta": "portmap firewall tuning bandwidth"}
    packages = [
        f"github.com/containernetworking/plugins/plugins/{kind}/{name}" for kind, names in plugins.items() for name in names.split()
    ]
    yield _go("cni-plugins", CNI_PLUGINS, 10, GoProgram("cni-plugins", tuple(packages)))


def _image(ref: str, recipe: Image, seconds: int, *needs: str) -> Program:
    name, version = ref.rsplit("/", 1)[1].split(":")
    folders = ("images",) if recipe.target else ()
    return Program(f"image-{name}", version, recipe, seconds, folders, needs, {"image.tar": (archive(ref),)})


def _images() -> Iterator[Program]:
    for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler"):
        ref = f"registry.k8s.io/{name}:{KUBERNETES}"
        yield _image(ref, Image(ref, (), name, f"/usr/local/bin/{name}"), 1, name)
    ref = f"registry.k8s.io/etcd:{ETCD.removeprefix('v')}-0"
    yield _image(ref, Image(ref, (), "etcd", "/usr/local/bin/etcd"), 1, "etcd")
    for ref in (f"registry.k8s.io/coredns/coredns:{COREDNS}", "gcr.io/k8s-minikube/storage-provisioner:v5"):
        name = ref.rsplit("/", 1)[1].split(":")[0]
        yield _image(ref, Image(ref, (f"/{name}",), name, f"/{name}"), 1, name)
    ref = f"registry.k8s.io/kube-proxy:{KUBERNETES}"
    yield _image(ref, Image(ref, program="kube-proxy", target="kube-proxy"), 30, "base-image", "kube-proxy")
    ref = "registry.k8s.io/pause:3.10.1"
    yield _image(ref, Image(ref, ("/pause", "-P"), target="pause"), 15, "base-image")


def _network_policy() -> Iterator[Program]:
    """Yield the agent that enforces NetworkPolicies beside Minikube's bridge."""
    name, module = "kube-router", "github.com/cloudnativelabs/kube-router/v2"
    program = GoProgram(name, (f"{module}/cmd/{name}",), _defines(f"{module}/pkg/version", Version=KUBE_ROUTER))
    yield replace(_go(name, KUBE_ROUTER, 240, program), optional="network_policy")
    image = Image(NETWORK_POLICY_IMAGE, program=name, target=name)
    yield replace(_image(NETWORK_POLICY_IMAGE, image, 30, "base-image", name), optional="network_policy")


def _local_volumes() -> Iterator[Program]:
    """Yield what makes volumes on several nodes, each with an affinity to the one that it is on."""
    name, module = "local-path-provisioner", "github.com/rancher/local-path-provisioner"
    yield replace(_go(name, LOCAL_PATH, 90, GoProgram(name, (module,), _defines("main", VERSION=LOCAL_PATH))), optional="local_volumes")
    image = Image(LOCAL_VOLUMES_IMAGE, program=name, path=f"/usr/local/bin/{name}")
    yield replace(_image(LOCAL_VOLUMES_IMAGE, image, 1, name), optional="local_volumes")


def _metrics_server() -> Iterator[Program]:
    """Yield what autoscalers ask how much processor pods use."""
    name, module = "metrics-server", "sigs.k8s.io/metrics-server"
    values = _defines("k8s.io/client-go/pkg/version", gitVersion=METRICS_SERVER, gitCommit="gomodule", buildDate="1970-01-01T00:00:00Z")
    yield replace(_go(name, METRICS_SERVER, 150, GoProgram(name, (f"{module}/cmd/{name}",), values)), optional="metrics_server")
    image = Image(METRICS_SERVER_IMAGE, (f"/{name}",), name, f"/{name}")
    yield replace(_image(METRICS_SERVER_IMAGE, image, 1, name), optional="metrics_server")


def _engine_image(name: str, version: str, seconds: int, base: str, optional: str) -> Program:
    return Program(f"{name}-image", version, EngineImage(name), seconds, (name,), (base,), optional=optional)


@cache
def programs() -> dict[str, Program]:
    """Return every program by name, each after those it is made from."""
    excluded = ("/usr/share/man/*", "/usr/share/info/*", "/usr/share/doc/*", "/usr/share/locale/*")
    # Packages and indexes that apt keeps would only grow the layers of images.
    apt_conf = 'APT::Keep-Downloaded-Packages "false"; Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";'
    clean = f"echo '{apt_conf}' > $1/etc/apt/apt.conf.d/docker-clean; rm -f $1/etc/hostname $1/etc/resolv.conf $1/var/cache/apt/*.bin"
    base = Program("base-image", "trixie", Debian("trixie", "minbase", excluded, clean), 45)
    node = Program("node-image", MINIKUBE, EngineImage("node"), 90, ("node",), ("base-image", "cri-dockerd", "crictl", "cni-plugins"))
    containerd = _engine_image("node-containerd", MINIKUBE, 5, "node-image", optional="containerd")
    registry = _engine_image("registry", "trixie", 20, "base-image", optional="registry")
    every = (
        base,
        *_clients(),
        *_kubernetes_programs(),
        *_node_programs(),
        node,
        containerd,
        registry,
        *_images(),
        *_network_policy(),
        *_local_volumes(),
        *_metrics_server(),
    )
    return {program.name: program for program in every}


def digests(recipes: Path) -> dict[str, str]:
    """Return the digest of each program: of its recipe, the recipe's files, and the digests of what it is made from."""
    made: dict[str, str] = {}
    for program in programs().values():
        sums = hashlib.sha256(json.dumps([program.version, asdict(program.recipe)], sort_keys=True).encode())
        for folder in program.folders:
            for path in sorted((recipes / folder).rglob("*")):
                if path.is_file():
                    sums.update(f"{path.relative_to(recipes)} {_file_digest(path)}\n".encode())
        for need in program.needs:
            sums.update(f"{need} {made[need]}\n".encode())
        made[program.name] = sums.hexdigest()[:16]
    return made


def base_image(digest: str) -> str:
    """Return the reference of our own base image with a digest, which nobody else's image can take."""
    return f"{BASE_REPOSITORY}:{digest}"


def engine_images(digests: Mapping[str, str]) -> dict[str, str]:
    """Return the reference of each image of the engine by its program: its name, and the digest of what it is made of."""
    recipes = {name: program.recipe for name, program in programs().items()}
    return {name: f"plannoir/{recipe.folder}:{digests[name]}" for name, recipe in recipes.items() if isinstance(recipe, EngineImage)}


def archive(ref: str) -> str:
    """Return where below the cache folder an image's archive is published."""
    return f"minikube-cache/images/{PLATFORM.split('/')[1]}/{ref.replace(':', '_')}"


def _file_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
