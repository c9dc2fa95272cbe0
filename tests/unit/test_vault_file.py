"""What a new vault holds, and how its file comes to be."""

from __future__ import annotations

import os
import shutil
import ssl
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from ansible_collections.plannoir.deploy.plugins.module_utils.vault_file import (
    TEMPLATE,
    VaultError,
    make_certificates,
    render,
    slot_names,
    variable_names,
    vault_state,
    write_new,
)
from cryptography import x509

TEXT = TEMPLATE.read_text(encoding="utf-8")


def test_the_template_gives_every_variable_a_value_of_its_own() -> None:
    vault = yaml.safe_load(render(TEXT, ["database"]))

    assert sorted(vault) == sorted(variable_names(TEXT))
    assert len(set(vault.values())) == len(vault)
    assert all(len(value) >= 43 for value in vault.values())
    assert yaml.safe_load(render(TEXT, ["database"]))["vault_session_secret"] != vault["vault_session_secret"]


def test_the_slots_for_a_persons_own_services_are_comments_that_can_be_opened() -> None:
    opened = yaml.safe_load("\n".join(line.removeprefix("# ") for line in TEXT.splitlines() if line.startswith("# vault_")))

    assert (
        list(opened)
        == slot_names(TEXT)
        == ["vault_openrouter_previous_key", "vault_database_url", "vault_database_direct_url", "vault_openrouter_base_url"]
    )


def test_an_unknown_placeholder_is_named() -> None:
    with pytest.raises(VaultError, match="pasword"):
        render("a: ${pasword}", ["x"])


def test_python_and_openssl_trust_the_certificate_for_its_hosts_only(tmp_path: Path) -> None:
    made = make_certificates(["database", "localhost"])
    for name, text in made._asdict().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "certificate", tmp_path / "certificate_key")
    assert handshake(server, made.ca, "database")
    assert handshake(server, made.ca, "localhost")
    assert not handshake(server, made.ca, "elsewhere")
    assert not handshake(server, make_certificates(["database"]).ca, "database")


def handshake(server: ssl.SSLContext, ca: str, host: str) -> bool:
    """Do a TLS handshake in memory, as strictly as Python 3.13 does by default."""
    client = ssl.create_default_context(cadata=ca)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(to_client, to_server, server_hostname=host), server.wrap_bio(to_server, to_client, server_side=True)]
    done = 0
    for _ in range(10):
        for end in ends:
            try:
                end.do_handshake()
                done += 1
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                return False
        if done >= 2:
            return True
    return False


def test_certificates_are_valid_now_and_for_ten_years() -> None:
    now = datetime.now(UTC)
    for text in (make_certificates(["database"]).ca, make_certificates(["database"]).certificate):
        certificate = x509.load_pem_x509_certificate(text.encode())
        assert certificate.not_valid_before_utc < now
        assert certificate.not_valid_after_utc > now + timedelta(days=3640)


def test_a_file_is_written_whole_for_its_owner_only_and_never_replaces_another(tmp_path: Path) -> None:
    path = tmp_path / "all/vault.yml"
    write_new(path, "one")

    with pytest.raises(VaultError, match="another run"):
        write_new(path, "two")

    assert path.read_text() == "one"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VaultError, match="cannot be written"):
        write_new(tmp_path / "file/vault.yml", "x")


def test_ansible_vaults_own_files_count_as_encrypted(tmp_path: Path) -> None:
    vault, password = tmp_path / "vault.yml", tmp_path / "password"
    assert vault_state(vault) == "absent"
    vault.write_text("a: b\n")
    assert vault_state(vault) == "plaintext"
    password.write_text("secret")
    settings = tmp_path / "ansible.cfg"
    settings.touch()
    encrypt = [shutil.which("ansible-vault") or "", "encrypt", "--vault-password-file", str(password), str(vault)]
    subprocess.run(encrypt, check=True, cwd=tmp_path, env={**os.environ, "ANSIBLE_CONFIG": str(settings)})
    assert vault_state(vault) == "encrypted"
