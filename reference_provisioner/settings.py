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
    """One field per variable; secrets are masked wherever the settings are printed."""

    model_config = SettingsConfigDict(
        frozen=True,
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    host: str = "127.0.0.1"
    """Where it listens."""
    port: Annotated[int, Field(ge=1, le=65_535)]
    """The port for events, notifications and operators."""
    instance: Annotated[str, Field(max_length=255)] = ""
    """The name of this instance, by default host name and port; the same after a restart, another one for
    each process at one database.
    """
    database: DatabaseUrl
    """A SQLite file, or `postgresql://user:password@host/name` (install `espf-harness[postgresql]`)."""
    event_user: User
    """What the ESPF shows (Basic)."""
    event_password: SecretStr
    """The same."""
    # The pairs are the two vocabularies of the ESPF: internal events, and those of webhooks (S3, S22).
    activate_events: EventTypes = ("Account/New", "Subscriber/Created")
    """Event types that ask for an activation."""
    modify_events: EventTypes = ("Account/Product/Changed", "Subscriber/Updated")
    """For a change."""
    deactivate_events: EventTypes = ("Account/Status/Closed", "Subscriber/Deleted")
    """For a deactivation."""
    portabilling_url: BaseUrl
    """PortaBilling's web server, as in `https://billing.example`; `/rest/…` is added to it."""
    login: str
    """The API user there."""
    password: SecretStr
    """The same."""
    oms_url: BaseUrl
    """The OMS; orders go to `/orders` below it."""
    oms_token: Token
    """The Bearer token shown to the OMS."""
    notify_url: BaseUrl
    """Our `/notifications` as the OMS reaches it; with several instances, that of their balancer."""
    services: Services = ("HSS", "PCRF")
    """The services that are ordered, each a group of its name."""
    espf_url: BaseUrl | None = None
    """The web server of the ESPF API, where statuses go, by default `PORTABILLING_URL`; `/espf/v1/…` is added
    to it.
    """
    url_form: Literal["i_account", "id"] = "i_account"
    """How accounts are named in the status URL."""
    # The developer guide says it must be form (S31); later releases take JSON too.
    body_form: Literal["form", "json"] = "form"
    """How a status is written."""
    ca_file: Certificates | None = None
    """PEM file of the authorities of all neighbours, by default those that `certifi` brings; the machine's
    own are often in `/etc/ssl/certs/ca-certificates.crt`.
    """
    http_timeout_seconds: Seconds = 10.0
    """The limit of each call."""
    retry_base_seconds: Seconds = 1.0
    """The first wait before a step is repeated, doubled each time."""
    retry_cap_seconds: Seconds = 60.0
    """The longest wait."""
    workers: Annotated[int, Field(ge=1, le=64)] = 4
    """Threads per neighbour's kind of work."""
    lease_seconds: Lease = 60.0
    """After so long, another instance takes over what a dead one was doing."""
    retention_days: Days = 90.0
    """How long finished events and orders are remembered."""

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
            "The environment cannot be used (docs/reference.md lists all variables):\n  "
            + "\n  ".join(mistakes)
        ) from None


def _mistake(item: Any) -> str:
    if item["type"] == "missing":
        complaint = "It is missing"
    else:
        complaint = item["msg"].removeprefix("Value error, ").removesuffix(".")
    return f"{str(item['loc'][0]).upper()}: {complaint}."
