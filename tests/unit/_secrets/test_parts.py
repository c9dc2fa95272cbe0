# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a value is searched: every text that gives it away, and none that stands in any file."""

from __future__ import annotations

import base64
import json

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.matcher import Matcher
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.spellings import secrets_of
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

PEM = (forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
OPENSSH = (forms.Encoding.PEM, forms.PrivateFormat.OpenSSH, forms.NoEncryption())
KEY = ec.generate_private_key(ec.SECP256R1())
PRIVATE = KEY.private_bytes(*PEM).decode()
SERVICE_ACCOUNT = json.dumps(
    {
        "type": "service_account",
        "project_id": "my-project-123456",
        "private_key_id": "4c0d2f1a9b8e7d6c5b4a39281706f5e4d3c2b1a0",
        "private_key": PRIVATE,
        "client_email": "shop@my-project-123456.iam.gserviceaccount.com",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
    },
    indent=2,
)
ENVIRONMENT = """# A comment that is very much longer than all of the values below it
NODE_ENV=production
export STRIPE_KEY=sk_live_9aF3kLmQ2x
SMTP_PASSWORD='Winter in the garden'
PIN=4711
DATABASE_URL="postgresql://app:Hu7ter2Zq@db:5432/shop?sslmode=require"
"""

FOUND = [
    ("a driver's scheme with an underscore", "postgresql+psycopg_async://app:Hu7ter2Zq@db/shop", "Hu7ter2Zq"),
    ("a URL of Java", "jdbc:mysql://app:Hu7ter2Zq@db/shop", "Hu7ter2Zq"),
    ("the example of H6", "# a very long comment line, longer than the rest\npassword = S3cretValue-1234567", "S3cretValue-1234567"),
    ("an .env file", ENVIRONMENT, "sk_live_9aF3kLmQ2x"),
    ("a quoted value", ENVIRONMENT, "Winter in the garden"),
    ("a URL in a file", ENVIRONMENT, "Hu7ter2Zq"),
    ("a JSON leaf", SERVICE_ACCOUNT, "4c0d2f1a9b8e7d6c5b4a39281706f5e4d3c2b1a0"),
    ("a key in JSON", SERVICE_ACCOUNT, PRIVATE.splitlines()[1]),
    ("JSON in one line", json.dumps({"a": [{"b": "Zq8Xw2Lm5Rt9"}]}), "Zq8Xw2Lm5Rt9"),
    ("a number in JSON", json.dumps({"pin": 4711081547110815}), "4711081547110815"),
    ("YAML", "users:\n- name: shop\n  password: Zq8Xw2Lm5Rt9 # of the shop\n", "Zq8Xw2Lm5Rt9"),
    ("a list in YAML", "tokens:\n  - Zq8Xw2Lm5Rt9\n", "Zq8Xw2Lm5Rt9"),
    ("INI with a colon", "[client]\nuser: shop\npassword: Zq8Xw2Lm5Rt9\n", "Zq8Xw2Lm5Rt9"),
    ("TOML", '[smtp]\nhost = "mail"\npassword = "Zq8Xw2Lm5Rt9"\n', "Zq8Xw2Lm5Rt9"),
    ("PHP", "<?php\ndefine('DB_PASSWORD', 'Zq8Xw2Lm5Rt9');\n", "Zq8Xw2Lm5Rt9"),
    ("XML", "<server>\n<password>Zq8Xw2Lm5Rt9</password>\n</server>", "Zq8Xw2Lm5Rt9"),
    ("Java properties", "db.user=shop\ndb.password=Zq8Xw2Lm5Rt9\n", "Zq8Xw2Lm5Rt9"),
    ("a password file", "db:5432:shop:app:Zq8Xw2Lm5Rt9\nother:5432:shop:app:Ab7Xw2Lm5Rt1", "Ab7Xw2Lm5Rt1"),
    (".netrc", "machine db login app password Zq8Xw2Lm5Rt9\nmachine x login y password Ab7Xw2Lm5Rt1", "Zq8Xw2Lm5Rt9"),
    ("libpq's keywords", "host=db dbname=shop user=app password=Zq8Xw2Lm5Rt9 sslmode=require", "Zq8Xw2Lm5Rt9"),
    ("libpq's keywords, quoted", "host=db password='Zq8X w2Lm5Rt9' sslmode=require", "Zq8X w2Lm5Rt9"),
    ("ADO.NET", "Server=db;Database=shop;User Id=app;Password=Zq8Xw2Lm5Rt9;", "Zq8Xw2Lm5Rt9"),
    ("a token as a URL's user", "https://ghp_Zq8Xw2Lm5Rt9@github.com/a/b", "ghp_Zq8Xw2Lm5Rt9"),
    ("a token with an empty password", "https://ghp_Zq8Xw2Lm5Rt9:x-oauth-basic@github.com/a/b", "ghp_Zq8Xw2Lm5Rt9"),
    ("a token in a URL's query", "https://hooks.example/x?access_token=Zq8Xw2Lm5Rt9&v=2", "Zq8Xw2Lm5Rt9"),
    ("an encoded token in a URL's query", "https://hooks.example/x?sig=Zq8%2FXw2Lm5Rt9", "Zq8/Xw2Lm5Rt9"),
    ("a Kubernetes Secret", f"kind: Secret\ndata:\n  password: {base64.b64encode(b'Zq8Xw2Lm5Rt9').decode()}\n", "Zq8Xw2Lm5Rt9"),
    ("a key in a kubeconfig", f"users:\n- client-key-data: {base64.b64encode(PRIVATE.encode()).decode()}\n", PRIVATE.splitlines()[1]),
    ("a key in one line", "KEY=1\n" + PRIVATE.replace("\n", "\\n"), PRIVATE.splitlines()[1]),
    ("words of one's own", "correct horse\nbattery staple\n", "battery staple"),
]


@pytest.mark.parametrize(("kind", "value", "leak"), FOUND, ids=[kind for kind, _, _ in FOUND])
def test_a_text_in_a_value_is_found(kind: str, value: str, leak: str) -> None:
    found = Matcher(secrets_of({"shop-files/x": value})[0]).search(f"log: {leak} was refused".encode())
    assert {secret.label.partition(" (")[0] for secret, _ in found} == {"shop-files/x"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (ENVIRONMENT, "NODE_ENV=production"),
        (ENVIRONMENT, "A comment that is very much longer"),
        (SERVICE_ACCOUNT, "https://accounts.google.com/o/oauth2/auth"),
        (SERVICE_ACCOUNT, "service_account"),
        (SERVICE_ACCOUNT, "project: my-project-123456"),
        ("[mysqld]\nmax_connections = 100\npassword = Zq8Xw2Lm5Rt9\n", "[mysqld] max_connections = 100"),
        (
            "server {\n  listen 8080;\n  server_tokens off;\n}\n# Zq8Xw2\nset $key Zq8Xw2Lm5Rt9aB1c;",
            "server { listen 8080; server_tokens off;",
        ),
        ("postgresql://app:Zq8Xw2Lm5Rt9@db.example.com/shop", "postgresql://db.example.com/shop"),
    ],
)
def test_what_stands_in_any_file_is_not_searched(value: str, text: str) -> None:
    assert not Matcher(secrets_of({"shop-files/x": value})[0]).search(text.encode())


