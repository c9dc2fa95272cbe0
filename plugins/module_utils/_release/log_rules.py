# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lines of a log mean, and what to write about it. The texts are those that the clients print (tests/unit/_release/said.yml)."""

from __future__ import annotations

from typing import NamedTuple


class LogRule(NamedTuple):
    """What a line of a log means, and what to do."""

    name: str
    pattern: str
    """A regular expression, whatever the case, for a part of the line; what its groups match is ``{name}``."""
    remedy: str
    """Whole sentences; ``{component}`` is whose log it is, ``{path}`` the path that the line names."""
    path: str = ""
    """A regular expression for the beginning of that path; without one, a line need not name any."""
    away: bool = False
    """Whether a service cannot be used at all, which a probe that asks for it sees."""


_OWNER = (
    r"(?:chmod|chown|utime|permissions? (?:of|on)|owner(?:ship)? of|changing (?:permissions|ownership)).*"
    r"(?:not permitted|permission denied|\bEPERM\b)"
    r"|(?:not permitted|\bEPERM\b).*(?:chmod|chown|utime)|not permitted: ['\"]/"
)
_NO_TABLE = (
    r"relation [\\\"']+[\w.$-]+[\\\"']+ does not exist|column (?:\"[^\"]+\"|\w+\.\w+) does not exist|no such (?:table|column): |"
    r"table '[^']+' doesn't exist|unknown column '[^']+' in|\bER_NO_SUCH_TABLE\b|\bER_BAD_FIELD_ERROR\b|\bUndefined(?:Table|Column)"
)
_TAKE = "write it at {component} in app.yml"
_PROMISES = r"(?:is not set|not set|is required|is missing|must be set|must be provided|must be defined|not found|not defined|undefined)\b"
_HARMLESS = r"^(?!.*(?:disabled|skip|optional|default|fall|ignor)).*?"
_VARIABLE = r"(?-i:[A-Z][A-Z0-9]*_[A-Z0-9_]+)"

