"""Weather on the way out: what strikes the events and notifications that a provisioner is sent."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from simulators.clock import Clock, Timer
from simulators.journal import Journal
from simulators.weather.core import Strike, Weather
from simulators.weather.faults import (
    ContentType,
    Delay,
    Drop,
    Duplicate,
    Fault,
    Malformed,
    Reorder,
    Reset,
    Slow,
    Truncate,
)
from simulators.wire.sockets import Ending, Manner
from simulators.wire.transport import Answer, Outbound, Send, recorded

OnAnswer = Callable[[Answer], None]
CONTENT_TYPE: Final = "content-type"


@dataclass(eq=False, kw_only=True)
class _Kept:
    """What waits for the next one to overtake it; its timer sends it if none comes."""

    strike: Strike
    outbound: Outbound
    on_answer: OnAnswer
    timer: Timer | None = None


class OutboundWeather:
    """A `send` that hands over to another one, or does what is planned; call it with the guard held."""

    def __init__(self, *, send: Send, weather: Weather, clock: Clock, journal: Journal) -> None:
        self._send = send
        self._weather = weather
        self._clock = clock
        self._journal = journal
        # By the number of the plan, each of which keeps one at a time.
        self._kept: dict[int, _Kept] = {}

    def __call__(self, outbound: Outbound, on_answer: OnAnswer) -> None:
        """Send a request, or let weather strike it."""
        point = f"{outbound.source}/{outbound.correlation.get('operation', '')}"
        on_answer = self._overtaking(point, outbound, on_answer)
        strike = self._weather.strike(point, outbound.correlation)
        if strike is None:
            self._send(outbound, on_answer)
        else:
            struck = replace(outbound, correlation={**outbound.correlation, "fault": str(strike)})
            self._strike(strike, struck, on_answer)

    def _strike(self, strike: Strike, outbound: Outbound, on_answer: OnAnswer) -> None:
        match strike.fault:
            case Drop(seconds=seconds):
                self._drop(outbound, on_answer, seconds)
            case Delay(seconds=seconds):
                later = partial(self._send, outbound, on_answer)
                self._clock.call_later(seconds, later, label=f"{_named(outbound)} held back by weather")
            case Reorder(seconds=seconds) if strike.number not in self._kept:
                self._keep(strike, outbound, on_answer, seconds)
            case Duplicate(copies=copies):
                self._send(outbound, on_answer)
                for _ in range(copies):
                    self._send(outbound, _unheard)
            case fault:
                self._send(_spoilt(fault, outbound), on_answer)

    def _drop(self, outbound: Outbound, on_answer: OnAnswer, seconds: float) -> None:
        exchange = recorded(outbound, self._journal)
        silence = Answer(status=0, body="no answer: it was never sent")

        def give_up() -> None:
            exchange.answered(status=silence.status, headers=silence.headers, body=silence.body)
            on_answer(silence)

        self._clock.call_later(seconds, give_up, label=f"silence about {_named(outbound)}")

    def _keep(self, strike: Strike, outbound: Outbound, on_answer: OnAnswer, seconds: float) -> None:
        kept = _Kept(strike=strike, outbound=outbound, on_answer=on_answer)
        label = f"{_named(outbound)} kept back by weather until another overtakes it"
        kept.timer = self._clock.call_later(seconds, partial(self._let_go, kept), label=label)
        self._kept[strike.number] = kept

    def _overtaking(self, point: str, outbound: Outbound, on_answer: OnAnswer) -> OnAnswer:
        """What is to be done with the answer, if this is what others were kept back for."""
        overtaken = [
            kept for kept in self._kept.values() if kept.strike.plan.fits(point, outbound.correlation)
        ]

        def answered(answer: Answer) -> None:
            on_answer(answer)
            for kept in overtaken:
                self._let_go(kept)

        return answered if overtaken else on_answer

    def _let_go(self, kept: _Kept) -> None:
        if self._kept.get(kept.strike.number) is kept:
            del self._kept[kept.strike.number]
            if kept.timer:
                kept.timer.cancel()
            self._send(kept.outbound, kept.on_answer)


def _spoilt(fault: Fault, outbound: Outbound) -> Outbound:
    match fault:
        case Malformed():
            return replace(outbound, body=fault.body.encode())
        case ContentType():
            others = {name: value for name, value in outbound.headers.items() if name.lower() != CONTENT_TYPE}
            return replace(outbound, headers={**others, "Content-Type": fault.content_type})
        case Slow():
            return replace(outbound, manner=Manner(seconds=fault.seconds))
        case Truncate():
            return _cut_off(outbound, ending="close", sent=len(outbound.body) // 2)
        case Reset(after=after):
            sent = len(outbound.body) if after else len(outbound.body) // 2
            return _cut_off(outbound, ending="reset", sent=sent)
        case _:
            return outbound


def _cut_off(outbound: Outbound, *, ending: Ending, sent: int) -> Outbound:
    announced = max(1, len(outbound.body))
    return replace(outbound, body=outbound.body[:sent], manner=Manner(length=announced, ending=ending))


def _named(outbound: Outbound) -> str:
    return f"{outbound.correlation.get('operation', 'request')} from {outbound.source}"


def _unheard(_answer: Answer) -> None:
    """Nobody waits for the answer to a copy."""
