"""How sessions of the live feed end, and what it misses then: nothing, or it says so."""

import os
import signal
from time import monotonic

import pytest

from actors.core.market.link import Phase
from actors.core.market.live_tape import lost_in
from protocol.market import FeedLost, FeedRestored, TradeBatch
from tests.actors.adapters.feeds.live_floor import Floor, S, full_disk
from tests.venues.databento.records import START_NS, columns, error, made, wanted

# ---- what lasts -----------------------------------------------------------------------------


def refused(floor: Floor) -> str:
    """Wait for the refusal; return its reason, which the stream holds once."""
    floor.until(lambda: floor.feed.link.phase is Phase.REFUSED)
    sessions = floor.feed.link.sessions
    for _ in range(100):
        floor.turn()
    assert floor.feed.link.sessions == sessions  # No further attempt.
    (lost,) = floor.of(FeedLost)
    return lost.reason


def test_a_wrong_key_is_told_once_and_not_tried_again(venue, floor_of):
    floor = floor_of(key="db-wrong-wrong-wrong-wrong-wrong")
    assert refused(floor) == (
        "the gateway refuses the key or the data set: Authentication failed"
    )
    assert len(venue.lines) == 1


def test_no_key_is_told_without_a_connection(venue, floor_of):
    assert "DATABENTO_API_KEY" in refused(floor_of(key=""))
    assert venue.lines == []


def test_an_unknown_data_set_is_told_without_a_connection(venue, floor_of):
    floor = floor_of(dataset="GLBX.MDP9", gateway="")
    assert refused(floor) == "there is no such data set: GLBX.MDP9"


def test_an_unknown_symbol_is_told_once(venue, floor_of):
    floor = floor_of(symbol="ESZ9")
    assert refused(floor) == (
        "the gateway does not know the symbol: Failed to resolve symbol: ESZ9"
    )


@pytest.mark.parametrize(("code", "words"), [
    (1, "does not accept the key"), (2, "deactivated"), (5, "not in the plan"),
])  # fmt: skip
def test_an_entitlement_that_is_missing_is_told_in_words(venue, floor_of, code, words):
    venue.habits.fault = (code, "told by the gateway")
    reason = refused(floor_of())
    assert words in reason and reason.endswith(": told by the gateway")


def test_too_many_sessions_are_tried_again(venue, floor_of):
    venue.habits.fault = (3, "connection limit")
    floor = floor_of()
    floor.until(lambda: floor.feed.link.sessions >= 2)
    venue.habits.fault = None
    floor.until_live(2)


def test_what_lasts_is_told_though_the_feed_is_lost_already(venue, floor_of):
    floor = floor_of()
    floor.until_live()
    venue.release(1)
    floor.until_trades(1)
    venue.habits.fault = (2, "deactivated by its owner")
    venue.hang_up("fin")
    floor.until(lambda: floor.feed.link.phase is Phase.REFUSED)
    assert [lost.reason for lost in floor.of(FeedLost)] == [
        "the gateway has closed the connection",
        "the key has been deactivated: deactivated by its owner",
    ]


# ---- ends of all kinds ----------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "words"), [
    ("fin", "closed the connection"), ("rst", "the connection broke"),
    ("error:6", "a fault of its own: told by the test"), ("torn", "the connection broke"),
    ("garbage", "cannot be read"), ("error:7", "skipped records"),
])  # fmt: skip
def test_whatever_the_end_what_was_missed_is_sent_again_each_once(venue, floor_of, kind, words):
    floor = floor_of()
    floor.until_live()
    venue.release(101)
    floor.until_trades(101)
    venue.hang_up(kind)
    venue.release(100)
    floor.until_live(2)
    venue.release()
    floor.until_trades(400)
    assert columns(floor.trades()) == wanted(venue.market.sent)
    lost, restored = floor.of(FeedLost, FeedRestored)
    assert words in lost.reason and isinstance(restored, FeedRestored)
    assert (lost.contract, restored.contract) == ("ESH4", "ESH4")


def test_a_trade_at_the_seam_that_has_a_twin_behind_the_break_is_not_lost(venue, floor_of):
    floor = floor_of()
    floor.until_live()
    venue.release(51)  # Pairs look the same: the break is in the middle of one.
    floor.until_trades(51)
    venue.hang_up("fin")
    floor.until_live(2)
    venue.release(1)
    floor.until_trades(52)
    assert columns(floor.trades()) == wanted(venue.market.sent[:52])
    assert floor.feed.figures.repeated == 51


def test_once_all_is_sent_again_a_print_like_one_that_was_not_is_a_new_trade(venue, floor_of):
    floor = floor_of()
    floor.until_live()
    venue.release(10)
    floor.until_trades(10)
    twin = venue.market.sent[9]
    del venue.market.sent[9]  # The gateway does not have it any more.
    venue.released = 9
    venue.hang_up("fin")
    floor.until_live(2)
    venue.market.sent[9] = twin
    venue.release(1)
    floor.until_trades(11)


def test_an_error_that_is_not_fatal_is_noted_and_does_not_color_a_later_end(venue, floor_of):
    floor = floor_of()
    floor.until_live()
    venue.say(error(4, "Failed to resolve symbol: XX", START_NS))
    floor.until(lambda: floor.feed.figures.said)
    assert floor.feed.link.phase is Phase.LIVE
    venue.hang_up("fin")
    floor.until_live(2)
    assert [lost.reason for lost in floor.of(FeedLost)] == ["the gateway has closed the connection"]


