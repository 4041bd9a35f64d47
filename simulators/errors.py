"""The errors that the simulators raise, as one tree.

SimulatorError
├── SettingsError  a setting, or the file of settings, is not possible
├── WorldError     a world file, or a change of the world, is not possible
├── AddressError   an address cannot be listened on
├── CertificateError   a certificate cannot be made, or a file of them cannot be used
├── EventError     an event, or where and how it is to be sent, is not possible
├── ClockError     the clock was asked for something impossible
│   ├── ClockHeldError   an exchange under way held the clock for too long
│   └── ClockStoppedError   a clock that was stopped, as by a reset, was asked to move
├── OrderError     no order has the task that was to be decided
├── EvictedError   a question is about records that the journal has dropped
├── WeatherError   a fault plan is not possible, or not armed
├── DialectError   an OMS dialect cannot be loaded
├── ControlError   a running stack cannot be reached, or refused a command
└── StackError     the simulators themselves went wrong while they ran

Each message says what happened, what was expected and what to do.
"""


class SimulatorError(Exception):
    """The root: catch it to catch every error of the simulators."""


class SettingsError(SimulatorError):
    """A setting, or the file of settings, cannot be used."""


class WorldError(SimulatorError):
    """A world file cannot be used, or a change of the world contradicts what is there."""


class AddressError(SimulatorError):
    """An address cannot be listened on."""


class CertificateError(SimulatorError):
    """A certificate cannot be made for a name, or a file of CA certificates cannot be used."""


class EventError(SimulatorError, ValueError):
    """An event cannot be sent as asked, or a handler or a setting of the emitter is not possible."""


class ClockError(SimulatorError):
    """The clock was asked for something impossible, such as to go back."""


class ClockStoppedError(ClockError):
    """A clock that was stopped was asked to move."""


class ClockHeldError(ClockError):
    """What fell due was not answered within the real deadline; the message names what held the clock."""


class OrderError(SimulatorError):
    """No order has the task that was to be decided."""


class EvictedError(SimulatorError):
    """What was asked of the journal cannot be known: records that may hold the answer were dropped."""


class WeatherError(SimulatorError):
    """A fault plan is not possible, or none of this number is armed."""


class DialectError(SimulatorError):
    """An OMS dialect cannot be loaded, or lacks an operation."""


class ControlError(SimulatorError):
    """The control address of a running stack does not answer, or refuses what was asked."""


class StackError(SimulatorError):
    """A simulator met a surprise of its own: a defect of the harness, never of the provisioner."""
