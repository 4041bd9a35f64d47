"""What can be wrong with a load test, but for what it finds.

LoadTestError               exit code 4
├── LoadOptionError         an option or the file of thresholds cannot be used
├── GeneratorError          Locust could not be started, or broke
└── ReportError             the reports cannot be written
"""


class LoadTestError(Exception):
    """A load test cannot be told; the message says what to mend."""


class LoadOptionError(LoadTestError):
    """An option or the file of thresholds cannot be used."""


class GeneratorError(LoadTestError):
    """Locust could not be started, or broke."""


class ReportError(LoadTestError):
    """The reports cannot be written."""
