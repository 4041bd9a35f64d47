"""Stories: what a scenario tells, verb by verb, each recorded as a step that can be played again."""

from conformance.story.steps import Step, play
from conformance.story.story import Story
from conformance.story.telling import NO_BATCH, Batch, MissedWaitError, NotDeclaredError, Result

__all__ = ["NO_BATCH", "Batch", "MissedWaitError", "NotDeclaredError", "Result", "Step", "Story", "play"]