LOG_RULES = (
    LogRule(
        "Host that is refused",
        r"invalid (?:http_)?host header|DisallowedHost|blocked hosts?\b|host is not allowed|is not allowed\..*allowedHosts",
        "The application answers to certain names only: name one of them as Host in the headers of its probes (probes.readiness.headers) "
        "and checks (request.headers), or accept this one.",
    ),
    LogRule(
        "Rights in the database",
        r"permission denied (?:for|to) (?:schema|table|relation|sequence|database|view|function|create|set|type|language)\b|"
        r"must be (?:owner|superuser) (?:of|to) |command denied to user|access denied for user .* to database|"
        r"\bER_(?:TABLEACCESS|DBACCESS)_DENIED|was denied access on the database",
        "Its login may use tables and not make or change them, which is the migration's work. Where it makes them as it "
        "starts, give it the "
        "owner's: "
        + _TAKE
        + ": secret_env: {DATABASE_URL: {from: postgresql, as: ..., owner: true}}. With a server of yours, give the login "
        "that right there.",
    ),
    LogRule(
        "Tables that two make",
        r"relation \"[^\"]+\" already exists|\bDuplicateTable|table '[^']+' already exists|table \W?\w+\W? already exists",
        "A migration makes a table that is there: the application made it as it started, or an earlier try did. Let one "
        "of the two make the "
        "tables. In app.yml, leave out the migration of {component} where the application makes them, or else mark what "
        "is there as migrated "
        "(alembic stamp head; manage.py migrate --fake).",
    ),
    LogRule(
        "Missing tables, SQLite",
        r"sqlite.*(?:no such table|no such column)|SQLITE_ERROR: no such (?:table|column)",
        "Its SQLite file has not the tables. A migration's Job does not see the component's volume, so {component} has to make them as it "
        "starts: name the file in a folder of persistence, and let its command migrate first.",
    ),
    LogRule(
        "Missing tables, Django",
        rf"django.*(?:{_NO_TABLE})|(?:{_NO_TABLE}).*django_|relation \"(?:django_\w+|auth_user)\" does not exist",
        "Its tables are not there, or not as its models are: " + _TAKE + ": migration: {command: [python, manage.py, migrate, --noinput]}; "
        "where it has that, a migration is missing in the source (python manage.py makemigrations).",
    ),
    LogRule(
        "Missing tables, Prisma",
        r"the (?:table|column) .* does not exist in the current database|\bP202[12]\b|underlying table for model",
        "Its tables are not there, or not as its schema is: " + _TAKE + ": migration: {command: [prisma, migrate, deploy]}, or, without "
        "migrations in the source, [prisma, db, push].",
    ),
    LogRule(
        "Missing tables",
        _NO_TABLE,
        "Its tables are not there, or not as its code wants them: " + _TAKE + ": migration: {command: [alembic, upgrade, head]} (or "
        "[drizzle-kit, migrate], or what makes its tables); where it has a migration, that one does not make this.",
    ),
    LogRule(
        "Missing database",
        r"database \W?\"[^\"]+\"\W? does not exist|unknown database '|database `[^`]+` does not exist|"
        r"\bInvalidCatalogName|\bER_BAD_DB_ERROR",
        "The server has no database of that name: of a service take the whole address, so " + _TAKE + ": secret_env: {DATABASE_URL: {from: "
        "postgresql, as: ...}}; on a server of yours make it, or correct the end of the URL in the vault.",
        away=True,
    ),
    LogRule(
        "Refused password",
        r"password authentication failed|authentication failed against (?:the )?database server|using password: (?:yes|no)|"
        r"\bWRONGPASS\b|\bNOAUTH\b|no password supplied|client password must be a string|role \"[^\"]+\" does not exist|"
        r"redis.*authentication required|invalid username-password pair|\bACCESS_REFUSED\b",
        "The server refuses its login: of a service take the address as it is, so "
        + _TAKE
        + ": secret_env: {DATABASE_URL: {from: postgresql, "
        "as: ...}} ({REDIS_URL: {from: redis, as: ...}}); for a server of yours put the right one into the vault (playbooks/secret.yml).",
        away=True,
    ),
    LogRule(
        "Session behind a pooler",
        r"prepared statement \S+ (?:does not exist|already exists)|prepared statement name is already in use|DuplicatePreparedStatement|"
        r"unsupported startup parameter",
        "A pooler gives each transaction another session: go past it, so "
        + _TAKE
        + ": secret_env: {DATABASE_URL: {from: postgresql, as: ..., "
        "direct: true}}, or switch the client's prepared statements off.",
    ),
    LogRule(
        "Connections that are used up",
        r"too many clients already|remaining connection slots|too many connections for (?:role|database)|TooManyConnections|"
        r"no more connections allowed|\b(?:1040|08004)\b.*too many connections|\bER_CON_COUNT_ERROR\b",
        "The server takes no more connections: make the pool of {component} smaller (" + _TAKE + ": env: {DATABASE_POOL_SIZE: {from: "
        "postgresql, as: pool_size}}, with the variable that it reads), or lower its replicas.",
        away=True,
    ),
    LogRule(
        "Driver of another URL",
        r"unexpected keyword argument '(?:sslmode|channel_binding|sslrootcert)'|invalid (?:dsn|connection option|URI query parameter)|"
        r"requires an async driver|can't load plugin: sqlalchemy\.dialects|NoSuchModuleError|"
        r"no module named '(?:psycopg2|psycopg|asyncpg|MySQLdb|aiosqlite)'|url must start with the protocol",
        "The URL is in another client's spelling than the one that is installed: take that one's form, so " + _TAKE + ": secret_env: "
        "{DATABASE_URL: {from: postgresql, as: sqlalchemy+asyncpg}} (or sqlalchemy+psycopg, psycopg2, node-postgres, prisma: "
        "docs/components.md), or add the driver to the dependencies.",
        away=True,
    ),
    LogRule(
        "Certificate of another name",
        r"ERR_TLS_CERT_ALTNAME_INVALID|does not match host ?name|hostname mismatch|certificate is not valid for|"
        r"is not in the cert's altnames",
        "The server's certificate is for another name than the one in the URL: use the name of the certificate, which of a service "
        "{from: ..., as: ...} does.",
        away=True,
    ),
    LogRule(
        "Certificate that is not trusted",
        r"certificate[ _]verify[ _]failed|self[- _]signed[ _]cert|UNABLE_TO_(?:VERIFY|GET_ISSUER)|unable to (?:get|verify).*certificate|"
        r"signed by unknown authority|root certificate file .* does not exist|PKIX path building|UnknownIssuer|unknown[ _]ca\b",
        "Its client does not know the authority that signed the server's certificate. A service's form brings it along, so " + _TAKE + ": "
        "secret_env: {DATABASE_URL: {from: postgresql, as: node-postgres}} (the form of its client). For a server of yours put the "
        "authority's certificate into config_files and name it in env: NODE_EXTRA_CA_CERTS (Node.js), PGSSLROOTCERT "
        "(PostgreSQL's clients), "
        "SSL_CERT_FILE (Python).",
        away=True,
    ),
    LogRule(
        "TLS that the server wants",
        r"no pg_hba\.conf entry.*(?:no encryption|SSL off)|\bSSL (?:connection is )?required\b|require_secure_transport|"
        r"connection is insecure",
        "The server takes encrypted connections only: of a service take its form ({from: postgresql, as: ...}); for a server of yours "
        "write ?sslmode=require (asyncpg under SQLAlchemy: ?ssl=require) behind the URL in the vault.",
        away=True,
    ),
    LogRule(
        "TLS that the server has not",
        r"server does not support SSL|rejected SSL upgrade|SSL was required, but was not supported",
        "Its client wants TLS, and the server has none: write ?sslmode=disable behind the URL in the vault, where that one is "
        "reached by the cluster alone, or give the server a certificate.",
        away=True,
    ),
    LogRule(
        "Rights in Redis",
        r"\bNOPERM\b|NoPermissionError|this user has no permissions",
        "Its login in Redis may not run this command or use this key: give it the right in the server's ACL, or let {component} use what "
        "the service redis allows (docs/components.md).",
    ),
    LogRule(
        "Redis with several nodes",
        r"\bMOVED \d+ \S+:\d+|\bCROSSSLOT\b|READONLY you can't write",
        "The server is one of a cluster or a replica, and the client knows single servers: name the primary in the URL, or use the "
        "library's client for clusters, or the service: {REDIS_URL: {from: redis, as: redis}}.",
        away=True,
    ),
    LogRule(
        "Broker that is not named",
        r"cannot connect to amqp://guest:\S*@(?:127\.0\.0\.1|localhost)",
        "Celery was told of no broker and asks the one of its default: " + _TAKE + ": secret_env: {CELERY_BROKER_URL: {from: redis, as: "
        "celery}}, with the variable that its code reads.",
        away=True,
    ),
    LogRule(
        "Broker that does not answer",
        r"consumer: (?:cannot connect to|connection to broker lost)|kombu\.exceptions\.OperationalError",
        "Its broker is away: see whether that component runs, and that connects_to of {component} names it; of a service " + _TAKE + ": "
        "secret_env: {CELERY_BROKER_URL: {from: redis, as: celery}}.",
        away=True,
    ),
    LogRule(
        "Missing variable",
        rf"KeyError: '(?!HTTP_|REMOTE_|REQUEST_|QUERY_|SERVER_|CONTENT_)({_VARIABLE})'|"
        r"validation errors? for \w*(?:settings|config|env)\w* \| (\w+) \| Field required|environment variable not found: (\w+)|"
        r"UndefinedValueError: (\w+) not found|set the (\w+) environment variable|invalid environment variables|"
        rf"{_HARMLESS}environment variable ['\"`]?((?-i:[A-Z]\w+))['\"`]? {_PROMISES}|"
        rf"{_HARMLESS}\b({_VARIABLE})['\"`]? (?:environment variable |env var |variable )?{_PROMISES}",
        "It ends without {name} in its environment: " + _TAKE + ": env: {{name}: ...}, or, where it is a credential, secret_env: {{name}: "
        '"{{ vault_... }}"}, and set the value with playbooks/secret.yml.',
    ),
    LogRule(
        "Missing module",
        r"no module named '([\w.]+)'|cannot find (?:module|package) '([^']+)'|could not import module \"([\w.]+)\"|"
        r"no module named ([\w.]+)$",
        "The image has no module {name}. One of others belongs among the dependencies and in the lock file (not among "
        "those of development); "
        "one of the application's own is looked for in the wrong folder: correct command, or build.context, of {component}.",
    ),
    LogRule(
        "No home folder",
        r"read-only file ?system|\bEROFS\b|permission denied|\bEACCES\b",
        "Its user has no home folder, so it writes to {path}: set HOME to /tmp in the component's env.",
        path=r"/\.\w",
    ),
    LogRule(
        "Read-only root",
        r"read-only file ?system|\bEROFS\b",
        "The container's root is read-only: name the folder, {path} or the one it lies in, in the component's writable_paths; "
        "what has to stay belongs into persistence.",
        path="/",
    ),
    LogRule(
        "Read-only root, no path",
        r"read-only file ?system|\bEROFS\b|no usable temporary directory",
        "The container's root is read-only: name the folder that it writes to in the component's writable_paths.",
    ),
    LogRule(
        "Port below 1024",
        r"\b(?:bind|listen|socket)\b.*(?:permission denied|\bEACCES\b)|(?:permission denied|\bEACCES\b).*(?:\b(?:bind|listen)\b|:\d{1,3}$)",
        "A process that is not root may be refused ports below 1024: let it listen on a higher one, and set the component's port to that.",
    ),
    LogRule(
        "Another user",
        r"(?:setgroups|setgid|setuid|initgroups|gosu|su-exec|seteuid|setresuid|chroot)\b.*(?:not permitted|\bEPERM\b)",
        "The process may not become another user: set run_as_user to that user's number, and start the program without gosu or su.",
    ),
    LogRule(
        "Owner or mode of a folder",
        _OWNER,
        "The process is not root, so it may not change the owner or mode of {path}, which is root's, as a volume's root is. Let it use a "
        "folder of its own inside, with the image's variable for that (PostgreSQL: PGDATA={path}/data), or set run_as_user to the image's "
        "own user.",
        path="/",
    ),
    LogRule(
        "Owner or mode of a folder, no path",
        _OWNER,
        "The process is not root, so it may not change the owner or mode of what is not its own: let it use a folder of its own inside its "
        "volume, with the image's variable for that (PostgreSQL: PGDATA), or set run_as_user to the image's own user.",
    ),
    LogRule(
        "Folder of another user",
        r"permission denied|\bEACCES\b",
        "The process runs as the user number run_as_user, who may not use {path}: set that to the image's own user, "
        "name the folder in writable_paths, or let the Dockerfile give it to that user.",
        path="/",
    ),
    LogRule(
        "Program for another processor",
        r"exec format error",
        "The program is for another kind of processor, or a script without a first line such as #!/bin/sh: build it for the node's.",
    ),
    LogRule(
        "localhost",
        r"(?:refused|cannot connect|can't connect).*(?:localhost|127\.0\.0\.1|::1)|(?:localhost|127\.0\.0\.1|::1).*refused",
        "localhost is the pod itself: write the name of the component that is meant instead.",
        away=True,
    ),
    LogRule(
        "Unknown host",
        r"name or service not known|name does not resolve|could not translate host name|\bENOTFOUND\b|\bEAI_AGAIN\b|no such host|"
        r"name resolution|UnknownHostException|nodename nor servname|host not found in upstream|could not resolve host",
        "No host has that name in the cluster: components are reached by their names, at the port of their Service.",
        away=True,
    ),
    LogRule(
        "Too little memory",
        r"heap out of memory|OutOfMemoryError|\bMemoryError\b|sent SIGKILL! Perhaps out of memory|cannot allocate memory|\bENOMEM\b",
        "Its memory is used up: raise resources.limits.memory.",
    ),
    LogRule(
        "Full disk",
        r"no space left on device|\bENOSPC\b|disk quota exceeded",
        "The disk is full: make room on the node, or raise persistence.size.",
    ),
)
"""The first that matches what tells most, or else one of the other lines, gives the remedy."""
