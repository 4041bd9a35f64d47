"""The bench: one stack of simulators and one target, wired to each other, for one URL form."""

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Final

from conformance.endpoints.probes import Door, Operation
from conformance.errors import TargetError
from conformance.oracle.case import Declared
from conformance.ports import reserved_port
from conformance.process import TargetProcess, await_ready
from conformance.target import TargetFile, UrlForm, ca_file_of_target, fill_url
from simulators.emitter.core import EmitterSettings
from simulators.errors import CertificateError
from simulators.oms.settings import OmsSettings
from simulators.settings import StackSettings
from simulators.stack import Stack

# Where a target that already runs has been pointed at: the simulators' documented addresses.
DEFAULT_PORT_BASE: Final = 17_000
# Accounts and events are new in every run, since a target may remember; ids stay below 2**31.
LOWEST_ID: Final = 1_000_000
HIGHEST_ID: Final = 2**31 - 2 * LOWEST_ID


Changes = Mapping[str, Any]
NO_CHANGES: Final[Changes] = {}


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A running stack with a ready target."""

    stack: Stack
    file: TargetFile
    url_form: UrlForm
    numbers: Iterator[int]
    target: TargetProcess | None
    # Where the judge itself knocks, beside the emitter and the OMS.
    doors: Mapping[Operation, Door]
    # Of all that is generated.
    seed: int = 0

    @property
    def declared(self) -> Declared:
        """What the oracle must know."""
        return Declared(
            features=self.file.features,
            url_form=self.url_form,
            reading=self.file.simulators.reading,
            success=self.file.simulators.success,
            ack=self.file.timeouts.ack,
            early=self.file.timeouts.early,
        )

    def death(self) -> str | None:
        """A sentence about a target that ended by itself."""
        return self.target.death() if self.target else None


@contextmanager
def open_bench(
    file: TargetFile, *, folder: Path, url_form: UrlForm, report_dir: Path, changes: Changes = NO_CHANGES
) -> Iterator[Bench]:
    """Start the simulators and the target, and end both.

    `folder` is the target file's, the target's working directory; `changes` are settings of the stack that
    differ from those of a judge.

    Raises:
        TargetError: the target did not start or never became ready, or the target file's `ca_file` or
            `advertise` are of no use.
        AddressError: the simulators' addresses are taken.
    """
    with ExitStack() as resources:
        starts = bool(file.target.command)
        port = resources.enter_context(reserved_port(file.simulators.host)) if starts else 0
        first = LOWEST_ID + secrets.randbelow(HIGHEST_ID - LOWEST_ID)
        state_dir = resources.enter_context(tempfile.TemporaryDirectory(prefix="espf-target-"))
        clock_file = Path(state_dir) / "clock" if file.target.clock == "faketime" else None
        settings = _stack_settings(file, folder=folder, port=port, first_i_event=first)
        settings = replace(settings, aged_clock=str(clock_file or ""), **changes)
        try:
            stack = resources.enter_context(Stack(settings))
        except CertificateError as error:
            raise TargetError(str(error)) from error
        values = _values(file, stack, port=port, state_dir=state_dir, url_form=url_form)
        target = None
        if starts:
            log = _log(file, folder=folder, report_dir=report_dir, name=f"target-{url_form}-{port}.log")
            target = resources.enter_context(
                TargetProcess(file, folder=folder, values=values, log=log, clock_file=clock_file)
            )
        else:
            await_ready(file, folder=folder, values=values, death=lambda: None)
        bench = Bench(
            stack=stack,
            file=file,
            url_form=url_form,
            numbers=count(first),
            target=target,
            doors=_doors(file, stack, folder=folder, notify_url=values["notify_url"]),
        )
        stack.journal.fact("target", data=bench.declared.model_dump(mode="json"))
        yield bench


def _doors(file: TargetFile, stack: Stack, *, folder: Path, notify_url: str) -> Mapping[Operation, Door]:
    ca_file, silence = ca_file_of_target(file, folder=folder), file.timeouts.silence
    shown = stack.world.events
    authorization = {shown.header: shown.header_value}
    events_url = stack.settings.events_url
    return {
        "event": Door(url=events_url, authorization=authorization, silence=silence, ca_file=ca_file),
        "notification": Door(url=notify_url, authorization={}, silence=silence, ca_file=ca_file),
    }


def _log(file: TargetFile, *, folder: Path, report_dir: Path, name: str) -> Path:
    """The file of the target's output: the user's own is added to, the judge's starts anew."""
    if file.target.log:
        return folder / file.target.log
    (report_dir / name).unlink(missing_ok=True)
    return report_dir / name


def _stack_settings(file: TargetFile, *, folder: Path, port: int, first_i_event: int) -> StackSettings:
    options = file.simulators
    return StackSettings(
        clock="manual",
        host=options.host,
        advertise=options.advertise,
        tls=options.tls,
        target_ca_file=ca_file_of_target(file, folder=folder) or "",
        port_base=0 if file.target.command else DEFAULT_PORT_BASE,
        events_url=fill_url(file.target.events_url, {"port": str(port), "host": options.host}),
        release=options.release,
        reading=options.reading,
        oms=OmsSettings(early=file.timeouts.early),
        events=EmitterSettings(success=options.success),
        silence=file.timeouts.silence,
        settle=file.timeouts.settle,
        hang=file.timeouts.hang,
        first_i_event=first_i_event,
        services=tuple(service for services in file.features.groups.values() for service in services),
    )


def _values(
    file: TargetFile, stack: Stack, *, port: int, state_dir: str, url_form: UrlForm
) -> Mapping[str, str]:
    """What the harness fills in for the placeholders of a target file."""
    user = next(iter(stack.world.users.values()))
    place = {"port": str(port), "host": file.simulators.host}
    return {
        **place,
        "portabilling_url": stack.addresses.portabilling,
        "espf_url": stack.addresses.portabilling,
        "oms_url": stack.addresses.oms,
        "login": user.login,
        "password": user.password,
        "api_token": user.api_token,
        "oms_token": stack.world.oms.token,
        "event_user": stack.world.events.user,
        "event_password": stack.world.events.password,
        "notify_url": fill_url(file.target.notify_url, place),
        "state_dir": state_dir,
        "url_form": url_form,
        "ca_file": stack.ca_file,
    }
