"""The live feed through the official client against a gateway on loopback (facts F.1)."""

import dataclasses
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, monotonic_ns, sleep, time_ns

import pytest

from actors.adapters.feeds.databento import ChildConnection
from actors.adapters.feeds.ingest import Recording
from actors.adapters.feeds.live import LiveFeed
from actors.adapters.feeds.port import Refusals
from actors.core.columns import Trades, concat, trades_of
from actors.core.market.link import Phase
from actors.core.market.live_tape import lost_in
from protocol.codec import decode
from protocol.market import Cut, FeedLost, FeedRestored, TradeBatch
from protocol.settings import Settings
from tests.actors.adapters.feeds.recordings import real
from tests.venues.databento.gateway import KEY, Gateway, gateway
from tests.venues.databento.records import (
    ESH4,
    ESM4,
    RECORDING,
    SPREAD,
    START_NS,
    Market,
    Sent,
    columns,
    error,
    made,
    mapping,
    system,
    trade,
    wanted,
)
from tests.venues.databento.shared import SharedConnection, shared

S = 1_000_000_000
QUARTER = 250_000_000
ROLLED_NS = 1_709_856_000 * S  # 8 March 2024, 00:00 UTC: of the trading date that is ESM4's.


@pytest.fixture(scope="module")
def connection() -> Iterator[SharedConnection]:
    with shared() as one:
        yield one


class Floor:
    """A feed, driven as its actor drives it."""

    def __init__(self, directory: Path, connection: ChildConnection, port: int, **chosen) -> None:
        settings = Settings()
        # A child takes seconds to start on a busy machine: silence is looked for where it is made.
        values = {"gateway": "127.0.0.1", "port": port, "backoff_ms": 20, "stall_s": 60,
                  "lag_max_s": 0, "beside": ()} | chosen  # fmt: skip
        symbol, key = values.pop("symbol", "ES"), values.pop("key", KEY)
        depth = values.pop("depth", "ten")
        settings = dataclasses.replace(
            settings,
            databento=dataclasses.replace(settings.databento, **values),
            feed=dataclasses.replace(settings.feed, symbol=symbol, depth=depth),
        )
        self.data = directory / "data"
        self.data.mkdir(exist_ok=True)
        self.feed = LiveFeed(settings, self.data, connection, key, lambda: 0)

    def turn(self) -> None:
        self.feed.at(monotonic_ns())
        sleep(0.001)

    def until(self, condition: Callable[[], object], limit_s: float = 40.0) -> None:
        limit = monotonic() + limit_s
        while not condition():
            assert monotonic() < limit, f"not within {limit_s} s: {self.feed.inspect()}"
            self.turn()

    def until_live(self, session: int = 1) -> None:
        link = self.feed.link
        self.until(lambda: link.phase is Phase.LIVE and link.sessions >= session)

    def until_trades(self, count: int) -> None:
        self.until(lambda: len(self.trades()) >= count)
        for _ in range(20):  # None beyond them.
            self.turn()

    def stream(self) -> list:
        log = self.feed.log
        return [decode(log.get(number)) for number in range(log.first, log.last + 1)]

    def of(self, *kinds: type) -> list:
        return [message for message in self.stream() if isinstance(message, kinds)]

    def trades(self) -> Trades | list:
        batches = [trades_of(batch) for batch in self.of(TradeBatch)]
        return concat(batches) if batches else []


@pytest.fixture
def venue() -> Iterator[Gateway]:
    with gateway(Market(made(400))) as one:
        yield one


@pytest.fixture
def floor_of(tmp_path, connection, venue) -> Iterator[Callable[..., Floor]]:
    made_floors: list[Floor] = []

    def one(**chosen) -> Floor:
        floor = Floor(tmp_path, connection, venue.port, **chosen)
        made_floors.append(floor)
        return floor

    yield one
    for floor in made_floors:
        floor.feed.close()


# ---- handshake and subscription -------------------------------------------------------------


