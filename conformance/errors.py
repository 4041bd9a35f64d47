"""The errors of the judge, as one tree.

ConformanceError
├── TargetError         the target file is wrong, or the target does not start
│   └── SetupError      it starts, but cannot be judged as it was set up
├── RequirementError    a requirement id is not in the catalogue
├── ExpectationError    a file of expected failures is wrong
├── JournalError        a saved journal cannot be judged
├── StoryError          a saved story cannot be played
└── ReportFolderError   the reports have no place

Each message says what happened, what was expected and what to do. The judge's findings about a
provisioner are never errors: they are checks, see `oracle`.
"""


class ConformanceError(Exception):
    """The root: catch it to catch every error of the judge."""


class TargetError(ConformanceError):
    """The target file cannot be used, or the target did not start or answer."""


class SetupError(TargetError):
    """The target does not know its neighbours, or they do not know it."""


class RequirementError(ConformanceError):
    """A requirement id that the catalogue does not have."""


class ExpectationError(ConformanceError):
    """A file of expected failures that cannot be used."""


class JournalError(ConformanceError):
    """A file that is no journal, or one that the judge cannot read as a run's."""


class StoryError(ConformanceError):
    """A file that is no saved story, or a step that cannot be played."""


class ReportFolderError(ConformanceError):
    """A folder for the reports that cannot be made."""
