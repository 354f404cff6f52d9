"""The live feed through the official client against a gateway on loopback (facts F.1)."""

from time import time_ns

import pytest

from actors.adapters.feeds.ingest import Recording
from actors.adapters.feeds.port import Refusals
from actors.core.columns import concat
from actors.core.market.live_tape import lost_in
from protocol.market import Cut, FeedLost, FeedRestored, TradeBatch
from tests.actors.adapters.feeds.live_floor import ROLLED_NS, Floor, S
from tests.actors.adapters.feeds.recordings import real
from tests.venues.databento.gateway import KEY, gateway
from tests.venues.databento.records import (
    ESH4,
    ESM4,
    RECORDING,
    SPREAD,
    START_NS,
    Market,
    Sent,
    columns,
    made,
    mapping,
    system,
    trade,
    wanted,
)

QUARTER = 250_000_000


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