def test_the_gateway_reads_the_handshake_byte_by_byte_as_documented(venue, floor_of):
    floor_of().until_live()
    auth, *rest = venue.lines[0]
    digest, _, told = auth.partition("|")
    assert digest.startswith("auth=") and len(digest) == len("auth=") + 64 + 6
    assert digest.endswith("-" + KEY[-5:])
    assert told.startswith(
        "dataset=GLBX.MDP3|encoding=dbn|ts_out=0|compression=none|heartbeat_interval_s=5|client="
    )
    assert rest == [
        "schema=trades|stype_in=parent|symbols=ES.FUT|snapshot=0|id=0|is_last=1",
        "start_session=0",
    ]


def test_lines_and_records_in_pieces_are_put_together(venue, floor_of):
    venue.habits.fragments = True
    floor = floor_of()
    floor.until_live()
    venue.release(90)
    floor.until_trades(90)
    assert columns(floor.trades()) == wanted(venue.market.sent[:90])


def test_side_schemas_are_subscribed_beside_the_trades_and_never_from_the_past(venue, floor_of):
    floor = floor_of(beside=("definition", "status", "statistics"))
    floor.until_live()
    asked = [line for line in venue.lines[0] if line.startswith("schema=")]
    assert [line.split("|")[0][7:] for line in asked] == [
        "trades", "definition", "status", "statistics",
    ]  # fmt: skip
    assert not any("start=" in line for line in asked[1:])


def test_a_compressed_session_brings_the_same(venue, floor_of):
    floor = floor_of(compression="zstd")
    floor.until_live()
    venue.release()
    floor.until_trades(400)
    assert "|compression=zstd|" in venue.lines[0][0]
    assert columns(floor.trades()) == wanted(venue.market.sent)


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


@contextmanager
def full_disk(floor: Floor) -> Iterator[None]:
    """Let no file of this process grow beyond the stream's size as it is now."""
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    (path,) = floor.data.glob("feed-*.frames")
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, was[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)


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


# ---- other schemas --------------------------------------------------------------------------


def of_schema(name: str, schema: str) -> Market:
    from databento import DBNStore

    store = DBNStore.from_bytes(real(name).read_bytes())
    rows = store.to_ndarray()
    sent = [Sent(int(r["ts_event"]), int(r["ts_recv"]), int(r["instrument_id"]), r.tobytes())
            for r in rows]  # fmt: skip
    ids = {one.instrument_id for one in sent}
    return Market(sent, {"ESH4": dict.fromkeys(ids, "ESH4"), "ESU4": dict.fromkeys(ids, "ESU4")},
                  schema)  # fmt: skip


@pytest.mark.parametrize(("name", "schema", "symbol"), [
    ("es-mbo-20231225/futures_mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst", "mbp-1", "ESU4"),
    ("es-mbo-20231225/futures_trades_2024-07-01T23-58_2024-07-02T00-02.dbn.zst", "trades", "ESU4"),
    (RECORDING, "mbo", "ESH4"),
])  # fmt: skip
def test_a_live_session_has_the_trades_and_quotes_that_the_recording_has(
    tmp_path, connection, name, schema, symbol
):
    market = of_schema(name, schema)
    recorded = Recording([real(name)], symbol, Refusals(tmp_path / "refused"))
    known = concat([chunk.trades for chunk in recorded])
    with gateway(market) as venue:
        floor = Floor(tmp_path, connection, venue.port, schema=schema, symbol=symbol)
        floor.until_live()
        venue.pour()
        floor.until_trades(len(known))
        found = floor.trades()
        floor.feed.close()
    assert columns(found) == columns(known)
    for quote in ("bid", "ask"):
        one, other = getattr(found, quote), getattr(known, quote)
        assert (one is None and other is None) or one.tolist() == other.tolist()


# ---- instruments ----------------------------------------------------------------------------