def test_what_is_not_searched_is_said() -> None:
    _, notes = secrets_of({"shop-files/settings": "mode = production\npassword = Zq8Xw2Lm5Rt9\nhost = localhost\n"})
    assert notes == ["shop-files/settings: 2 of its texts are common words, numbers or addresses, and were not searched."]


@pytest.mark.parametrize(
    "pem",
    [
        PRIVATE,
        ed25519.Ed25519PrivateKey.generate().private_bytes(*PEM).decode(),
        ed25519.Ed25519PrivateKey.generate().private_bytes(*OPENSSH).decode(),
    ],
    ids=["P-256", "Ed25519", "OpenSSH"],
)
def test_a_public_key_is_no_leak_of_its_private_one(pem: str) -> None:
    load = forms.load_ssh_private_key if "OPENSSH" in pem else forms.load_pem_private_key
    public = load(pem.encode(), None).public_key()
    known = Matcher(secrets_of({"key": pem})[0])
    assert not known.search(public.public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo))
    assert not known.search(public.public_bytes(forms.Encoding.OpenSSH, forms.PublicFormat.OpenSSH))
    assert known.search(pem.encode())


def test_another_key_of_the_same_kind_is_no_leak() -> None:
    for form in (PEM, OPENSSH):
        keys = [rsa.generate_private_key(65537, 2048).private_bytes(*form) for _ in range(2)]
        assert not Matcher(secrets_of({"key": keys[0].decode()})[0]).search(keys[1])
