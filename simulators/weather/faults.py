"""The faults: what can happen to one exchange, each a value of its own."""

from typing import Annotated, Literal

from pydantic import Field

from simulators.validation import Strict

RealSeconds = Annotated[float, Field(gt=0, le=3600)]
VirtualSeconds = Annotated[float, Field(gt=0, le=1e9)]


class Answer(Strict):
    """Another answer than the true one: instead of the work or, with `after`, once it was done."""

    effect: Literal["answer"] = "answer"
    status: Annotated[int, Field(ge=200, le=599)] = 503
    body: str = ""
    content_type: str = "text/html"
    after: bool = False


class Delay(Strict):
    """The exchange is held back for virtual seconds; meanwhile it holds no clock."""

    effect: Literal["delay"] = "delay"
    seconds: VirtualSeconds


class Hang(Strict):
    """No answer for real seconds, then a reset; the work is not done or, with `after`, was done."""

    effect: Literal["hang"] = "hang"
    seconds: RealSeconds = 2.0
    after: bool = False


class Reset(Strict):
    """The connection is reset before anything was done or, with `after`, before the answer is given."""

    effect: Literal["reset"] = "reset"
    after: bool = False


class Truncate(Strict):
    """The body ends in its middle, and the connection with it, although its whole length was announced."""

    effect: Literal["truncate"] = "truncate"


class Malformed(Strict):
    """The body is not what its type says."""

    effect: Literal["malformed"] = "malformed"
    body: str = "<html><body>Bad gateway</body></html>"


class Slow(Strict):
    """The body trickles, over so many real seconds in all."""

    effect: Literal["slow"] = "slow"
    seconds: RealSeconds


class ContentType(Strict):
    """The body is sent under another type."""

    effect: Literal["content-type"] = "content-type"
    content_type: str = "text/html"


class Drop(Strict):
    """What was to be sent never leaves; its sender sees silence."""

    effect: Literal["drop"] = "drop"


class Duplicate(Strict):
    """It is sent so many times more, at once."""

    effect: Literal["duplicate"] = "duplicate"
    copies: Annotated[int, Field(ge=1, le=100)] = 1


class Reorder(Strict):
    """It is sent behind the next one of its kind."""

    effect: Literal["reorder"] = "reorder"


# To the answers that a provisioner gets, and to the requests that it is sent.
Inbound = Answer | Delay | Hang | Reset | Truncate | Malformed | Slow | ContentType
Outbound = Drop | Delay | Duplicate | Reorder | Reset | Truncate | Malformed | Slow | ContentType
Fault = Annotated[Inbound | Outbound, Field(discriminator="effect")]
