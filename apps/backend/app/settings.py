"""Settings, read once from the environment."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, FilePath, PositiveInt, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.database_url import connection_parameters, prepares_statements


class SettingsError(Exception):
    """The environment does not describe a working application; ``problems`` holds one sentence for each variable."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def _postgresql_url(value: SecretStr) -> SecretStr:
    connection_parameters(value.get_secret_value())
    return value


def _http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value.rstrip("/")


def _header_value(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must consist of printable ASCII characters without blanks")
    return SecretStr(text)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


PostgresqlUrl = Annotated[SecretStr, AfterValidator(_postgresql_url)]


class DatabaseSettings(BaseSettings):
    """What the migrations need, and the application too."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    database_url: PostgresqlUrl
    migration_database_url: PostgresqlUrl | None = None
    database_ca_file: FilePath | None = None
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = "info"

    def database(self) -> dict[str, str]:
        """libpq parameters of the application's connections."""
        return connection_parameters(self.database_url.get_secret_value(), self.database_ca_file)

    def migration_database(self) -> dict[str, str]:
        """libpq parameters of the migrations' connection: a direct host where the application uses a pooler."""
        url = self.migration_database_url or self.database_url
        return connection_parameters(url.get_secret_value(), self.database_ca_file)


class Settings(DatabaseSettings):
    """Everything that the application needs."""

    database_pool_size: PositiveInt = 5
    openrouter_api_key: Annotated[SecretStr, AfterValidator(_header_value)]
    openrouter_base_url: Annotated[str, AfterValidator(_http_url)] = "https://openrouter.ai/api/v1"
    openrouter_model: str = "openai/gpt-4o-mini"
    session_secret: Annotated[SecretStr, Field(min_length=32)]
    session_cookie_secure: bool = False

    def prepare_statements(self) -> bool:
        """Whether the application's connections may prepare statements."""
        return prepares_statements(self.database_url.get_secret_value())


SettingsType = TypeVar("SettingsType", bound=DatabaseSettings)


def load(kind: type[SettingsType]) -> SettingsType:
    """Read the settings of ``kind`` from the environment.

    Raises SettingsError with one sentence for each variable that is missing or malformed; values are never quoted.
    """
    try:
        return kind()
    except ValidationError as error:
        raise SettingsError([_sentence(detail) for detail in error.errors()]) from None


def _sentence(detail: ErrorDetails) -> str:
    name = str(detail["loc"][0]).upper()
    if detail["type"] == "missing":
        return f"{name} is not set."
    if detail["type"] == "value_error":
        return f"{name} {detail['ctx']['error']}."
    return f"{name} is malformed: {detail['msg'][0].lower()}{detail['msg'][1:]}."
