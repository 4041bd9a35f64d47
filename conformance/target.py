"""The target file: where the provisioner under test is, how it is started and what it declares."""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from conformance.errors import TargetError
from simulators.bundled import load
from simulators.emitter.core import Success
from simulators.portabilling.settings import Reading
from simulators.release import DEFAULT_RELEASE, Release
from simulators.stack import in_url
from simulators.validation import InvalidFileError, Strict

UrlForm = Literal["i_account", "id"]
Action = Literal["activate", "modify", "deactivate"]
TargetClock = Literal["wall", "faketime"]
Services = Annotated[tuple[str, ...], Field(min_length=1)]
EventTypes = Annotated[tuple[str, ...], Field(min_length=1)]
Seconds = Annotated[float, Field(gt=0)]

# What the harness fills in between braces; `ca_file` is empty unless the simulators speak TLS.
PLACEHOLDERS: Final = frozenset(
    {
        "python", "port", "host", "portabilling_url", "espf_url", "oms_url", "login", "password", "api_token",
        "oms_token", "event_user", "event_password", "notify_url", "state_dir", "url_form", "ca_file",
    }
)  # fmt: skip
DEFAULT_ACTIONS: Final[Mapping[Action, tuple[str, ...]]] = {"activate": ("Account/New",)}
DEFAULT_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {"HSS": ("HSS",), "PCRF": ("PCRF",)}
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")


class Target(Strict):
    """The provisioner itself; without `command` it already runs."""

    name: str
    """How reports call it."""
    version: str = ""
    """Which one of its versions it is, for reports."""
    command: tuple[str, ...] = ()
    """How to start it: once per worker and URL form, in a process group of its own. Leave it out when it
    already runs: then the simulators listen on their default addresses, and the first URL form alone is
    judged.
    """
    kill: tuple[str, ...] = ()
    """A command to run after it was stopped, where ending its process group is not enough (containers)."""
    events_url: str
    """Where it takes events."""
    notify_url: str
    """Where it takes notifications."""
    ready_url: str | None = None
    """Where it answers 2xx when it is ready; without it, any answer at `events_url` will do."""
    log: str | None = None
    """Where its output goes; by default into the report folder."""
    clock: TargetClock = "wall"
    """With `faketime` it is started under libfaketime (Debian's package `faketime`) and grows older with
    virtual time, as do its tokens. Not for static binaries and containers.
    """
    ca_file: str | None = None
    """The CA of its own certificate, where its addresses are https: a PEM file beside this one."""
    env: Mapping[str, str] = Field(default_factory=dict)
    """Environment variables for it; your own environment is inherited."""

    @field_validator("events_url", "notify_url", "ready_url")
    @classmethod
    def _has_scheme(cls, url: str | None) -> str | None:
        # A placeholder at its beginning is told of by its name.
        if url is not None and not url.startswith(("http://", "https://", "{")):
            raise ValueError(f"{url!r} is no address: it begins with http:// or https://")
        return url

    def texts(self) -> Iterator[str]:
        """Every text in which placeholders may stand."""
        yield from (self.events_url, self.notify_url, self.ready_url or "", *self.command, *self.kill)
        yield from self.env.values()


class SimulatorOptions(Strict):
    """Where the simulators listen and how they read the protocol."""

    host: str = "127.0.0.1"
    """Where the simulators listen."""
    advertise: str = "127.0.0.1"
    """The name under which your provisioner reaches them."""
    tls: bool = False
    """They speak https alone, with the certificate of a CA that is new in every run: hand its PEM file,
    `{ca_file}`, to your provisioner. One that the harness does not start cannot verify it.
    """
    release: Release = DEFAULT_RELEASE
    """The PortaSwitch release to imitate."""
    reading: Reading = "lenient"
    """Whether blanks around a status, or JSON under a form type, are refused (`strict`)."""
    success: Success = "200"
    """Which answers take an event."""