def test_of_a_parent_only_the_front_month_is_streamed_and_no_spread(venue, floor_of):
    venue.market.sent = [
        trade(START_NS, 4 * QUARTER), trade(START_NS + 1, 2 * QUARTER, instrument_id=SPREAD),
        trade(START_NS + 2, 9 * QUARTER, instrument_id=ESM4), trade(START_NS + 3, 5 * QUARTER),
    ]  # fmt: skip
    floor = floor_of()
    floor.until_live()
    venue.release()
    floor.until_trades(2)
    assert floor.trades().price.tolist() == [4, 5]
    shown = floor.feed.inspect()
    assert (shown["contract"], shown["others"], shown["spreads"]) == ("ESH4", 2, 1)


def test_trades_before_the_mapping_of_their_instrument_are_not_lost(venue, floor_of):
    venue.habits.maps = False
    floor = floor_of()
    floor.until_live()
    venue.release(5)
    floor.until(lambda: floor.feed.figures.records > 6)
    assert floor.trades() == []
    venue.say(mapping(ESH4, "ES.FUT", "ESH4"))
    floor.until_trades(5)
    venue.release(5)
    floor.until_trades(10)
    assert columns(floor.trades()) == wanted(venue.market.sent[:10])


def two_months() -> list[Sent]:
    """Trades of both months, before and on the trading date on which the front one changes."""
    return [
        trade(at_ns + number * S, (100 + number) * QUARTER, instrument_id=id)
        for at_ns in (ROLLED_NS - 86_400 * S, ROLLED_NS)
        for number, id in enumerate((ESH4, ESM4, ESH4, ESM4))
    ]


@pytest.mark.parametrize("symbology", ["parent", "continuous"])
def test_the_month_is_rolled_by_subscribing_anew_with_the_new_trading_date(
    venue, floor_of, symbology
):
    venue.market.sent = two_months()
    venue.habits.clock_ns = ROLLED_NS - 86_400 * S
    floor = floor_of(symbology=symbology)
    floor.until_live()
    venue.release(4)
    floor.until_trades(2)
    venue.market.symbols["ES.v.0"] = {ESM4: "ESM4"}
    venue.habits.clock_ns = ROLLED_NS - 1_800 * S
    floor.until_live(2)
    venue.release()
    floor.until_trades(5)
    assert [batch.contract for batch in floor.of(TradeBatch)][-1] == "ESM4"
    # The trade behind our last one, too, which had been the other month's.
    assert floor.trades().price.tolist() == [100, 102, 103, 101, 103]
    assert floor.of(FeedLost)[0].reason == "the subscription is renewed"
    assert floor.of(FeedLost, FeedRestored)[-1] == FeedRestored(contract="ESM4")
    assert lost_in(floor.stream()) == ()


@pytest.mark.parametrize("symbology", ["parent", "continuous"])
def test_under_an_open_position_nothing_is_rolled_even_by_a_broken_link(
    venue, floor_of, symbology
):
    venue.market.sent = two_months()
    venue.habits.clock_ns = ROLLED_NS - 86_400 * S
    floor = floor_of(symbology=symbology)
    floor.until_live()
    venue.release(4)
    floor.until_trades(2)
    floor.feed.held["bracket"] = "MESH4"
    venue.market.symbols["ES.v.0"] = {ESM4: "ESM4"}
    venue.habits.clock_ns = ROLLED_NS
    for _ in range(200):
        floor.turn()
    assert floor.feed.link.sessions == 1
    venue.hang_up("fin")
    floor.until_live(2)
    venue.release()
    floor.until_trades(4)
    assert {batch.contract for batch in floor.of(TradeBatch)} == {"ESH4"}
    floor.feed.held.clear()
    floor.until_live(2)


# ---- order, lateness, quiet, quantity -------------------------------------------------------


def test_a_trade_with_an_earlier_time_than_the_one_before_is_refused_and_counted(venue, floor_of):
    times = (START_NS + 5, START_NS + 5, START_NS + 4, START_NS + 6)
    venue.market.sent = [trade(ts, (100 + n) * QUARTER) for n, ts in enumerate(times)]
    floor = floor_of()
    floor.until_live()
    venue.release()
    floor.until_trades(3)
    assert floor.trades().price.tolist() == [100, 101, 103]
    assert floor.feed.inspect()["late"] == 1
    venue.hang_up("fin")
    floor.until_live(2)
    assert len(floor.trades()) == 3  # It comes again, and is refused again.


