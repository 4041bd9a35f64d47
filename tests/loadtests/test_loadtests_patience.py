"""What a load keeps in mind while it runs: how long it waits, and how busy the simulators are."""

import pytest

from loadtests.patience import Patience
from loadtests.processor import Moment, Processor


def begun(*, seconds: float, at_least: float) -> Patience:
    """Patience that counts from the moment 0."""
    patience = Patience(seconds=seconds, at_least=at_least)
    patience.begin(now=0)
    return patience


def test_patience_ends_some_seconds_after_the_last_progress() -> None:
    """What still comes to its end is waited for, and what only goes back and forth is not."""
    patience = begun(seconds=10, at_least=0)
    ended = [(1, 5), (2, 12), (1, 20), (2, 21)]
    assert [patience.lasts(number, now=moment) for number, moment in ended] == [True] * 4
    assert not patience.lasts(2, now=23)


def test_patience_lasts_while_events_are_to_be_sent() -> None:
    """Nothing may end for a while in which events still leave, and as long as is asked for thereafter."""
    patience = begun(seconds=10, at_least=60)
    assert patience.lasts(0, now=69)
    assert not patience.lasts(0, now=71)


def test_patience_counts_from_the_first_event() -> None:
    """However long a generator takes to start, and its workers to come, nothing is given up before."""
    patience = Patience(seconds=10, at_least=60)
    assert patience.lasts(0, now=1_000)
    patience.begin(now=1_000)
    patience.begin(now=1_050)
    assert patience.lasts(0, now=1_069)
    assert not patience.lasts(0, now=1_071)


def test_busiest_seconds_are_remembered() -> None:
    """A processor that was had for five seconds is told, however idle the rest was."""
    processor = Processor(Moment(real=0.0, used=0.0))
    for real, used in ((3.0, 3.0), (5.0, 4.0), (10.0, 8.9), (60.0, 9.0)):
        processor.note(Moment(real=real, used=used))
    assert processor.busiest == pytest.approx(0.98)
