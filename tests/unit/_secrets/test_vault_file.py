# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a new vault holds, and how its file comes to be."""

from __future__ import annotations

import errno
import os
import shutil
import ssl
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.files import replace_file, write_new
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.certificates import make_certificates
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.template import (
    additions,
    made_names,
    new_vault,
    vault_parts,
)
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.vault import (
    render,
    slot_names,
    variable_names,
    vault_state,
)
from ansible_collections.plannoir.deploy.plugins.module_utils._services.catalogue import load_services
from cryptography import x509

SERVICES = load_services()
PARTS = vault_parts([SERVICES["postgresql"], SERVICES["openrouter"]], ["session_secret"])
TEXT = "\n".join(part.text for part in PARTS)


def test_the_template_gives_every_variable_a_value_of_its_own() -> None:
    vault = yaml.safe_load(new_vault(PARTS))

    assert list(vault) == list(made_names(PARTS)) == variable_names(TEXT)
    assert len(set(vault.values())) == len(vault)
    assert all(len(value) >= 43 for value in vault.values())
    assert yaml.safe_load(new_vault(PARTS))["vault_session_secret"] != vault["vault_session_secret"]


def test_a_vault_holds_nothing_of_services_that_are_not_used() -> None:
    assert list(yaml.safe_load(new_vault(vault_parts([], [])))) == ["vault_checksum_key"]
    assert list(yaml.safe_load(new_vault(vault_parts([], ["a", "b"])))) == ["vault_checksum_key", "vault_a", "vault_b"]


def test_two_values_never_have_one_variable() -> None:
    for names, said in ((["database_password"], "vault_database_password is made already"), (["a", "a"], "vault_a is made already")):
        with pytest.raises(Failure, match=said):
            vault_parts([SERVICES["postgresql"]], names)
    with pytest.raises(Failure, match="write lower-case letters"):
        vault_parts([], ["a-b"])


def test_a_service_that_is_named_later_brings_its_whole_part() -> None:
    known = list(made_names(vault_parts([SERVICES["openrouter"]], ["session_secret"])))
    added = additions(PARTS, known)
    assert list(yaml.safe_load(added)) == variable_names(SERVICES["postgresql"].vault)
    assert slot_names(added) == ["vault_database_url", "vault_database_direct_url"]
    assert additions(PARTS, [*known, *yaml.safe_load(added)]) == ""


def test_a_single_value_that_is_missing_brings_its_own_comment_only() -> None:
    known = set(made_names(PARTS))
    added = additions(PARTS, known - {"vault_checksum_key", "vault_database_owner_password"})
    assert list(yaml.safe_load(added)) == ["vault_checksum_key", "vault_database_owner_password"]
    assert slot_names(added) == []


def test_half_of_what_is_made_together_is_not_completed() -> None:
    known = set(made_names(PARTS)) - {"vault_database_ca"}
    with pytest.raises(Failure, match="holds vault_database_certificate, vault_database_certificate_key without vault_database_ca"):
        additions(PARTS, known)


def test_the_slots_for_a_persons_own_services_are_comments_that_can_be_opened() -> None:
    opened = yaml.safe_load("\n".join(line.removeprefix("# ") for line in TEXT.splitlines() if line.startswith("# vault_")))

    assert (
        list(opened)
        == slot_names(TEXT)
        == ["vault_database_url", "vault_database_direct_url", "vault_openrouter_previous_key", "vault_openrouter_base_url"]
    )


def test_an_unknown_placeholder_is_named() -> None:
    with pytest.raises(Failure, match="pasword"):
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

    with pytest.raises(Failure, match="another run"):
        write_new(path, "two")

    assert path.read_text() == "one"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Failure, match="cannot be written"):
        write_new(tmp_path / "file/vault.yml", "x")


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every hard link refused, as on FAT and on some network file systems."""

    def refuse(*_arguments: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("no_links")
def test_a_file_system_without_hard_links_gets_a_new_file_that_never_replaces_another(tmp_path: Path) -> None:
    path = tmp_path / "vault.yml"
    write_new(path, "one")

    with pytest.raises(Failure, match="another run"):
        write_new(path, "two")

    assert path.read_text() == "one"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("no_links")
def test_a_file_system_without_hard_links_keeps_no_half_made_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "rename", refuse)
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(Failure, match="Input/output error"):
        write_new(tmp_path / "vault.yml", "one")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "vault.yml"
    path.write_text("one")
    return path


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_a_replaced_file_keeps_its_mode(written: Path, mode: int) -> None:
    written.chmod(mode)
    replace_file(written, "two", b"one")
    assert written.read_text() == "two"
    assert stat.S_IMODE(written.stat().st_mode) == mode
    assert list(written.parent.iterdir()) == [written]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
def test_a_replaced_file_keeps_its_owner_when_root_replaces_it(written: Path) -> None:
    os.chown(written, 12345, 54321)
    replace_file(written, "two", b"one")
    assert (written.stat().st_uid, written.stat().st_gid) == (12345, 54321)


def test_a_group_that_could_not_be_kept_is_not_replaced_by_one_that_may_read(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    written.chmod(0o644)
    monkeypatch.setattr(os, "fchown", refuse)
    replace_file(written, "two", b"one")
    assert stat.S_IMODE(written.stat().st_mode) == 0o604


def test_a_link_still_leads_to_the_file_that_is_replaced(written: Path) -> None:
    link = written.parent / "links/vault.yml"
    link.parent.mkdir()
    link.symlink_to("../vault.yml")
    replace_file(link, "two", b"one")
    assert link.readlink() == Path("../vault.yml")
    assert written.read_text() == "two"
    assert list(link.parent.iterdir()) == [link]


def test_a_file_that_somebody_else_wrote_meanwhile_is_left_to_them(written: Path) -> None:
    written.write_text("theirs")
    with pytest.raises(Failure, match="was written by somebody else meanwhile: run this again"):
        replace_file(written, "two", b"one")
    assert written.read_text() == "theirs"
    assert list(written.parent.iterdir()) == [written]


def test_of_runs_at_the_same_instant_one_replaces_the_file(written: Path) -> None:
    def replace(text: str) -> bool:
        try:
            replace_file(written, text, b"one")
        except Failure:
            return False
        return True

    with ThreadPoolExecutor(8) as runs:
        done = dict(zip("abcdefgh", runs.map(replace, "abcdefgh"), strict=True))
    assert [name for name, replaced in done.items() if replaced] == [written.read_text()]


def test_a_file_that_cannot_be_replaced_stays(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(Failure, match=r"cannot be written \(No space left on device\)"):
        replace_file(written, "two", b"one")
    assert written.read_text() == "one"
    assert list(written.parent.iterdir()) == [written]


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
