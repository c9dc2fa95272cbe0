# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plaintext of a vault, made from a template with random passwords and a private certificate authority; its file on disk."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

HEADER = b"$ANSIBLE_VAULT;"
VALIDITY = timedelta(days=3652)
"""10 years: the certificates of an embedded service must not be what ends it."""

State: TypeAlias = Literal["absent", "encrypted", "plaintext"]

_PLACEHOLDER = re.compile(r"^(?P<before>.*)\$\{(?P<name>[a-z_]+)\}", re.MULTILINE)


class VaultError(Exception):
    """The vault cannot be made; the message says why and what to do."""


class Certificates(NamedTuple):
    """A private certificate authority and one server certificate of it, each as PEM text."""

    ca: str
    certificate: str
    certificate_key: str


CERTIFICATES = Certificates._fields
"""Placeholders of a template that are made together."""


def vault_state(path: Path) -> State:
    """Tell from its first bytes whether a vault file is encrypted."""
    try:
        with path.open("rb") as file:
            return "encrypted" if file.read(len(HEADER)) == HEADER else "plaintext"
    except FileNotFoundError:
        return "absent"


def plaintext_problem(path: Path) -> str:
    """Say that the vault is not encrypted, and what to do."""
    return f"The vault {path} is not encrypted: run 'ansible-vault encrypt {path}', and replace its credentials if others could read it."


def variable_names(template: str) -> list[str]:
    """List the variables that a vault made from ``template`` will hold."""
    return re.findall(r"^(\w+):", template, re.MULTILINE)


def slot_names(template: str) -> list[str]:
    """List the variables that ``template`` offers as commented-out lines."""
    return re.findall(r"^# (\w+): ", template, re.MULTILINE)


def render(template: str, hosts: Sequence[str]) -> str:
    """Fill in a template's ``${password}`` (a new one at each place), ``${ca}``, ``${certificate}`` and ``${certificate_key}``.

    Args:
        template: YAML text. A placeholder that stands alone on an indented line is filled in with that indentation.
        hosts: DNS names that the certificate is for.

    Raises:
        VaultError: The template has another placeholder.
    """
    names = {match["name"] for match in _PLACEHOLDER.finditer(template)}
    if unknown := names - {"password", *CERTIFICATES}:
        raise VaultError(f"The vault's template has the unknown placeholder {', '.join(sorted(unknown))}: correct it in the template.")
    certificates = make_certificates(hosts)._asdict() if names - {"password"} else {}

    def fill(match: re.Match[str]) -> str:
        before, name = match["before"], match["name"]
        value = secrets.token_urlsafe(32) if name == "password" else certificates[name].strip()
        return before + value.replace("\n", "\n" + before if before.isspace() else "\n")

    return _PLACEHOLDER.sub(fill, template)


def make_certificates(hosts: Sequence[str]) -> Certificates:
    """Make a certificate authority and a server certificate for ``hosts``, with P-256 keys; the authority's own key is thrown away."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    start = datetime.now(UTC) - timedelta(days=1)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "plannoir private CA")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    ca_identifier = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())

    def usage(*, authority: bool) -> x509.KeyUsage:
        return x509.KeyUsage(
            digital_signature=not authority,
            key_cert_sign=authority,  # Python 3.13 and newer refuse an authority without it
            crl_sign=authority,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )

    def builder(subject: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().issuer_name(ca_name).subject_name(subject).public_key(public_key)
        return made.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(start + VALIDITY)

    ca = (
        builder(ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage(authority=True), critical=True)
        .add_extension(ca_identifier, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    certificate = (
        builder(name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_identifier), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key_pem = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Certificates(ca.public_bytes(pem).decode(), certificate.public_bytes(pem).decode(), key_pem.decode())


def write_new(path: Path, text: str) -> None:
    """Write a file of mode 0600 whole or not at all.

    Raises:
        VaultError: The file is there already, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _draft(path, text) as draft:
            _name_new(draft, path)
    except OSError as error:
        if path.exists():
            raise VaultError(f"{path} was written by another run at the same time: run this again.") from error
        raise VaultError(f"{path} cannot be written ({error.strerror}): make its folder writable and run this again.") from error


def replace_file(path: Path, text: str, before: bytes) -> None:
    """Replace a file whole or not at all; mode and owner stay, and a link still leads to it.

    Args:
        path: The file, or a link to it.
        text: Its new content.
        before: The content that the new one was made from.

    Raises:
        VaultError: It holds something else by now, or cannot be written.
    """
    try:
        target = path.resolve(strict=True)
        with target.open("rb") as file, _draft(target, text, like=os.fstat(file.fileno())) as draft:
            with contextlib.suppress(OSError):  # of a file system without locks; the lock is for runs at the same instant
                fcntl.flock(file, fcntl.LOCK_EX)
            if target.read_bytes() != before:
                raise VaultError(f"{path} was written by somebody else meanwhile: run this again. Nothing was changed.")
            draft.replace(target)
    except OSError as error:
        raise VaultError(f"{path} cannot be written ({error.strerror}): make its folder writable and run this again.") from None


@contextlib.contextmanager
def _draft(path: Path, text: str, like: os.stat_result | None = None) -> Iterator[Path]:
    """Write a file of mode 0600, or of another one's mode and owner, beside ``path``, down to the disk; remove it if it is still there."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            if like:
                _make_alike(descriptor, like)
            os.fsync(descriptor)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _make_alike(descriptor: int, like: os.stat_result) -> None:
    mode = stat.S_IMODE(like.st_mode)
    try:
        os.fchown(descriptor, like.st_uid if os.geteuid() == 0 else -1, like.st_gid)
    except OSError:
        mode &= ~stat.S_IRWXG  # it is in another group now, which was given nothing
    if stat.S_IMODE(os.fstat(descriptor).st_mode) != mode:
        os.fchmod(descriptor, mode)


def _name_new(draft: Path, path: Path) -> None:
    """Give a draft its final name; unlike a rename, it never replaces what another run wrote meanwhile."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: whoever makes the empty file may replace it
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            draft.replace(path)
        except OSError:
            path.unlink()
            raise
