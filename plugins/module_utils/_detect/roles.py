# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a variable's name says: the role that it plays, whether it is secret, whether a browser gets it."""

from __future__ import annotations

import re
from typing import NamedTuple

BROWSER_PREFIXES = ("NEXT_PUBLIC_", "VITE_", "REACT_APP_", "PUBLIC_", "GATSBY_", "VUE_APP_", "EXPO_PUBLIC_", "NG_APP_")
"""Variables that a build writes into pages."""

OWN = frozenset(
    (
        *("PATH", "HOME", "USER", "PWD", "SHELL", "LANG", "TZ", "TERM", "HOSTNAME", "HOST", "PORT", "LOGNAME", "EDITOR", "TMPDIR", "CI"),
        *("NODE_ENV", "NODE_OPTIONS", "NEXT_RUNTIME", "NEXT_PHASE", "NEXT_MANUAL_SIG_HANDLE", "NEXT_TELEMETRY_DISABLED", "ANALYZE"),
        *("MODE", "DEV", "PROD", "SSR", "npm_package_version", "npm_config_user_agent", "TURBO_HASH"),
        *("PYTHONPATH", "PYTHONUNBUFFERED", "VIRTUAL_ENV", "DJANGO_SETTINGS_MODULE", "CELERY_CONFIG_MODULE"),
        *("TESTING", "PYTEST_CURRENT_TEST", "VERCEL", "VERCEL_ENV", "VERCEL_URL", "VERCEL_GIT_COMMIT_SHA", "RAILWAY_ENVIRONMENT", "RENDER"),
        *("FLY_APP_NAME", "HEROKU_APP_NAME", "K_SERVICE", "KUBERNETES_SERVICE_HOST"),
    )
)
"""Variables of the process, the platform or the tests: nobody has to give them."""


class Role(NamedTuple):
    """What a variable is for: ``pattern`` for the whole name without a browser's prefix; ``secret`` says so whatever the name does."""

    name: str
    pattern: str
    secret: bool = False
    service: str = ""


