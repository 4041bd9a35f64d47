"""The faults: what can happen to one exchange, each a value of its own."""

from typing import Annotated, Final, Literal

from pydantic import Field

from simulators.validation import Strict
from simulators.wire.transport import SILENCE

RealSeconds = Annotated[float, Field(gt=0, le=3600)]
VirtualSeconds = Annotated[float, Field(gt=0, le=1e9)]
# What a header can hold: Latin-1 without control characters, and no blank in front.
HeaderValue = Annotated[str, Field(pattern="^([!-~\xa0-\xff][ -~\xa0-\xff]*)?$")]
# No JSON, whatever its type says: what a proxy tells whose server is gone.
NO_JSON: Final = "<html><body>Bad gateway</body></html>"


class Answer(Strict):
    """Another answer than the true one: instead of the work or, with `after`, once it was done.

    Without a `body` the simulator refuses in its own way, and `content_type` says nothing.
    """

    effect: Literal["answer"] = "answer"
    status: Annotated[int, Field(ge=200, le=599)] = 503
    body: str | None = None
    content_type: HeaderValue = "text/html"
    after: bool = False


class Delay(Strict):
    """The exchange is held back for virtual seconds, in which it holds no clock.

    A request is held before the work is done or, with `after`, once it was done.
    """

    effect: Literal["delay"] = "delay"
    seconds: VirtualSeconds
    after: bool = False


class Hang(Strict):
    """No answer for real seconds, then a reset; the work is not done or, with `after`, was done.

    Without `seconds` it lasts as long as the stack's setting `hang` says.
    """

    effect: Literal["hang"] = "hang"
    seconds: RealSeconds | None = None
    after: bool = False


class Reset(Strict):
    """The connection is reset before anything was done or, with `after`, before the answer is heard.

    What is sent to a provisioner is cut off in its middle or, with `after`, whole and answered.
    """

    effect: Literal["reset"] = "reset"
    after: bool = False


class Truncate(Strict):
    """The body ends in its middle, and the connection with it, although its whole length was announced."""

    effect: Literal["truncate"] = "truncate"


class Malformed(Strict):
    """The body is not what its type says."""

    effect: Literal["malformed"] = "malformed"
    body: str = NO_JSON


class Slow(Strict):
    """The body trickles, over so many real seconds in all; meanwhile it is in flight."""

    effect: Literal["slow"] = "slow"
    seconds: RealSeconds


class ContentType(Strict):
    """The body is sent under another type."""

    effect: Literal["content-type"] = "content-type"
    content_type: HeaderValue = "text/html"


class Drop(Strict):
    """What was to be sent never leaves; its sender gives up after `seconds` of virtual silence (S20)."""

    effect: Literal["drop"] = "drop"
    seconds: VirtualSeconds = SILENCE


class Duplicate(Strict):
    """It is sent so many times more, at once; the first one's answer is the one that counts."""

    effect: Literal["duplicate"] = "duplicate"
    copies: Annotated[int, Field(ge=1, le=100)] = 1


class Reorder(Strict):
    """It is sent when the next one that fits was answered, or after so many virtual seconds without one."""

    effect: Literal["reorder"] = "reorder"
    seconds: VirtualSeconds = SILENCE


# To the answers that a provisioner gets, and to the requests that it is sent.
Inbound = Answer | Delay | Hang | Reset | Truncate | Malformed | Slow | ContentType
Outbound = Drop | Delay | Duplicate | Reorder | Reset | Truncate | Malformed | Slow | ContentType
Fault = Annotated[Inbound | Outbound, Field(discriminator="effect")]
