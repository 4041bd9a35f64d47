"""How a whole stack is set up: every setting with its default, from Python, a shell or a file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError

from simulators.emitter.events import Handler
from simulators.emitter.settings import EmitterSettings
from simulators.errors import SettingsError
from simulators.espf.settings import EspfSettings
from simulators.journal import CAPACITY
from simulators.oms.settings import OmsSettings
from simulators.portabilling.settings import PortaBillingSettings, Reading
from simulators.release import DEFAULT_RELEASE, Release
from simulators.validation import FORBID_UNKNOWN, mistakes
from simulators.weather.plans import FaultPlan
from simulators.wire.limits import DEFAULT_LIMITS
from simulators.wire.transport import SILENCE

# Where a provisioner that runs beside `espf-simulators up` is expected to take events.
DEFAULT_EVENTS_URL: Final = "http://127.0.0.1:8080/events"
SETTLE: Final = 0.3
# Real seconds; more is no time that a thread can wait for.
LONGEST_WAIT: Final = 1e6
Wait = Annotated[float, Field(gt=0, le=LONGEST_WAIT)]
HANG: Final = 2.0
DEFAULT_EMITTER: Final = EmitterSettings()
DEFAULT_OMS: Final = OmsSettings()
DEFAULT_PORTABILLING: Final = PortaBillingSettings()
DEFAULT_ESPF: Final = EspfSettings()


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """How a stack is set up; docs/reference.md lists all of it.

    `release` and `reading` hold for all parts, whatever `portabilling`, `espf` and `events` say of them.
    """

    __pydantic_config__ = FORBID_UNKNOWN

    world: str = "demo"
    """A world file, or the name of a bundled one."""
    clock: str = "manual"
    """`real`, `scaled:N`, `manual` or `auto`; `espf-simulators up` begins with `real`."""
    host: str = "127.0.0.1"
    """The address to listen on; another than loopback needs a token."""
    advertise: str = ""
    """The name by which clients reach it, if another than `host`."""
    port_base: Annotated[int, Field(ge=0, le=65_533)] = 0
    """The control port; PortaBilling and the OMS take the next two. 0 takes free ones; `up` takes 17000."""
    events_url: str = DEFAULT_EVENTS_URL
    """Where your provisioner takes events."""
    release: Release = DEFAULT_RELEASE
    """The PortaSwitch release to imitate, for all parts."""
    reading: Reading = "lenient"
    """`strict` keeps to the letter of the guide, `lenient` takes what any client sends; for all parts."""
    portabilling: PortaBillingSettings = DEFAULT_PORTABILLING
    """How the JSON API behaves."""
    espf: EspfSettings = DEFAULT_ESPF
    """How the ESPF API behaves."""
    events: EmitterSettings = DEFAULT_EMITTER
    """How events are sent."""
    handlers: tuple[Handler, ...] = ()
    """Who gets events beside the one at `events_url`."""
    silence: Wait = SILENCE
    """Real seconds that count as no answer; 300 virtual ones are documented (S20)."""
    settle: Annotated[float, Field(ge=0, le=LONGEST_WAIT)] = SETTLE
    """Real seconds for which nothing happens before the clock `auto` moves on."""
    first_i_event: Annotated[int, Field(ge=1)] = 1
    """The number of the first event."""
    services: tuple[str, ...] = ()
    """Services that the OMS knows beside those named like groups."""
    oms: OmsSettings = DEFAULT_OMS
    """How the OMS behaves."""
    tls: bool = False
    """All three speak https, with a certificate of a throw-away CA for `host`, `advertise` and loopback."""
    target_ca_file: str = ""
    """The authorities of your provisioner's own certificate (PEM)."""
    max_body: Annotated[int, Field(ge=1)] = DEFAULT_LIMITS.body
    """Bytes that the body of a request may have; more is 413. Assumed, as PortaBilling's limit is not public.
    """
    arrival: Wait = DEFAULT_LIMITS.arrival
    """Real seconds within which a request has to arrive whole; assumed likewise."""
    faults: tuple[FaultPlan, ...] = ()
    """What goes wrong from the beginning on: plan-what-goes-wrong.md."""
    weather_seed: int = 0
    """Decides which exchanges faults strike by chance."""
    hang: Wait = HANG
    """Real seconds of a fault that hangs and says nothing else."""
    journal_capacity: int = CAPACITY
    """Records that the journal keeps; what it drops is counted."""
    control_token: str = ""
    """What the control API demands; without one it demands none, but where others than this machine reach
    `host` a new one is made.
    """
    aged_clock: str = ""
    """The file by which libfaketime tells your provisioner the time, so that it ages with virtual time;
    tokens and `Date` follow its clock then.
    """

    def of_one_installation(self) -> "StackSettings":
        """The same settings with each part's own release and reading put right."""
        shared: dict[str, Any] = {"release": self.release, "reading": self.reading}
        return replace(
            self,
            portabilling=replace(self.portabilling, **shared),
            espf=replace(self.espf, **shared),
            events=replace(self.events, release=self.release),
        )


def read_settings(
    path: str | None, given: Mapping[str, Any], *, defaults: Mapping[str, Any]
) -> StackSettings:
    """The settings of a TOML file, if there is one, with `given` ones in their place.

    `defaults` are for what neither names.

    A table of a file, such as `[espf]`, holds the settings of a part by their names in Python.

    Raises:
        SettingsError: the file cannot be read, or a setting is not possible; every mistake is named.
    """
    data = {**defaults, **(_read(path) if path else {})}
    for name, value in given.items():
        data[name] = {**data.get(name, {}), **value} if isinstance(value, Mapping) else value
    where = f"{path} or the options" if path else "The options"
    shared = [f"{part}.{name}" for part in _PARTS for name in _SHARED if name in data.get(part, {})]
    if shared:
        raise SettingsError(f"{where}: {', '.join(shared)}: set it at the top, for all parts at once.")
    try:
        return _adapter().validate_python(data)
    except ValidationError as error:
        found = mistakes(error)
        if len(found) == 1:
            raise SettingsError(f"{where} have a mistake: {found[0]}") from error
        listed = "\n".join(f"  - {mistake}" for mistake in found)
        raise SettingsError(f"{where} have mistakes:\n{listed}") from error


_PARTS: Final = ("portabilling", "espf", "events")
_SHARED: Final = ("release", "reading")


@cache
def _adapter() -> TypeAdapter[StackSettings]:
    return TypeAdapter(StackSettings)


def _read(path: str) -> dict[str, Any]:
    if not Path(path).is_file():
        raise SettingsError(f"{path} does not exist: name a TOML file of settings.")
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as TOML: {error}.") from error
