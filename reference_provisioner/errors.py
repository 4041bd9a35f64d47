"""The errors of the reference provisioner, as one tree: what each one says is who has to act next.

ProvisionerError
├── StartError                the operator: the environment, the address or the database cannot be used
├── RequestError              the caller: what it sent us is answered with the error's `code`
│   ├── UnauthorizedError     401, the credentials are missing or wrong
│   ├── UnsupportedTypeError  415, its Content-Type is another than JSON's
│   ├── MalformedError        400, it cannot be read
│   └── UnknownOrderError     404, it is about an order that was never made
├── StorageError              the operator: the database broke while we run; whoever asked us asks again
├── NeighbourError            time: a neighbour did not do what it was asked, so the step is tried again
├── RefusedError              nobody: a neighbour refused for good, so trying again is of no use
└── LostClaimError            another instance: it took the task over, so what we found out no longer counts
"""

from typing import ClassVar, Self

from pydantic import ValidationError


class ProvisionerError(Exception):
    """The root: catch it to catch every error of the provisioner."""


class StartError(ProvisionerError):
    """The provisioner cannot start until its operator changes something."""


class RequestError(ProvisionerError):
    """A received request is not taken and has no effect."""

    code: ClassVar[int] = 400


class UnauthorizedError(RequestError):
    """The credentials of a received request are missing or wrong."""

    code = 401


class UnsupportedTypeError(RequestError):
    """A received request says that its body is something else than JSON."""

    code = 415


class MalformedError(RequestError):
    """A received request cannot be read."""

    @classmethod
    def of(cls, kind: str, error: ValidationError) -> Self:
        """Return the error that names each mistake and its place, but quotes nothing of what was received."""
        mistakes = [
            ": ".join(
                filter(None, (".".join(map(str, item["loc"])), item["msg"].removeprefix("Value error, ")))
            )
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        return cls(f"not {kind}: {'; '.join(mistakes)}")


class UnknownOrderError(RequestError):
    """A notification is about an order, or a service of it, that was never ordered."""

    code = 404


class StorageError(ProvisionerError):
    """The database did not do what it was asked: nothing of the transaction was stored."""


class NeighbourError(ProvisionerError):
    """A neighbour was silent, broken or busy: whether it did the work is unknown, so it is asked again."""


class RefusedError(ProvisionerError):
    """A neighbour understood what it was asked and refuses it for good."""


class LostClaimError(ProvisionerError):
    """Another instance claimed a task, because this one seemed dead for the length of a lease."""