class Features(Strict):
    """What the target declares about itself."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-")
    )

    events: Annotated[tuple[Literal["legacy", "webhooks"], ...], Field(min_length=1)] = ("legacy", "webhooks")
    """The vocabularies that it takes; the event types stand in `[features.actions]`."""
    url: Annotated[tuple[UrlForm, ...], Field(min_length=1)] = ("i_account", "id")
    """The URL forms it can be started with."""
    event_auth: bool = True
    """Whether it checks the credentials of events; else EVENT-AUTH is `unsupported`."""
    restart: bool = False
    """Whether it keeps its work over a kill. Declared, the judge kills it and starts it again."""
    custom_groups: bool = False
    """Whether it registers groups of its own."""
    dialect: Literal["simple"] = "simple"
    """What it speaks with the OMS; the judge knows this one alone."""
    actions: Mapping[Action, EventTypes] = DEFAULT_ACTIONS
    """Which event types mean `activate`, `modify`, `deactivate`. What is declared is demanded: a changed or
    closed account must be ordered anew.
    """
    groups: Annotated[Mapping[str, Services], Field(min_length=1)] = DEFAULT_GROUPS
    """Its groups, and the services that each stands for."""


class Timeouts(Strict):
    """Every wait of the suite, in real seconds."""

    ack: Seconds = 5.0
    """An answer to an event that takes longer is a warning."""
    hang: Seconds = 2.0
    """So long hangs a neighbour that is made to hang."""
    silence: Seconds = 8.0
    """What is not answered by then counts as never answered."""
    early: Seconds = 0.5
    """So long before its order's answer an early notification comes."""
    settle: Seconds = 0.3
    """For so long nothing happens when all is done."""
    converge: Seconds = 15.0
    """So long it may take for each step, its own pauses before a retry among them. Who waits ten seconds and
    may have to wait twice needs 45.
    """
    ready: Seconds = 20.0
    """Within so long it must be ready."""
    stop: Seconds = 5.0
    """Within so long it must end."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.hang < self.ack < self.silence:
            raise ValueError(
                f"hang < ack < silence is required; they are {self.hang}, {self.ack} and {self.silence}"
            )
        if not self.hang < self.converge:
            raise ValueError(
                f"hang < converge is required, since what hangs must be repeated in time; "
                f"they are {self.hang} and {self.converge}"
            )
        return self


class TargetFile(Strict):
    """A target file as a whole."""

    target: Target
    simulators: SimulatorOptions = SimulatorOptions()
    features: Features = Features()
    timeouts: Timeouts = Timeouts()

    @model_validator(mode="after")
    def _placeholders_known(self) -> Self:
        used = {name for text in self.target.texts() for name in _PLACEHOLDER.findall(text)}
        if unknown := sorted(used - PLACEHOLDERS):
            raise ValueError(f"these placeholders are not known: {', '.join(unknown)}")
        addresses = (self.target.events_url, self.target.notify_url)
        if others := sorted(
            {name for url in addresses for name in _PLACEHOLDER.findall(url)} - {"port", "host"}
        ):
            raise ValueError(
                f"events_url and notify_url take {{port}} and {{host}} alone, not {', '.join(others)}"
            )
        if not self.target.command and "{port}" in "".join(self.target.texts()):
            raise ValueError(
                "{port} is only known when the harness starts the target: give a command or the port"
            )
        if not self.target.command and self.target.clock == "faketime":
            raise ValueError('clock = "faketime" is for a target that the harness starts: give a command')
        return self


def load_target(name: str) -> tuple[Path, TargetFile]:
    """Read a target file, by its path or by the name of a bundled one; gives its path too.

    Raises:
        TargetError: the file is missing or has mistakes; all of them are named.
    """
    try:
        return load("targets", name, TargetFile)
    except InvalidFileError as error:
        raise TargetError(str(error)) from error


def ca_file_of_target(file: TargetFile, *, folder: Path) -> str | None:
    """The path of the target's CA file, which stands beside the target file unless it is absolute."""
    return str(folder / file.target.ca_file) if file.target.ca_file else None


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders in a text of a target file."""
    known = {"python": sys.executable, **values}
    return _PLACEHOLDER.sub(lambda match: known[match.group(1)], text)


def fill_url(text: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders in a URL, where an IPv6 `{host}` needs brackets."""
    return fill(text, {**values, "host": in_url(values.get("host", ""))})
