# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An address that leads nowhere in a cluster is named with what was meant; one that a browser or the program itself uses passes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.addresses import address_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.store import component_secrets
from ansible_collections.plannoir.deploy.plugins.module_utils._services.catalogue import load_services

SERVICES = load_services()
SELF = "which in a cluster is the pod itself: "
API = {"name": "api", "image": "a/b:1", "port": 8000}
REDIS = {"name": "cache", "image": "redis:8", "port": 6379}
PAGE = {"name": "page", "image": "a/c:1", "port": 3000, "service": {"type": "NodePort", "node_port": 30080}}
DATABASE = {"name": "database", "image": "postgres:17", "port": 5432}


def said(*raw: dict[str, Any], shared: bool = False, accepted: tuple[str, ...] = (), vault: dict[str, str] | None = None) -> list[str]:
    components, wrong = load_components(list(raw))
    assert wrong == []
    found = address_problems(
        components, component_secrets(components), vault or {}, SERVICES, "shop", ports=[30443], shared=shared, accepted=accepted
    )
    return list(found)


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("BACKEND_URL", "http://localhost:8000", f"leads to localhost, {SELF}write the name of the component that is meant (cache, page)"),
        ("DATABASE_URL", "postgresql://u:Zq9@localhost/x", f"leads to localhost, {SELF}name the service postgresql in app_services"),
        ("DATABASE_URL", "postgresql+psycopg_async://u:Zq9@127.0.0.1/x", f"leads to 127.0.0.1, {SELF}"),
        ("DATABASE_URL", "host=localhost dbname=x", f"leads to localhost, {SELF}"),
        ("ConnectionStrings__Shop", "Server=tcp:localhost,1433;Database=x;User Id=u;Password=Zq9", f"leads to localhost, {SELF}"),
        ("SPRING_DATASOURCE_URL", "jdbc:postgresql://localhost:5432/x", f"leads to localhost, {SELF}"),
        ("REDIS_URL", "redis://localhost:6379/0", f"leads to localhost, {SELF}did you mean cache?"),
        ("API_URL", "http://[::1]:3000/api", f"leads to ::1, {SELF}did you mean page?"),
        ("OLLAMA_BASE_URL", "http://host.docker.internal:11434/v1", "leads to host.docker.internal, a name that a cluster does not know: "),
        ("DATABASE_URL", "postgresql://u:Zq9@db/x", "leads to db, which is no component: name the service postgresql in app_services"),
        ("CACHE_URL", "redis://:Zq9@redis:6379/0", "leads to redis, which is no component: did you mean cache?"),
        ("REDIS_HOST", "redis", "leads to redis, which is no component: did you mean cache?"),
        ("DB_HOST", "localhost", f"leads to localhost, {SELF}"),
        ("PGHOST", "127.0.0.1", f"leads to 127.0.0.1, {SELF}"),
        ("KAFKA_BROKERS", "kafka:9092,kafka2:9092", "leads to kafka, which is no component: write the name of the component"),
        ("CELERY_BROKER_URL", "amqp://guest:Zq9@rabbitmq:5672//", "leads to rabbitmq, which is no component: "),
        (
            "OPENROUTER_BASE_URL",
            "http://openrouterr:8080/api/v1",
            "leads to openrouterr, which is no component: name the service openrouter in",
        ),
        ("MODEL_URL", "http://pagge:3000/api/v1", "leads to pagge, which is no component: did you mean page?"),
        ("MODEL_URL", "http://pagge.shop.svc.cluster.local/v1", "leads to pagge, which is no component: did you mean page?"),
        ("PAGE_API", "http://page/api", "leads to port 80 of the component page, whose Service has the port 3000: write page:3000."),
        ("DATABASE_URL", "postgresql://u:Zq9@one.shop.com,localhost/x", f"leads to localhost, {SELF}"),
    ],
)
def test_an_address_that_leads_nowhere_is_named(key: str, value: str, problem: str) -> None:
    for option in ("env", "secret_env"):
        (sentence,) = said({**API, option: {key: value}}, REDIS, PAGE)
        assert sentence.startswith(f"api.{option}.{key} {problem}")
        assert "Zq9" not in sentence


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("REDIS_URL", "redis://cache:6379/0"),
        ("REDIS_URL", "redis://cache.shop.svc.cluster.local.:6379"),
        ("PAGE_URL", "http://page:3000"),
        ("NEXTAUTH_URL", "http://localhost:3000"),
        ("APP_URL", "http://localhost:8000"),
        ("CORS_ORIGINS", "http://localhost:3000,https://shop.com"),
        ("ALLOWED_ORIGINS", '["http://localhost:3000"]'),
        ("NEXT_PUBLIC_API_URL", "http://localhost:8000"),
        ("API_URL", "http://127.0.0.1:30080"),
        ("API_URL", "http://localhost:30443/api"),
        ("HEALTHCHECK_URL", "http://localhost:8000/health"),
        ("ASPNETCORE_URLS", "http://+:8080"),
        ("UPSTREAM", "http://$(BACKEND_HOST):8000"),
        ("BIND", "0.0.0.0:8000"),
        ("HOST", "localhost"),
        ("HOSTNAME", "localhost"),
        ("NO_PROXY", "localhost,127.0.0.1,cache"),
        ("DATABASE_URL", "sqlite:////data/x.db"),
        ("DATABASE_URL", "postgresql://u:p@db.shop.com/x"),
        ("DATABASE_URL", "postgresql:///x?host=/cloudsql/a:b:c"),
        ("DATABASE_URL", "postgresql://u:p@localhost/x?host=/cloudsql/a:b:c"),
        ("DATABASE_URL", "postgresql://u:changeme@localhost/x"),
        ("BUCKET", "s3://uploads/x"),
        ("RESULT_BACKEND", "memory://"),
        ("DOCKER", "unix:///var/run/docker.sock"),
        ("DEEP_LINK", "shop://checkout"),
        ("OTHER", "http://redis.other:6379"),
        ("MODEL_URL", "http://host.minikube.internal:11434"),
        ("GREETING", "Your page is at http://localhost:3000"),
        ("SMTP_HOST", "none"),
        ("XML", '<a xmlns="http://localhost/x"/>'),
        ("KEY", "postgres"),
        ("MONGO", "mongodb+srv://u:p@c.mongodb.net/x"),
        ("SENTRY_DSN", "https://abc@o1.ingest.sentry.io/1"),
        ("CONFIG", "host: localhost\nport: 5432"),
    ],
)
def test_addresses_that_lead_somewhere_or_are_meant_for_others_pass(key: str, value: str) -> None:
    for option in ("env", "secret_env"):
        assert said({**API, option: {key: value}}, REDIS, PAGE) == []


