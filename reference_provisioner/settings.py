"""The settings of the reference provisioner, read from the environment and from nowhere else."""

from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, FilePath, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from reference_provisioner.errors import StartError

# The ESPF takes no longer name of a group (S32).
MAX_GROUP: Final = 64


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("Input should be an http:// or https:// URL")
    return url.rstrip("/")


def _names(text: object) -> object:
    return tuple(name.strip() for name in text.split(",")) if isinstance(text, str) else text


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("Input should name each service once")
    return names


BaseUrl = Annotated[str, AfterValidator(_base_url)]
ServiceName = Annotated[str, Field(min_length=1, max_length=MAX_GROUP)]
Services = Annotated[tuple[ServiceName, ...], NoDecode, BeforeValidator(_names), AfterValidator(_distinct)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


class Settings(BaseSettings):
    """One field per variable; secrets are masked wherever the settings are printed."""

    model_config = SettingsConfigDict(
        frozen=True, env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)]
    portabilling_url: BaseUrl
    espf_url: BaseUrl | None = None
    oms_url: BaseUrl
    login: str
    password: SecretStr
    oms_token: SecretStr
    event_user: str
    event_password: SecretStr
    notify_url: BaseUrl
    database: Path
    url_form: Literal["i_account", "id"] = "i_account"
    # The developer guide says it must be form (S31); later releases take JSON too.
    body_form: Literal["form", "json"] = "form"
    services: Services = ("HSS", "PCRF")
    retry_base_seconds: Seconds = 1.0
    retry_cap_seconds: Seconds = 60.0
    http_timeout_seconds: Seconds = 10.0
    ca_file: FilePath | None = None

    @property
    def espf_base(self) -> str:
        """The ESPF API lives on the PortaBilling web server unless it is said to live elsewhere."""
        return self.espf_url or self.portabilling_url


def read_settings() -> Settings:
    """Return the settings of this process; raises StartError that names every mistake at once."""
    try:
        return Settings()
    except ValidationError as error:
        mistakes = [
            f"{_variable(item['loc'])}: {_complaint(item['type'], item['msg'])}" for item in error.errors()
        ]
        raise StartError("The environment cannot be used:\n  " + "\n  ".join(mistakes)) from None


def _variable(location: tuple[int | str, ...]) -> str:
    return str(location[0]).upper()


def _complaint(kind: str, message: str) -> str:
    if kind == "missing":
        return "It is missing."
    return message.removeprefix("Value error, ").removesuffix(".") + "."
