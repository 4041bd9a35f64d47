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
    """How a stack is set up; `silence`, `settle` and `arrival` are real seconds.

    `port_base` is the control port; PortaBilling's web host and the OMS take the next two. 0 takes free ones.
    `services` are those that the OMS knows beside the ones named like groups. `handlers` get events beside
    the one at `events_url`.
    `release` and `reading` hold for all parts, whatever `portabilling`, `espf` and `events` say of them.
    With `tls` all three speak https, with a certificate of a throw-away CA for `host`, `advertise` and
    loopback. `target_ca_file` holds the authorities of the provisioner's own certificate.
    A request may have a body of `max_body` bytes and has to arrive whole within `arrival`; both are assumed,
    since PortaBilling's own limits are not public.
    The journal keeps the newest `journal_capacity` records. The control API demands `control_token`; without
    one it demands none, but where others than this machine reach `host` a new one is made.
    `aged_clock` is the file by which libfaketime tells the provisioner the time, so that it ages with
    virtual time; tokens and `Date` follow its clock then, else the wall clock.
    `faults` are planned from the beginning, by the chances of `weather_seed`; a fault that hangs does so for
    `hang` real seconds if it says nothing else.
    """

    __pydantic_config__ = FORBID_UNKNOWN

    world: str = "demo"
    clock: str = "manual"
    host: str = "127.0.0.1"
    advertise: str = ""
    port_base: Annotated[int, Field(ge=0, le=65_533)] = 0
    events_url: str = DEFAULT_EVENTS_URL
    release: Release = DEFAULT_RELEASE
    reading: Reading = "lenient"
    portabilling: PortaBillingSettings = DEFAULT_PORTABILLING
    espf: EspfSettings = DEFAULT_ESPF
    events: EmitterSettings = DEFAULT_EMITTER
    handlers: tuple[Handler, ...] = ()
    silence: Wait = SILENCE
    settle: Annotated[float, Field(ge=0, le=LONGEST_WAIT)] = SETTLE
    first_i_event: Annotated[int, Field(ge=1)] = 1
    services: tuple[str, ...] = ()
    oms: OmsSettings = DEFAULT_OMS
    tls: bool = False
    target_ca_file: str = ""
    max_body: Annotated[int, Field(ge=1)] = DEFAULT_LIMITS.body
    arrival: Wait = DEFAULT_LIMITS.arrival
    faults: tuple[FaultPlan, ...] = ()
    weather_seed: int = 0
    hang: Wait = HANG
    journal_capacity: int = CAPACITY
    control_token: str = ""
    aged_clock: str = ""

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