def test_two_prints_that_look_the_same_are_two_trades(venue, floor_of):
    venue.market.sent = [trade(START_NS, 100 * QUARTER, sequence=9)] * 2
    floor = floor_of()
    floor.until_live()
    venue.release()
    floor.until_trades(2)


def test_in_a_quiet_market_the_gateways_clock_closes_the_bar(venue, floor_of):
    floor = floor_of()
    floor.until_live()
    venue.release(10)
    floor.until_trades(10)
    venue.habits.clock_ns = START_NS + 300 * S
    for _ in range(200):
        floor.turn()
    assert floor.of(Cut) == []
    venue.habits.clock_ns += S // 2
    floor.until(lambda: floor.of(Cut))
    assert floor.of(Cut)[0].ts_ns == START_NS + 300 * S


def test_while_trades_are_sent_again_the_clock_waits_for_them(venue, floor_of):
    floor = floor_of()
    floor.until_live()
    venue.release(10)
    floor.until_trades(10)
    venue.market.sent[10:] = [trade(START_NS + 200 * S, 4_800 * 4 * QUARTER)]
    venue.habits.clock_ns = START_NS + 900 * S
    venue.down()
    venue.release()
    venue.up()
    floor.until_live(2)
    floor.until(lambda: floor.of(Cut))
    kinds = [type(message) for message in floor.stream()]
    assert kinds.index(Cut) > len(kinds) - 1 - kinds[::-1].index(TradeBatch)


def test_a_slow_reader_is_warned_and_trades_that_come_late_close_the_fence(venue, floor_of):
    now_ns = time_ns()
    venue.market.sent = [trade(now_ns - 60 * S, 100 * QUARTER), trade(now_ns, 101 * QUARTER)]
    venue.habits.clock_ns = now_ns
    floor = floor_of(lag_max_s=10, symbol="ESH4")
    floor.until_live()
    venue.say(system(2, "You are 59 s behind", now_ns))
    venue.release(1)
    floor.until_trades(1)
    (lost,) = floor.of(FeedLost)
    assert lost.reason in ("trades come 60 s late", "trades come 61 s late")
    shown = floor.feed.inspect()
    assert (shown["slow_reader_warnings"], shown["said"]) == (1, "You are 59 s behind")
    assert shown["lag_ms"] >= 60_000
    venue.release()
    floor.until(lambda: floor.of(FeedRestored))


@pytest.mark.slow
def test_a_burst_of_a_million_records_is_taken_without_loss(venue, floor_of):
    import numpy as np

    count = 1_000_000
    rows = np.tile(np.frombuffer(made(1)[0].raw, np.uint8), (count, 1))
    rows[:, 8:16] = (START_NS + np.arange(count)).astype("<u8").view(np.uint8).reshape(-1, 8)
    raw = rows.tobytes()
    blocks = [raw[at : at + 48 * 4096] for at in range(0, len(raw), 48 * 4096)]
    venue.market.sent = [Sent(START_NS, START_NS, ESH4, block) for block in blocks]
    floor = floor_of()
    floor.until_live()
    venue.pour()
    floor.until(lambda: floor.feed.tape.last_ns >= START_NS + count - 1, 60)
    assert np.array_equal(floor.trades().ts_event, START_NS + np.arange(count))


def test_the_key_is_in_nothing_that_is_written(venue, floor_of, capfd):
    floor = floor_of()
    floor.until_live()
    venue.hang_up("error:6")
    floor.until_live(2)
    told = capfd.readouterr()
    kept = b"".join(path.read_bytes() for path in floor.data.iterdir())
    for place in (told.out.encode(), told.err.encode(), kept, str(floor.feed.inspect()).encode()):
        assert KEY.encode() not in place
        assert venue.lines[0][0].split("|")[0].encode() not in place
