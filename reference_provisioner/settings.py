"""The settings of the reference provisioner, read from the environment and from nowhere else."""

import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import sqlalchemy as sa
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    FilePath,
    PlainValidator,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from reference_provisioner.errors import StartError
from reference_provisioner.models import Action, EventType

# The ESPF takes no longer name of a group (S32).
MAX_GROUP: Final = 64
# As operators and hosting services write it, with the driver that we bring along.
DRIVERS: Final = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
DATABASES: Final = "Input should be a file, or name a database as in postgresql://user:password@host/name"


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("Input should be an http:// or https:// URL")
    # Only reading it shows that it is no number.
    if parts.port == 0:
        raise ValueError("Input should have a port from 1 on")
    # A password would stand in logs with the URL, and what comes behind the path would swallow ours.
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("Input should be without a user, a password, a query and a fragment")
    return url.rstrip("/")


def _database(text: object) -> sa.URL:
    try:
        url = sa.make_url(str(text)) if "://" in str(text) else sa.URL.create("sqlite", database=str(text))
    # A port that is no number.
    except (sa.exc.ArgumentError, ValueError):
        raise ValueError(DATABASES) from None
    # What is kept in memory alone is no store.
    if url.drivername not in DRIVERS or not url.database or url.database == ":memory:":
        raise ValueError(DATABASES)
    return url.set(drivername=DRIVERS[url.drivername])


def _token(token: SecretStr) -> SecretStr:
    if not all("!" <= character <= "~" for character in token.get_secret_value()):
        raise ValueError("Input should be of visible ASCII characters, since it is sent in a header")
    return token


def _user(user: str) -> str:
    if ":" in user:
        raise ValueError("Input should be without a colon, with which Basic ends the user")
    return user


def _certificates(file: Path) -> Path:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except OSError:
        raise ValueError("Input should be a PEM file of certificates") from None
    return file


def _names(text: object) -> object:
    return tuple(name.strip() for name in text.split(",")) if isinstance(text, str) else text


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("Input should name each one once")
    return names


BaseUrl = Annotated[str, AfterValidator(_base_url)]
Token = Annotated[SecretStr, AfterValidator(_token)]
User = Annotated[str, AfterValidator(_user)]
Certificates = Annotated[FilePath, AfterValidator(_certificates)]
DatabaseUrl = Annotated[sa.URL, NoDecode, PlainValidator(_database)]
ServiceName = Annotated[str, Field(min_length=1, max_length=MAX_GROUP)]
Services = Annotated[tuple[ServiceName, ...], NoDecode, BeforeValidator(_names), AfterValidator(_distinct)]
EventTypes = Annotated[tuple[EventType, ...], NoDecode, BeforeValidator(_names), AfterValidator(_distinct)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
# Claims are renewed every third of a lease, give or take the second after which a dispatcher looks again.
Lease = Annotated[float, Field(ge=3, le=86_400, allow_inf_nan=False)]
Days = Annotated[float, Field(ge=1, le=36_500, allow_inf_nan=False)]


class Settings(BaseSettings):
    """One field per variable; secrets are masked wherever the settings are printed.

    docs/writing-a-provisioner.md says what each one is for.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)]
    instance: Annotated[str, Field(max_length=255)] = ""
    database: DatabaseUrl
    event_user: User
    event_password: SecretStr
    # The pairs are the two vocabularies of the ESPF: internal events, and those of webhooks (S3, S22).
    activate_events: EventTypes = ("Account/New", "Subscriber/Created")
    modify_events: EventTypes = ("Account/Product/Changed", "Subscriber/Updated")
    deactivate_events: EventTypes = ("Account/Status/Closed", "Subscriber/Deleted")
    portabilling_url: BaseUrl
    login: str
    password: SecretStr
    oms_url: BaseUrl
    oms_token: Token
    notify_url: BaseUrl
    services: Services = ("HSS", "PCRF")
    espf_url: BaseUrl | None = None
    url_form: Literal["i_account", "id"] = "i_account"
    # The developer guide says it must be form (S31); later releases take JSON too.
    body_form: Literal["form", "json"] = "form"
    ca_file: Certificates | None = None
    http_timeout_seconds: Seconds = 10.0
    retry_base_seconds: Seconds = 1.0
    retry_cap_seconds: Seconds = 60.0
    workers: Annotated[int, Field(ge=1, le=64)] = 4
    lease_seconds: Lease = 60.0
    retention_days: Days = 90.0

    @property
    def espf_base(self) -> str:
        """The ESPF API lives on the PortaBilling web server unless it is said to live elsewhere."""
        return self.espf_url or self.portabilling_url

    @property
    def owner(self) -> str:
        """The name of this instance, which must stay the same when it is started again."""
        return self.instance or f"{socket.gethostname()}:{self.port}"

    @property
    def actions(self) -> Mapping[str, Action]:
        """What each handled event type asks for."""
        types = {
            Action.ACTIVATE: self.activate_events,
            Action.MODIFY: self.modify_events,
            Action.DEACTIVATE: self.deactivate_events,
        }
        return {event_type: action for action, named in types.items() for event_type in named}

    # Each looks at what was read before it, so that its mistake is told together with all others.
    @field_validator("modify_events", "deactivate_events")
    @classmethod
    def _have_one_action(cls, types: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        others = (*info.data.get("activate_events", ()), *info.data.get("modify_events", ()))
        if twice := sorted(set(types) & set(others)):
            raise ValueError(f"Input should not name {', '.join(twice)}, which has another action already")
        return types

    @field_validator("retry_cap_seconds")
    @classmethod
    def _is_not_below_base(cls, cap: float, info: ValidationInfo) -> float:
        if cap < info.data.get("retry_base_seconds", 0.0):
            raise ValueError("Input should not be less than RETRY_BASE_SECONDS")
        return cap


def read_settings() -> Settings:
    """Return the settings of this process; raises StartError that names every mistake at once."""
    try:
        return Settings()
    except ValidationError as error:
        # Each once, however many names of a list have it.
        mistakes = dict.fromkeys(_mistake(item) for item in error.errors())
        raise StartError(
            "The environment cannot be used (docs/writing-a-provisioner.md lists all variables):\n  "
            + "\n  ".join(mistakes)
        ) from None


def _mistake(item: Any) -> str:
    if item["type"] == "missing":
        complaint = "It is missing"
    else:
        complaint = item["msg"].removeprefix("Value error, ").removesuffix(".")
    return f"{str(item['loc'][0]).upper()}: {complaint}."