@pytest.mark.parametrize("habit", ["greets", "sends_header"])
def test_silence_before_and_after_the_handshake_is_found(venue, floor_of, habit):
    setattr(venue.habits, habit, False)
    floor = floor_of(stall_s=1)
    floor.until(lambda: floor.of(FeedLost))
    setattr(venue.habits, habit, True)
    floor.until_live(2)
    assert floor.of(FeedLost)[0].reason == "the gateway has fallen silent"


def test_a_header_and_then_silence_is_found(venue, floor_of):
    venue.habits.silent = True
    floor = floor_of(stall_s=1)
    floor.until(lambda: floor.feed.link.sessions == 2)
    assert floor.of(FeedLost)[0].reason == "the gateway has fallen silent"


def test_heartbeats_keep_a_quiet_session_alive_and_their_absence_ends_it(venue, floor_of):
    floor = floor_of(stall_s=1)
    floor.until_live()
    sessions = floor.feed.link.sessions  # The first may have waited too long for its process.
    until = monotonic() + 1.2
    floor.until(lambda: monotonic() > until)
    assert floor.feed.link.sessions == sessions
    venue.hang_up("silence")
    floor.until_live(sessions + 1)


def test_three_refused_connections_and_then_success(venue, floor_of):
    venue.habits.refuses = 3
    floor = floor_of()
    floor.until_live()
    assert floor.feed.link.sessions == 4


def test_nobody_at_the_port_is_told_and_tried_again(venue, floor_of):
    venue.down()
    floor = floor_of()
    floor.until(lambda: floor.feed.link.sessions == 3)
    venue.up()
    floor.until_live(3)
    reasons = [lost.reason for lost in floor.of(FeedLost)]
    assert len(reasons) == 1 and reasons[0].startswith("the gateway cannot be reached: 127.0.0.1:")


def test_a_header_of_another_data_set_ends_the_session(venue, floor_of):
    venue.habits.dataset = "XNAS.ITCH"
    floor = floor_of()
    floor.until(lambda: floor.feed.link.sessions == 2)
    venue.habits.dataset = ""
    floor.until_live(2)
    assert "data set XNAS.ITCH, wanted GLBX.MDP3" in floor.of(FeedLost)[0].reason


def test_a_child_that_is_killed_is_made_anew_and_nothing_is_missed(venue, floor_of, connection):
    floor = floor_of()
    floor.until_live()
    venue.release(100)
    floor.until_trades(100)
    os.kill(connection._child.pid, signal.SIGKILL)
    venue.release(100)
    floor.until_live(2)
    floor.until_trades(200)
    assert columns(floor.trades()) == wanted(venue.market.sent[:200])
    assert floor.of(FeedLost)[0].reason == "the process of the connection has died"


# ---- a new life of the actor ----------------------------------------------------------------


def test_a_feed_that_was_killed_goes_on_behind_its_stream_and_says_so(venue, floor_of):
    first = floor_of()
    first.until_live()
    venue.release(150)
    first.until_trades(150)
    before = first.stream()
    venue.release(50)  # On its way when it dies.
    again = floor_of()
    assert again.stream()[: len(before)] == before
    assert isinstance(again.stream()[-1], FeedLost)
    again.until_live()
    venue.release()
    again.until_trades(400)
    assert columns(again.trades()) == wanted(venue.market.sent)
    assert isinstance(again.stream()[-2], FeedRestored | TradeBatch)
    assert again.of(FeedLost, FeedRestored)[-1] == FeedRestored(contract="ESH4")


def test_trades_missed_between_the_first_session_and_its_first_trade_are_sent_again(
    venue, floor_of
):
    floor = floor_of()
    floor.until_live()
    venue.hang_up("fin")
    venue.release(10)
    floor.until_live(2)
    floor.until_trades(10)
    assert columns(floor.trades()) == wanted(venue.market.sent[:10])


def test_what_is_too_old_to_be_sent_again_is_a_gap_that_is_told(venue, floor_of):
    venue.market.sent = made(400, step_ns=S)
    floor = floor_of(overlap_ms=0)
    floor.until_live()
    venue.release(100)
    floor.until_trades(100)
    venue.habits.forgets_ns = venue.market.sent[300].ts_event
    venue.down()
    venue.release()
    venue.up()
    floor.until_trades(200)
    floor.until_live(3)
    expected = venue.market.sent[:100] + venue.market.sent[300:]
    assert columns(floor.trades()) == wanted(expected)
    reasons = [lost.reason for lost in floor.of(FeedLost)]
    assert reasons[-1] == (
        "no trade between 2023-12-25 23:00:49 UTC and 2023-12-25 23:02:30 UTC can be had again"
    )
    assert isinstance(floor.of(FeedLost, FeedRestored)[-1], FeedRestored)
    assert floor.feed.figures.gaps == 1


def test_while_the_disk_is_full_nothing_is_streamed_and_afterwards_nothing_is_missing(
    venue, floor_of
):
    floor = floor_of()
    floor.until_live()
    venue.release(100)
    floor.until_trades(100)
    before = floor.stream()
    with full_disk(floor):
        venue.release(100)
        floor.until(lambda: "the stream cannot be written" in floor.feed.link.why)
        for _ in range(50):
            floor.turn()
    assert floor.stream() == before
    floor.until_live(2)
    venue.release(100)
    floor.until_trades(300)
    assert columns(floor.trades()) == wanted(venue.market.sent[:300])
    assert lost_in(floor.stream()) == ()