_DB = r"(?:POSTGRES(?:QL)?|PG|DB|DATABASE|SQL|RDS|TIMESCALE|MYSQL|MARIADB)"
ROLES = (
    Role("test", r"(?:.*_)?TEST(?:ING)?_.*|.*_TEST"),
    Role(
        "database_url",
        r"(?:\w+_)?(?:DATABASE|DB|POSTGRES(?:QL)?|PG|MYSQL|MARIADB|NEON|SUPABASE_DB)_?(?:A?SYNC_?)?(?:CONNECTION_?)?(?:URL|URI|DSN|STRING|CONNINFO)(?:_\w+)?"
        r"|SQLALCHEMY_(?:DATABASE_)?UR[IL]|PG_?DSN|DIRECT_URL|POSTGRES_PRISMA_URL",
        True,
        "database",
    ),
    Role(
        "redis_url",
        r"(?:\w+_)?(?:REDIS|VALKEY|CACHE|BROKER|QUEUE|CELERY_BROKER|KV)_?(?:TLS_)?(?:URL|URI|DSN)|"
        r"CELERY_RESULT_BACKEND(?:_URL)?|RESULT_BACKEND(?:_URL)?|CELERY_BROKER",
        True,
        "redis",
    ),
    Role("mongo_url", r"(?:\w+_)?MONGO(?:DB)?_?(?:CONNECTION_?)?(?:URL|URI|DSN|STRING)(?:_\w+)?", True, "mongodb"),
    Role("amqp_url", r"(?:\w+_)?(?:RABBITMQ|AMQP)_?(?:URL|URI)", True, "rabbitmq"),
    Role("redis_url", r"(?!.*REST)(?:\w+_)?(?:REDIS|VALKEY)_(?:\w+_)?(?:URL|URI|DSN)", True, "redis"),
    Role("redis_host", r"(?:\w+_)?(?:REDIS|VALKEY)_(?:\w+_)?(?:HOST|HOSTNAME|SERVER)", False, "redis"),
    Role("redis_port", r"(?:\w+_)?(?:REDIS|VALKEY)_(?:\w+_)?PORT", False, "redis"),
    Role("redis_password", r"(?:\w+_)?(?:REDIS|VALKEY)_(?:\w+_)?PASS(?:WORD)?", True, "redis"),
    Role("database_host", rf"(?:\w+_)?{_DB}_?(?:HOST|HOSTNAME|SERVER|ADDRESS)", False, "database"),
    Role("database_port", rf"(?:\w+_)?{_DB}_?PORT", False, "database"),
    Role("database_name", rf"(?:\w+_)?{_DB}_?(?:NAME|DATABASE|DB|DBNAME|DB_NAME)", False, "database"),
    Role("database_user", rf"(?:\w+_)?{_DB}_?(?:USER|USERNAME|LOGIN)", False, "database"),
    Role("database_password", rf"(?:\w+_)?{_DB}_?(?:PASS|PASSWORD|PWD)", True, "database"),
    Role("database_engine", rf"(?:\w+_)?{_DB}_?(?:ENGINE|BACKEND)", False, "database"),
    Role("database_sslmode", rf"(?:\w+_)?{_DB}_?SSL_?MODE", False, "database"),
    Role("model_url", r"(?:OPENAI|OPENROUTER|LLM|MODEL|AI)_(?:API_)?(?:BASE_?URL|BASE|URL|ENDPOINT|HOST)", False, "openrouter"),
    Role("model_key", r"(?:OPENAI|OPENROUTER|LLM)_(?:API_)?(?:KEY|TOKEN)", True, "openrouter"),
    Role("model_name", r"(?:OPENAI|OPENROUTER|LLM|CHAT)_(?:\w+_)?MODEL(?:_NAME)?|MODEL_NAME|LLM_MODEL", False, "openrouter"),
    Role("algorithm", r"(?:\w+_)?(?:JWT_|TOKEN_|HASH_|AUTH_|SECRET_|SIGNING_)*ALGORITHM"),
    Role("environment", r"(?:APP_|FASTAPI_|FLASK_|DEPLOY_|RUNTIME_)?ENV(?:IRONMENT)?(?:_NAME)?"),
    Role("log_level", r"(?:\w+_)?LOG_?LEVEL"),
    Role("own_port", r"(?:HTTP|SERVER|APP|LISTEN|API|WEB|REST)_?PORT"),
    Role("own_address", r"(?:BIND|LISTEN|HTTP)_?(?:IP|ADDR(?:ESS)?|HOST|INTERFACE)|(?:SERVER_|APP_)?IP|BIND"),
    Role(
        "lifetime",
        r"(?:\w+_)?(?:ACCESS|REFRESH|JWT|AUTH|ID|SESSION)?_?TOKEN_?(?:EXPIRES?|EXPIRY|EXPIRATION|LIFETIME|TTL)_?(?:IN_|TIME_)?"
        r"(?:SECONDS?|MINUTES?|HOURS?|DAYS?)",
    ),
    Role("cors_origins", r"(?!.*REGEX)(?:\w+_)?(?:CORS|ALLOWED|TRUSTED|ALLOW|CSRF)_?(?:\w+_)?ORIGINS?(?:_\w+)?|BACKEND_CORS_ORIGINS"),
    Role("allowed_hosts", r"(?:\w+_)?(?:ALLOWED|TRUSTED)_HOSTS?"),
    Role(
        "session_secret",
        r"(?:\w+_)?(?:SECRET_KEY(?:_BASE)?|JWT_SECRET(?:_KEY)?|JWT_KEY|SESSION_SECRET(?:_KEY)?|COOKIE_SECRET|"
        r"AUTH_SECRET|NEXTAUTH_SECRET|APP_SECRET|TOKEN_SECRET|CSRF_SECRET|SIGNING_KEY|ACCESS_TOKEN_SECRET|"
        r"REFRESH_TOKEN_SECRET|COOKIE_PASSWORD|IRON_SESSION_PASSWORD|PAYLOAD_SECRET|JWT_REFRESH_SECRET|REFRESH_SECRET|"
        r"HASH_SALT|SALT|PEPPER|REVALIDATE_SECRET|CRON_SECRET|INTERNAL_SECRET|INTERNAL_API_KEY|APP_KEYS?|SECRET)",
        True,
    ),
    Role("mail_host", r"(?!EMAIL_SERVER$)(?:\w+_)?(?:SMTP|MAIL|EMAIL)_(?:HOST|SERVER|SERVER_HOST|HOSTNAME)"),
    Role("mail_port", r"(?:\w+_)?(?:SMTP|MAIL|EMAIL)_(?:SERVER_)?PORT"),
    Role("mail_user", r"(?:\w+_)?(?:SMTP|MAIL|EMAIL)_(?:SERVER_|HOST_)?(?:USER|USERNAME|LOGIN)"),
    Role("mail_password", r"(?:\w+_)?(?:SMTP|MAIL|EMAIL)_(?:SERVER_|HOST_)?(?:PASS|PASSWORD)", True),
    Role("mail_from", r"(?:\w+_)?(?:SMTP|MAIL|EMAILS?|MAILER)_(?:FROM(?!_NAME)(?:_\w+)?|SENDER)|(?:DEFAULT_)?FROM_EMAIL"),
    Role("mail_starttls", r"(?:\w+_)?(?:SMTP|MAIL|EMAIL)_(?:USE_|ENABLE_|REQUIRE_)?(?:START_?)?TLS(?:_ENABLED)?"),
    Role("mail_ssl", r"(?:\w+_)?(?:SMTP|MAIL|EMAIL)_(?:USE_|ENABLE_)?(?:SSL(?:_TLS)?|SECURE)(?:_ENABLED)?"),
    Role("mail_url", r"(?:SMTP|MAIL|EMAIL|MAILER)_(?:URL|DSN)|EMAIL_SERVER", True),
    Role(
        "api_url",
        r"(?:\w+_)?(?:API|BACKEND|SERVER|FASTAPI|DJANGO|FLASK|GATEWAY)(?:_SERVER|_SERVICE|_BASE|_INTERNAL|_PUBLIC|_HOST|"
        r"_ROOT)*_?(?:URL|URI|BASE|ENDPOINT|ORIGIN|HOST|ADDRESS)|API_BASE|API",
    ),
    Role("websocket_url", r"(?:\w+_)?(?:WS|WEBSOCKET|SOCKET)_?(?:\w+_)?(?:URL|URI|ENDPOINT)"),
    Role(
        "public_url",
        r"(?:\w+_)?(?:FRONTEND|APP(?:LICATION)?|SITE|PUBLIC|WEB|CLIENT|UI|HOME|BASE|NEXTAUTH|AUTH|BETTER_AUTH|DOMAIN|ROOT|WEBSITE|"
        r"DASHBOARD|SERVER)_?(?:BASE_|PUBLIC_)?(?:URL|URI|HOST|ORIGIN|DOMAIN)|ORIGIN",
    ),
)
"""In the order in which they win."""

