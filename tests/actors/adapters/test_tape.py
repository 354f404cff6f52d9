"""The tape as the feed's window: held back until settled, paced by a clock that is given."""

import pytest

from actors.adapters.frames import FrameLog
from actors.adapters.tape import Tape
from actors.core.columns import batch_of
from protocol.codec import encode
from protocol.market import Cut, CutReason
from tests.actors.core.flow.books import make_depth
from tests.makers import make_trades

S = 1_000_000_000


def make_tape(path, speed: float = 0.0, ahead: int = 0, every: int = 5) -> Tape:
    """A tape of ten batches at seconds 1 to 10; a cut follows each fifth, or as `every` says."""
    path.mkdir(exist_ok=True)
    log = FrameLog.open(path / "tape.frames")
    cuts = 0
    for second in range(1, 11):
        trades = make_trades([(second * S, 100, "B", 1)])
        log.append(encode(batch_of(trades, "ESU3", False)))
        if second % every == 0:
            cuts += 1
            cut = Cut(number=cuts, ts_ns=second * S + 1, reason=CutReason.BAR)
            log.append(encode(cut))
    log.sync()
    log.close()
    return Tape.open(path / "tape.frames", speed, ahead)


def test_a_missing_tape_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="ingest"):
        Tape.open(tmp_path / "tape.frames", 0.0)


def test_nothing_behind_the_first_unsettled_cut_is_released(tmp_path):
    tape = make_tape(tmp_path)
    assert (tape.cuts, tape.last) == (2, 6)
    tape.settle(1)
    assert tape.last == 12
    tape.settle(2)
    assert tape.last == 12


def test_cuts_ahead_of_the_last_settled_one_are_released_and_no_more(tmp_path):
    tape = make_tape(tmp_path, ahead=1)
    assert tape.last == 12
    assert Tape.open(tmp_path / "tape.frames", 0.0).last == 12
    assert make_tape(tmp_path / "again", ahead=0).last == 6


def test_half_of_what_may_be_ahead_is_released_together(tmp_path):
    tape = make_tape(tmp_path, ahead=4, every=1)
    released = [tape.released_cuts]
    for number in range(1, 7):
        tape.settle(number)
        released.append(tape.released_cuts)
    assert released == [5, 5, 7, 7, 9, 9, 10]


def test_a_repeated_or_old_settled_number_takes_nothing_back(tmp_path):
    tape = make_tape(tmp_path)
    tape.settle(1)
    tape.settle(0)
    assert tape.last == 12


def test_with_a_clock_a_batch_is_released_when_its_last_trade_is_due(tmp_path):
    tape = make_tape(tmp_path, speed=2.0)
    began = 1_000 * S
    tape.pace(began)
    assert tape.last == 1
    tape.pace(began + S // 2 - 1)
    assert tape.last == 1
    tape.pace(began + S // 2)
    assert tape.last == 2


def test_the_clock_waits_for_an_unsettled_cut_and_does_not_burst_afterwards(tmp_path):
    tape = make_tape(tmp_path, speed=1.0)
    tape.pace(0)
    tape.pace(60 * S)
    assert tape.last == 6
    tape.settle(1)
    tape.pace(60 * S + 1)
    assert tape.last == 7
    tape.pace(61 * S)
    assert tape.last == 8


def test_what_a_reader_has_taken_was_released_by_an_earlier_incarnation(tmp_path):
    tape = make_tape(tmp_path, speed=1.0)
    tape.was_released(4)
    tape.pace(500 * S)
    assert tape.last == 5


def test_a_reader_who_comes_after_the_clock_has_begun_does_not_wait_for_the_day_to_pass_again(
    tmp_path,
):
    tape = make_tape(tmp_path, speed=1.0)
    tape.pace(500 * S)
    tape.settle(1)
    tape.was_released(8)
    tape.pace(501 * S)
    assert tape.last == 9
    tape.was_released(3)  # One who is behind takes nothing back and changes no time.
    tape.pace(502 * S - 1)
    assert tape.last == 9
    tape.pace(502 * S)
    assert tape.last == 10


def test_changes_of_the_book_are_released_when_the_last_of_them_is_due(tmp_path):
    log = FrameLog.open(tmp_path / "tape.frames")
    for second in (1, 2):
        changes = make_depth([((second - 1) * S + 1, 1, 100, 5), (second * S, 1, 100, 6)])
        log.append(encode(changes))
    log.append(encode(Cut(number=1, ts_ns=3 * S, reason=CutReason.TIMER)))
    log.sync()
    log.close()
    tape = Tape.open(tmp_path / "tape.frames", 1.0)
    assert tape.cuts == 1
    tape.pace(100 * S)
    assert tape.last == 1
    tape.pace(101 * S - 1)
    assert tape.last == 1
    tape.pace(101 * S)
    assert tape.last == 2
    tape.pace(102 * S)
    assert tape.last == 3


def test_a_cut_is_due_when_its_instant_comes_by_the_clock(tmp_path):
    tape = make_tape(tmp_path, speed=1.0)
    tape.pace(100 * S)
    assert tape.due_ns(1) == 104 * S + 1