def test_the_embedded_database_is_meant_by_the_names_that_compose_gives_it() -> None:
    for host in ("db", "postgres", "localhost", "pg"):
        (sentence,) = said({**API, "secret_env": {"DATABASE_URL": f"postgresql://u:p@{host}:5432/x"}}, DATABASE)
        assert sentence.endswith("did you mean database? Where it is right, list api.secret_env.DATABASE_URL in preflight_accepted_values.")


def test_jobs_have_addresses_as_well_and_a_vaults_value_is_named() -> None:
    url = "postgresql://u:p@db/x"
    job = {"command": ["x"], "env": {"A_URL": "http://nowhere"}, "secret_env": {"B_URL": url}}
    assert [line.partition(" leads")[0] for line in said({**API, "migration": job}, vault={url: "vault_url"})] == [
        "api.migration.env.A_URL",
        "api.migration.secret_env.B_URL (vault_url)",
    ]


def test_what_others_may_have_in_the_namespace_or_in_hosts_and_what_is_accepted_passes() -> None:
    raw = {**API, "env": {"REDIS_URL": "redis://redis"}}
    assert len(said(raw)) == 1
    assert said(raw, shared=True) == []
    assert said({**raw, "host_aliases": [{"ip": "10.0.0.5", "hostnames": ["redis"]}]}) == []
    assert said(raw, accepted=("api.env.REDIS_URL",)) == []
    assert len(said({**API, "env": {"REDIS_URL": "redis://localhost"}}, shared=True)) == 1
