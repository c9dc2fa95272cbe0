# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight role in real plays, on a copy of the checkout's variables."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.requirements import (
    disk_problems,
    memory_problems,
    python_problems,
    system_problems,
)
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.store import component_secrets
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_check import read_vault

ROOT = Path(__file__).parents[3]
NEON = "postgresql://u:Zq9hunter@ep-cool-1{}.eu-central-1.aws.neon.tech/plannoir?sslmode=require"
PLAY = """
- hosts: cluster
  gather_facts: false
  roles: [plannoir.deploy.preflight]
  tasks:
    - ansible.builtin.copy:
        dest: "{{ playbook_dir }}/components.json"
        content: "{{ services_components | to_json }}"
        mode: "0600"
      when: not ansible_check_mode
      diff: false
      no_log: true
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of which nothing was run yet."""
    folder = tmp_path_factory.mktemp("checkout")
    ours = shutil.ignore_patterns("vault.yml")
    for name in ("group_vars", "inventories", "scripts"):
        shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=ours)
    (folder / "apps").symlink_to(ROOT / "apps")
    # A cluster of its own that publishes every port: those of the machine that tests, and its containers, are not looked at.
    profile = folder / ".minikube/profiles/plannoir/config.json"
    profile.parent.mkdir(parents=True)
    profile.write_text(json.dumps({"ExposedPorts": [f"127.0.0.1:{port}:{port}" for port in range(30000, 32768)]}), encoding="utf-8")
    shutil.copy(ROOT / "ansible.cfg", folder)
    (folder / "play.yml").write_text(PLAY, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def deployed(checkout: Path) -> tuple[Path, str]:
    """The same after its first run, and what that run printed."""
    assert run(checkout, "--check").stdout.count("changed=1") == 1
    assert not (checkout / "group_vars/all/vault.yml").exists()
    return checkout, run(checkout, "-vvv", "--diff").stdout


def run(checkout: Path, *arguments: str, program: str = "ansible-playbook", succeeds: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ANSIBLE_CONFIG": str(checkout / "ansible.cfg"), "NO_COLOR": "1"}
    # A folder of minikube's of its own: a run of the person who tests would be waited for.
    environment.update(ANSIBLE_COLLECTIONS_PATH=str(ROOT / "collections"), ANSIBLE_NOCOWS="1", MINIKUBE_HOME=str(checkout))
    play = ["play.yml"] if program == "ansible-playbook" else []
    done = subprocess.run([program, *play, *arguments], cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == succeeds, done.stdout + done.stderr
    return done


def problems(checkout: Path, variables: dict[str, Any], *arguments: str) -> str:
    file = checkout / "my.yml"
    file.write_text(yaml.safe_dump(variables, default_flow_style=True, width=10_000), encoding="utf-8")
    return run(checkout, "-e", f"@{file}", *arguments, succeeds=False).stdout


def passwords(checkout: Path) -> list[tuple[str, VaultSecret]]:
    """The vault password that the first run made."""
    return [("default", VaultSecret((checkout / ".vault-password").read_bytes().strip()))]


def opened(checkout: Path, vault: Path) -> str:
    """What a vault holds; as `ansible-vault view` says, without the second that it takes to start."""
    text: bytes = VaultLib(passwords(checkout)).decrypt(vault.read_bytes())
    return text.decode()


def seal(checkout: Path, text: str, vault: Path) -> None:
    """Write a vault, as `ansible-vault encrypt` does."""
    vault.write_bytes(VaultLib(passwords(checkout)).encrypt(text.encode(), passwords(checkout)[0][1]))


def components(checkout: Path) -> dict[str, Any]:
    loaded, wrong = load_components(json.loads((checkout / "components.json").read_text(encoding="utf-8")))
    assert wrong == []
    return {component["name"]: component for component in loaded}


WEB = {"name": "web", "image": "x", "port": 80}
NODE_PORT = {"type": "NodePort", "node_port": 30080}
EXPOSING = {
    "name": "web",
    "image": "a/b:1",
    "port": 8000,
    "env": {"KEY": "{{ vault_session_secret }}", "BACKEND_URL": "http://localhost:8000", "DB_URL": "psql 'postgresql://db.shop.com/x'"},
    "secret_env": {"NEXT_PUBLIC_KEY": "Zq9hunter"},
    "args": ["--key={{ vault_session_secret }}"],
}
HUGE = {"name": "web", "image": "a/b:1", "port": 8000, "resources": {"requests": {"memory": "900Gi"}}}
NAMES = {"app_name": "My Shop", "app_namespace": "My_Shop", "minikube_profile": "MyShop", "services_postgresql_database": "x" * 50}
REFUSED: dict[str, dict[str, Any]] = {
    "lacking": {
        "app_components": [
            {"name": "web", "build": {"context": "nowhere"}, "port": 80, "service": NODE_PORT, "secret_env": {"KEY": ""}},
            {"name": "api", "build": {"context": "apps/backend", "dockerfile": "Missing"}, "port": 80, "service": NODE_PORT},
        ],
        "app_checks": [
            {"name": "page", "request": {"component": "web", "hedders": {}}, "expcet": {}},
            {"name": "inside", "exec": {"component": "apu", "command": ["x"]}},
        ],
    },
    "check": {
        **{"app_components": [WEB], "app_services": [], "app_secrets": []},
        "app_checks": [{"name": "inside", "exec": {"component": "apu", "command": ["x"]}}],
    },
    "exposing": {"app_components": [EXPOSING], "app_public_values": ["vault_nothing"], "app_checks": []},
    "huge": {"app_components": [HUGE], "app_public_values": [], "app_checks": []},
    "service": {
        "app_services": ["memcached", "postgresql"],
        "app_components": [{"name": "pgbouncer", "image": "x", "port": 80, "connects_to": ["postgresql"]}],
    },
    "names": {**NAMES, "app_components": [{"name": "Api_1", "image": "Org/API:1", "port": 80}]},
    "database": {"app_name": "postgres"},
}
"""Variables that are refused, by the host of a play that has them."""


@pytest.fixture(scope="module")
def refused(deployed: tuple[Path, str]) -> dict[str, str]:
    """What one play says to each of these hosts: a play for each would take three seconds more."""
    checkout, _ = deployed
    inventory = checkout / "inventories/refused"
    shutil.copytree(checkout / "inventories/minikube/group_vars", inventory / "group_vars", symlinks=True)
    (inventory / "host_vars").mkdir()
    minikube = yaml.safe_load((checkout / "inventories/minikube/hosts.yml").read_text(encoding="utf-8"))
    local = minikube["cluster"]["hosts"]["localhost"]
    (inventory / "hosts.yml").write_text(json.dumps({"cluster": {"hosts": dict.fromkeys(REFUSED, local)}}), encoding="utf-8")
    for host, variables in REFUSED.items():
        text = yaml.safe_dump(variables, default_flow_style=True, width=10_000)
        (inventory / f"host_vars/{host}.yml").write_text(text, encoding="utf-8")
    printed = run(checkout, "-i", "inventories/refused", succeeds=False).stdout
    said = {part.partition("]")[0]: part.partition("[ERROR]")[0] for part in printed.split("fatal: [")[1:]}
    assert set(said) == set(REFUSED)
    return said


def test_the_first_run_makes_a_vault_that_ansible_vault_opens(deployed: tuple[Path, str]) -> None:
    checkout, _ = deployed
    assert (checkout / "group_vars/all/vault.yml").read_bytes().startswith(b"$ANSIBLE_VAULT;1.1;AES256\n")
    assert "\nvault_database_password: " in run(checkout, "view", "group_vars/all/vault.yml", program="ansible-vault").stdout


def test_no_credential_is_printed(deployed: tuple[Path, str]) -> None:
    checkout, output = deployed
    credentials = components(checkout)["backend"]["secret_env"].values()
    assert "vault_session_secret" in output
    assert [value for value in credentials if value in output] == []


def test_a_second_run_changes_nothing_and_has_the_same_credentials(deployed: tuple[Path, str]) -> None:
    checkout, output = deployed
    before = (checkout / "components.json").read_text()
    assert "changed=2 " in output  # the vault, and the file of this test's play
    assert "changed=0 " in run(checkout).stdout
    assert (checkout / "components.json").read_text() == before


def test_the_reference_application_is_made_of_valid_components(deployed: tuple[Path, str]) -> None:
    found = components(deployed[0])
    assert sorted(found) == ["backend", "database", "frontend", "openrouter", "pgbouncer"]
    backend, parameters = found["backend"], "?sslmode=verify-full&sslrootcert=/etc/service-ca/ca.crt"
    assert backend["secret_env"]["DATABASE_URL"].endswith(f"@pgbouncer:6432/plannoir{parameters}")
    assert backend["migration"]["secret_env"]["MIGRATION_DATABASE_URL"].endswith(f"@database:5432/plannoir{parameters}")
    assert backend["migration"]["secret_env"].keys() == {"MIGRATION_DATABASE_URL"}
    assert backend["connects_to"] == ["openrouter", "database", "pgbouncer"]
    assert "BEGIN CERTIFICATE" in backend["config_files"]["/etc/service-ca/ca.crt"]
    assert found["frontend"]["secret_env"] == {}


def test_a_login_is_named_after_its_password_and_only_the_setup_has_them_all(deployed: tuple[Path, str]) -> None:
    found = components(deployed[0])
    passwords = found["database"]["setup"]["secret_env"]
    for kind, prefix, text in (
        ("APP", "plannoir", found["backend"]["secret_env"]["DATABASE_URL"]),
        ("OWNER", "plannoir_owner", found["backend"]["migration"]["secret_env"]["MIGRATION_DATABASE_URL"]),
        ("POOLER", "pgbouncer", found["pgbouncer"]["secret_files"]["files"]["userlist.txt"].replace('" "', ":")),
    ):
        login, password = found["database"]["setup"]["env"][f"{kind}_LOGIN"], passwords[f"{kind}_PASSWORD"]
        assert f"{login}:{password}" in text
        assert re.fullmatch(f"{prefix}_[0-9a-f]{{8}}", login)
        # Whoever reads the name must not be able to try a guessed password on it.
        assert hashlib.sha256(password.encode()).hexdigest()[:8] not in login
        assert login in found["database"]["post_release"]
    readers = {name: str(values) for name, values in component_secrets(list(found.values())).items()}
    assert {name for name, values in readers.items() if passwords["ADMIN_PASSWORD"] in values} == {"database"}
    assert {name for name, values in readers.items() if passwords["OWNER_PASSWORD"] in values} == {"backend", "database"}
    assert passwords["OWNER_PASSWORD"] not in str(found["backend"]["secret_env"])
    assert list(found["database"]["secret_env"].values()) == [passwords["ADMIN_PASSWORD"]]


def test_the_pools_follow_from_one_number(deployed: tuple[Path, str]) -> None:
    found = components(deployed[0])
    assert found["database"]["args"] == ["-c", "max_connections=60"]
    assert found["backend"]["env"]["DATABASE_POOL_SIZE"] == "10"
    assert "max_db_connections = 25\n" in found["pgbouncer"]["config_files"]["/etc/pgbouncer/pools.ini"]


def test_services_of_your_own_take_the_place_of_the_embedded_ones(deployed: tuple[Path, str]) -> None:
    checkout, _ = deployed
    own = {
        "vault_database_url": NEON.format("-pooler"),
        "vault_database_direct_url": NEON.format(""),
        "vault_openrouter_base_url": "https://openrouter.ai/api/v1",
        "vault_openrouter_api_key": "sk-or-v1-0123",
    }
    run(checkout, "-e", json.dumps({**own, "app_root": str(ROOT)}))
    found = components(checkout)
    assert sorted(found) == ["backend", "frontend"]
    assert found["backend"]["secret_env"]["DATABASE_URL"] == own["vault_database_url"]
    assert found["backend"]["env"]["OPENROUTER_BASE_URL"] == own["vault_openrouter_base_url"]
    assert found["backend"]["migration"]["secret_env"] == {"MIGRATION_DATABASE_URL": own["vault_database_direct_url"]}
    assert found["backend"]["config_files"] == {}
    assert found["backend"]["outside"] is True


def test_every_problem_of_the_variables_is_reported_at_once_with_its_place(deployed: tuple[Path, str]) -> None:
    wrong = {
        "app_nmae": "x",
        "app_namespace": ["x"],
        "app_components": [
            {
                "name": "web",
                "image": "x",
                "prot": 80,
                "port": "eighty",
                "secret_env": {"A": "{{ vault_databse_password }}", "B": "{{ vault_database_direct_url }}"},
            },
            {"name": "api", "build": {"contxt": "x"}, "port": 80},
        ],
    }
    said = problems(deployed[0], wrong, "-e", "app_servce_type=x", "-e", "preflight_memory_gb=100000")
    for problem in (
        "my.yml:1) is no variable of this collection: did you mean app_name?",
        "my.yml:1) must be text, not a list: quote it.",
        "app_components[0] (web).prot (my.yml:1) is no option: did you mean port?",
        "app_components[0] (web).port (my.yml:1) must be a whole number, not text ('eighty').",
        "app_components[0].secret_env.A (my.yml:1): 'vault_databse_password' is undefined: did you mean vault_database_password?",
        "app_components[0].secret_env.B (my.yml:1): 'vault_database_direct_url' is undefined: the vault lacks it: put it in with",
        "app_components[1] (api).build.contxt (my.yml:1) is no option: did you mean context?",
        "app_servce_type (<CLI option '-e'>) is no variable of this collection: did you mean app_service_type?",
        "lower preflight_memory_gb",
    ):
        assert problem in said
    assert "problems were found; nothing was changed." in said


def test_another_applications_vault_is_not_taken_for_misspelt(deployed: tuple[Path, str], tmp_path: Path) -> None:
    # An inventory of its own shares group_vars/all with the reference application, whose vault is there.
    other = {"app_nmae": "x", "app_secrets": ["shop_session_secret"], "secrets_vault_file": str(tmp_path / "vault.yml")}
    said = problems(deployed[0], other)
    assert "my.yml:1) is no variable of this collection: did you mean app_name?" in said
    assert "vault_session_secret (" not in said
    del other["secrets_vault_file"]
    assert "vault_session_secret (" in problems(deployed[0], other)


def test_what_components_lack_among_each_other_and_on_disk_is_reported(refused: dict[str, str]) -> None:
    said = refused["lacking"]
    assert "app_checks[0] (page).request.hedders (inventories/refused/host_vars/lacking.yml:1) is no option: did you mean headers?" in said
    assert "app_checks[0] (page).expcet (inventories/refused/host_vars/lacking.yml:1) is no option: did you mean expect?" in said
    assert "service.node_port 30080 is used by several components (web, api)" in said
    assert "web.secret_env.KEY is empty" in said
    assert "The source folder of web, " in said
    assert "apps/backend/Missing, is missing" in said


def test_a_check_of_a_component_that_there_is_not_is_named_with_its_place(refused: dict[str, str]) -> None:
    place = "app_checks[0] (inside, inventories/refused/host_vars/check.yml:1)"
    assert f"{place}: exec.component names apu, which is no component: name one of web." in refused["check"]


def test_every_bad_credential_is_named_at_once_beside_other_problems_and_never_shown(deployed: tuple[Path, str]) -> None:
    wrong = {
        "app_nmae": "x",
        "vault_database_url": "postgresql://u:Zq9@hunter@db.shop.com/x",
        "vault_openrouter_base_url": "https://openrouter.ai/api/v1 ",
        "vault_openrouter_api_key": "Zq9hunter",
        "vault_session_secret": "changeme",
    }
    before = (deployed[0] / "components.json").read_text()
    output = problems(deployed[0], wrong, "-vvv", "--diff")
    for problem in (
        "my.yml:1) is no variable of this collection: did you mean app_name?",
        "backend.secret_env.DATABASE_URL (vault_database_url) has a character in its user name or password that breaks the URL",
        "backend.secret_env.OPENROUTER_API_KEY (vault_openrouter_api_key) does not begin with sk-or-",
        "backend.secret_env.SESSION_SECRET (vault_session_secret) is still a placeholder",
        "backend.env.OPENROUTER_BASE_URL (vault_openrouter_base_url) begins or ends with a blank",
    ):
        assert problem in output
    assert "5 problems were found; nothing was changed." in output
    assert "Zq9" not in output
    assert "changeme" not in output
    assert (deployed[0] / "components.json").read_text() == before


def test_addresses_exposed_values_and_amounts_are_named_before_anything_is_built(refused: dict[str, str]) -> None:
    for problem in (
        "web.env.KEY holds the value of vault_session_secret, which Helm's records and the description of the pod would show: move it",
        "web.args[0] holds the value of vault_session_secret",
        "web.env.BACKEND_URL leads to localhost, which in a cluster is the pod itself: ",
        "web.env.DB_URL has a command around the URL: write nothing but the URL.",
        "web.secret_env.NEXT_PUBLIC_KEY is no secret: Next.js hands what is called so to every browser.",
        "app_public_values names vault_nothing, which the vault does not hold: correct it.",
    ):
        assert problem in refused["exposing"]
    assert "Component web: a pod asks for 900Gi of memory, and the node has 4Gi, 170Mi of them for the cluster itself" in refused["huge"]


def test_what_everybody_may_read_passes_and_a_hint_is_no_failure(deployed: tuple[Path, str]) -> None:
    checkout, _ = deployed
    env = {"NEXT_PUBLIC_KEY": "{{ vault_session_secret }}"}
    own = {"app_components": [{"name": "web", "image": "a/b:1", "port": 8000, "env": env}], "app_checks": []}
    (checkout / "my.yml").write_text(yaml.safe_dump({**own, "app_public_values": ["vault_session_secret"]}), encoding="utf-8")
    done = run(checkout, "-e", "@my.yml", "--check")
    assert "web.env.NEXT_PUBLIC_KEY has no effect in the pages: Next.js reads it when it is built" in " ".join(
        (done.stdout + done.stderr).split()
    )


def test_a_value_that_only_looks_wrong_can_be_accepted(deployed: tuple[Path, str]) -> None:
    accepted = {"preflight_accepted_values": ["backend.secret_env.SESSION_SECRET"]}
    run(deployed[0], "-e", json.dumps({"vault_session_secret": "changeme", **accepted}))


@pytest.fixture
def vault(deployed: tuple[Path, str]) -> Iterator[Path]:
    """The vault of the first run, which a test may spoil."""
    path = deployed[0] / "group_vars/all/vault.yml"
    good = path.read_bytes()
    yield path
    path.write_bytes(good)


DAMAGED = "is damaged, it is not what ansible-vault writes: put its last good copy there, or remove it to start again with new credentials."
WRONG = (
    "cannot be opened with the password that Ansible was started with: give the right one in PLANNOIR_VAULT_PASSWORD, "
    "PLANNOIR_VAULT_PASSWORD_COMMAND or .vault-password;"
)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda good: b"vault_session_secret: Zq9hunter\n",
            "is not encrypted: run 'ansible-vault encrypt group_vars/all/vault.yml', and replace",
        ),
        (
            lambda good: b'vault_session_secret: "Zq9hunter\n',
            "is not encrypted: run 'ansible-vault encrypt group_vars/all/vault.yml', and replace",
        ),
        (lambda good: b"\n", "is empty: put its last good copy there"),
        (lambda good: good[:501], DAMAGED),
        (lambda good: good.partition(b"\n")[0], DAMAGED),
        (lambda good: good.replace(b"1.1;AES256", b""), DAMAGED),
        (lambda good: good.replace(b"AES256", b"ROT13"), DAMAGED),
        (lambda good: good[: good.rindex(b"\n", 0, -1)], WRONG),
        ("- Zq9hunter\n", "opens, but holds no variables (name: value): correct it with 'ansible-vault edit group_vars/all/vault.yml'."),
        ("a: b\nvault_session_secret: [Zq9hunter\nc: d\n", "opens, but its line 3 is no valid YAML: correct it with 'ansible-vault edit"),
    ],
)
def test_a_vault_that_cannot_be_used_is_one_sentence(
    vault: Path, spoil: str | Callable[[bytes], bytes], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = vault.parents[2]
    if isinstance(spoil, str):
        seal(checkout, spoil, vault)
    else:
        vault.write_bytes(spoil(vault.read_bytes()))
    monkeypatch.chdir(checkout)
    with pytest.raises(Failure) as caught:
        read_vault(vault, passwords(checkout))
    assert str(caught.value).startswith("The vault group_vars/all/vault.yml ")
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert "Zq9" not in str(caught.value)


@pytest.mark.parametrize("spoil", [lambda good: b"vault_session_secret: Zq9hunter\n", lambda good: good[:501]])
def test_a_vault_that_cannot_be_used_stops_the_program_before_anything_else(vault: Path, spoil: Callable[[bytes], bytes]) -> None:
    vault.write_bytes(spoil(vault.read_bytes()))
    done = run(vault.parents[2], succeeds=False)
    assert "The vault group_vars/all/vault.yml " in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "PLAY" not in done.stdout
    assert "Zq9" not in done.stdout + done.stderr


def test_a_wrong_password_is_one_sentence_before_anything_else(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANNOIR_VAULT_PASSWORD", "another")
    done = run(vault.parents[2], succeeds=False)
    assert f"The vault group_vars/all/vault.yml {WRONG}" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "PLAY" not in done.stdout


def test_a_value_arrives_as_it_was_written_or_is_named_with_its_place(vault: Path) -> None:
    checkout = vault.parents[2]
    text = opened(checkout, vault)
    line = text.count("\n") + 1
    inside = f"{text}vault_pin: 0123\nvault_odd: 'q{{# gone #}}rst'\n"
    seal(checkout, inside, vault)
    mine = checkout / "written.yml"
    mine.write_text(
        """
app_services: []
app_checks: []
app_components:
  - name: api
    image: x:1
    port: 80
    env: {RELEASE: 24.10, FINE: 8080}
    secret_env: {PIN: "{{ vault_pin }}", ODD: "{{ vault_odd }}"}
"""
    )
    said = run(checkout, "-e", f"@{mine}", "-e", "{app_replicas: 1, app_name: 1.10}", succeeds=False).stdout
    for problem in (
        "(api).env.RELEASE (written.yml:8) is 24.10 there, which would arrive as 24.1: quote it",
        f"(api).secret_env.PIN (group_vars/all/vault.yml:{line}) is no text there, because YAML reads it as a number: quote it.",
        "app_name (<CLI option '-e'>) is 1.10 there",
    ):
        assert problem in said
    assert "3 problems were found; nothing was changed." in said
    mine.write_text(mine.read_text().replace("24.10", "'24.10'").replace("vault_pin", "vault_session_secret"))
    seal(checkout, inside.replace("0123", "'0123'"), vault)
    run(checkout, "-e", f"@{mine}")
    assert components(checkout)["api"]["secret_env"]["ODD"] == "q{# gone #}rst"
    assert components(checkout)["api"]["env"] == {"RELEASE": "24.10", "FINE": "8080"}


def test_an_inventory_has_a_vault_and_a_password_of_its_own(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As docs/secrets.md says it, with a command for the password."""
    checkout = vault.parents[2]
    inventory = checkout / "inventories/prod"
    made = inventory / "group_vars/cluster/vault.yml"
    made.parent.mkdir(parents=True)
    (inventory / "group_vars/all").symlink_to("../../../group_vars/all")
    (made.parent / "prod.yml").write_text('secrets_vault_file: "{{ inventory_dir }}/group_vars/cluster/vault.yml"\n')
    shutil.copy(checkout / "inventories/minikube/hosts.yml", inventory)
    (checkout / "store").write_text("Zq9hunter\n")
    monkeypatch.setenv("PLANNOIR_VAULT_PASSWORD_PROD_COMMAND", f"cat {checkout / 'store'}")
    before = vault.read_bytes()
    prod = ["-i", "inventories/prod", "--vault-id=prod@scripts/vault-password-client"]
    run(checkout, *prod)
    assert made.read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;prod\n")
    assert vault.read_bytes() == before
    assert not (checkout / ".vault-password-prod").exists()
    assert "changed=0" in run(checkout, *prod).stdout
    (checkout / "store").write_text("another\n")
    for given in (prod, prod[:2]):
        said = run(checkout, *given, succeeds=False).stderr
        assert "inventories/prod/group_vars/cluster/vault.yml cannot be opened" in said
        assert (
            "give the right one in PLANNOIR_VAULT_PASSWORD_PROD, PLANNOIR_VAULT_PASSWORD_PROD_COMMAND or .vault-password-prod, with" in said
        )
        assert "with --vault-id prod@scripts/vault-password-client" in said


def test_a_plaintext_vault_stops_the_run_before_anything_else(deployed: tuple[Path, str]) -> None:
    plain = deployed[0] / "plain.yml"
    plain.write_text("vault_session_secret: x\n")
    said = problems(deployed[0], {"secrets_vault_file": str(plain), "app_nmae": "x"})
    assert "is not encrypted: run 'ansible-vault encrypt" in said
    assert "app_nmae" not in said


def test_a_vault_in_a_place_of_its_own_is_made_and_loaded(deployed: tuple[Path, str]) -> None:
    checkout, _ = deployed
    vault = checkout / "elsewhere/vault.yml"
    run(checkout, "-e", f"secrets_vault_file={vault}")
    secret = components(checkout)["backend"]["secret_env"]["SESSION_SECRET"]
    assert f"vault_session_secret: {secret}" in opened(checkout, vault)


def test_a_service_that_is_named_later_gets_its_values_in_the_vault_that_is_there(deployed: tuple[Path, str]) -> None:
    checkout, _ = deployed
    vault = checkout / "later/vault.yml"
    web = {"name": "web", "image": "x", "port": 80, "secret_env": {"TOKEN": "{{ vault_token }}"}}
    own = {"app_components": [web], "app_checks": []}
    given = {"secrets_vault_file": str(vault), "app_services": [], "app_secrets": ["token"], **own}
    run(checkout, "-e", json.dumps(given))
    mine = opened(checkout, vault) + "# Mine.\nmine: 1\n"
    seal(checkout, mine, vault)
    before = vault.read_bytes()
    given["app_services"] = ["postgresql"]
    said = run(checkout, "--check", "--diff", "-e", json.dumps(given)).stdout
    assert "vault_database_password: a new value" in said
    assert "vault_token: a new value" not in said
    assert vault.read_bytes() == before
    printed = run(checkout, "-vvv", "--diff", "-e", json.dumps(given)).stdout
    text = opened(checkout, vault)
    assert text.startswith(mine)
    held = yaml.safe_load(text)
    assert components(checkout)["database"]["secret_env"]["POSTGRES_PASSWORD"] == held["vault_database_admin_password"]
    assert [value for value in held.values() if str(value) in printed and value != 1] == []
    assert "changed=0 " in run(checkout, "-e", json.dumps(given)).stdout
    # Its own server has no values that are made.
    given.update(app_services=["openrouter"], vault_openrouter_base_url="https://openrouter.ai/api/v1")
    assert "changed=1 " in run(checkout, "-e", json.dumps(given)).stdout  # the file of this test's play
    assert "vault_openrouter_api_key" not in yaml.safe_load(opened(checkout, vault))


def test_an_application_without_secrets_needs_no_vault(deployed: tuple[Path, str]) -> None:
    checkout, _ = deployed
    web = {"name": "web", "image": "x", "port": 80}
    own = {"app_components": [web], "app_checks": []}
    given = {"secrets_vault_file": str(checkout / "none/vault.yml"), "app_services": [], "app_secrets": [], **own}
    assert "changed=0 " in run(checkout, "--check", "-e", json.dumps(given)).stdout
    run(checkout, "-e", json.dumps(given))
    assert list(components(checkout)) == ["web"]
    assert not (checkout / "none").exists()


def test_a_service_that_there_is_not_and_a_taken_name_are_reported(refused: dict[str, str]) -> None:
    assert "app_services names memcached, which is no service: take one of gateway, mail, mariadb, openrouter," in refused["service"]
    assert "Component pgbouncer: the service postgresql is called so, or a part of it: rename the component." in refused["service"]


def test_a_vault_with_another_password_is_named(deployed: tuple[Path, str]) -> None:
    checkout, _ = deployed
    vault = checkout / "foreign/vault.yml"
    vault.parent.mkdir()
    another = VaultSecret(b"another")
    vault.write_bytes(VaultLib([("default", another)]).encrypt(b"a: b\n", another))
    assert "cannot be opened with the password" in problems(checkout, {"secrets_vault_file": str(vault)})


def test_the_machine_is_measured(tmp_path: Path) -> None:
    assert list(python_problems((3, 10)))
    assert not list(python_problems((3, 11)))
    assert not list(system_problems("Linux", "x86_64", packages=True))
    assert "official" in next(system_problems("Darwin", "arm64", packages=True))
    assert "not supported" in next(system_problems("Windows", "AMD64", packages=False))
    assert "needs 4 GB" in next(memory_problems(2 * 10**9, 4))
    assert not list(memory_problems(4 * 10**9, 4))
    assert str(tmp_path) in next(disk_problems([tmp_path / "a/b", tmp_path], 10**6, "a first run"))
    assert not list(disk_problems([tmp_path / "a/b"], 0, "a first run"))


def test_every_bad_name_is_named_at_once_with_its_rule(refused: dict[str, str]) -> None:
    said = refused["names"]
    for name, value in NAMES.items():
        assert re.search(rf"{name} \(inventories/refused/host_vars/names.yml:1\) must be .* It is '{value}'", said), said
    assert "name must be a DNS label" in said
    assert "image must be an image reference" in said


def test_a_database_that_follows_from_the_application_is_judged_too(refused: dict[str, str]) -> None:
    assert "services_postgresql_database must be at most 48 " in refused["database"]


def test_a_login_of_the_command_line_is_the_one_that_is_checked(checkout: Path) -> None:
    play = checkout / "play.yml"
    beside = "roles: [{role: plannoir.deploy.images, when: false}, plannoir"  # brings its defaults
    play.write_text(PLAY.replace("roles: [plannoir", beside), encoding="utf-8")
    try:
        given = {"images_registry": "127.0.0.1:1/team", "images_registry_credentials": {"username": "joe"}}
        said = run(checkout, "-e", json.dumps(given), succeeds=False).stdout
    finally:
        play.write_text(PLAY, encoding="utf-8")
    assert "images_registry_credentials has no password" in said