DATABASE_URL = next(role for role in ROLES if role.name == "database_url")

_SECRET = re.compile(r"SECRET|PASSWORD|PASSWD|TOKEN|API_?KEY|DSN|PRIVATE|CREDENTIAL|(?:^|_)(?:KEY|PASS|PWD|SALT)(?:_|$)|_KEY$")
_NOT_SECRET = re.compile(
    r"(?:^|_)(?:USE|ENABLE|ENABLED|ALLOW|REQUIRE)_|EXPIR|TTL|_MINUTES|_SECONDS|_DAYS|_HOURS|LIFETIME|"
    r"MAX_TOKENS|TOKENS?_(?:LIMIT|URL|TYPE)|MAX_|MIN_|ALGORITHM|"
    r"PUBLIC_KEY|PUBLISHABLE|_KEY_ID$|ACCESS_KEY_ID|KEY_PREFIX|_PATH$|_FILE$|_NAME$|_HEADER|_LENGTH|_ISSUER|"
    r"_AUDIENCE|_REGION|_URL$|_URI$|COOKIE_NAME|AUTH_URL|_ENABLED$|_MODE$"
)
OUTSIDE = re.compile(
    r"CLIENT_(?:ID|SECRET)|WEBHOOK|STRIPE|TWILIO|SENDGRID|RESEND|GITHUB|GOOGLE|AWS_|AZURE|GCP|ANTHROPIC|GEMINI|GROQ|"
    r"MISTRAL|COHERE|HUGGINGFACE|HF_|CLOUDINARY|"
    r"SENTRY|SLACK|DISCORD|TELEGRAM|CLERK|AUTH0|SUPABASE|FIREBASE|PINECONE|LANGCHAIN|LANGSMITH|TAVILY|S3_|POSTMARK|MAILGUN|FACEBOOK|APPLE|LINKEDIN|"
    r"NOTION|PLAID|UPSTASH|ALGOLIA|MAPBOX|POSTHOG|OPENAI|OPENROUTER|REPLICATE|ELEVENLABS|DEEPSEEK|VOYAGE|PADDLE|LEMON"
)
"""Names of services whose credentials nobody can make here."""


def role_of(name: str) -> Role | None:
    """Return what a variable is for; nothing for one that no row of the table knows."""
    plain = next((name.removeprefix(prefix) for prefix in BROWSER_PREFIXES if name.startswith(prefix)), name)
    upper = plain.upper()
    found = next((role for role in ROLES if re.fullmatch(role.pattern, upper)), None)
    if found and found.name == "session_secret" and OUTSIDE.search(upper):
        return None
    return found


def is_browser(name: str) -> bool:
    """Tell whether a build writes a variable into pages that everybody may read."""
    return name.startswith(BROWSER_PREFIXES)


def is_secret(name: str, type_: str = "") -> bool:
    """Tell whether a value must not be seen, by its name and the type that the code gives it."""
    upper = name.upper()
    if is_browser(name) or re.search(r"\b(?:bool|int|float)\b", type_):
        return False
    role = role_of(name)
    if role:
        return role.secret
    if "SecretStr" in type_:
        return True
    return bool(_SECRET.search(upper)) and not _NOT_SECRET.search(upper)
