"""A live feed that is cut off and killed at random: the recorder has every trade once, in order,
and the book of the last record.

FLOORWATCH_DISCONNECTS and FLOORWATCH_KILLS set how often; a failure names its seed.
"""

import dataclasses
import os
import random
import tempfile
from pathlib import Path
from time import monotonic

import pytest

from actors.adapters.books import Books
from actors.adapters.feeds.databento import KEY_VARIABLE
from actors.adapters.segments import recorded_frames
from actors.adapters.store import SqlBooks, database_for
from actors.bars import BarsShell
from actors.core.book.records import LAST
from actors.core.columns import concat, trades_of
from actors.core.market.live_tape import LiveTape
from actors.core.market.rules import live_rule
from protocol.codec import decode
from protocol.databento_settings import TradeSchema
from protocol.market import Cut, FeedLost, FeedRestored, TradeBatch
from protocol.message import Message
from protocol.settings import Settings
from supervision import bodies
from supervision.inspection import NoAnswer, ask
from supervision.spec import ChildSpec, Intensity, SupervisorSpec
from tests.system.running import Running, until
from tests.venues.databento.depth import (
    book_in,
    depth_times,
    recorded_ten,
    told_book,
    trades_in,
)
from tests.venues.databento.gateway import KEY, Gateway, gateway
from tests.venues.databento.records import (
    START_NS,
    Market,
    as_trades,
    columns,
    recorded_trades,
    wanted,
)

DISCONNECTS = int(os.environ.get("FLOORWATCH_DISCONNECTS", "12"))
KILLS = int(os.environ.get("FLOORWATCH_KILLS", "3"))
BREAKS = ("fin", "rst", "error:6", "error:3", "torn", "garbage", "silence", "down")
PAUSE_S = (0.05, 0.5)
TRADES = 2_973
RECORDS = 12_000  # Of ten levels, and the trades among them.

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(170)]


def tree() -> SupervisorSpec:
    return SupervisorSpec(
        id="root",
        intensity=Intensity(1_000, 60.0),
        beat_s=0.5,
        children=(
            ChildSpec(id="recorder", start="actors.recorder.RecorderShell", reads=("feed",)),
            ChildSpec(id="books", start="actors.books.BooksShell", reads=("bars",)),
            ChildSpec(id="feed", start="actors.live_feed.LiveFeedShell"),
            ChildSpec(id="bars", start="actors.bars.BarsShell", reads=("feed",)),
        ),
    )


def settings_for(port: int, schema: TradeSchema = "trades") -> Settings:
    settings = Settings()
    chosen = dataclasses.replace(
        settings.databento, gateway="127.0.0.1", port=port, backoff_ms=50, schema=schema,
        backoff_max_s=1, stall_s=1, heartbeat_s=5, lag_max_s=0, beside=(),
    )  # fmt: skip
    return dataclasses.replace(settings, databento=chosen)


def state(run: Running, id: str) -> dict:
    try:
        return ask(run.run_dir, id, 0.5)["state"]
    except NoAnswer:  # It may be on its way back.
        return {}


def wait_live(run: Running) -> None:
    until(lambda: state(run, "feed").get("link") == "live", "the link is live", 30)


def break_at_random(
    run: Running, market: Gateway, dice: random.Random, disconnects: int, kills: int
) -> list[str]:
    """Let the market go on, hang up and kill, in an order of the dice; return what was done."""
    doing = [BREAKS[n % len(BREAKS)] for n in range(disconnects)] + ["kill"] * kills
    dice.shuffle(doing)
    share = len(market.market.sent) // (2 * len(doing) + 1)
    for what in doing:
        market.release(dice.randrange(2 * share))
        next_s = monotonic() + dice.uniform(*PAUSE_S)
        # Somebody must be there to be cut off; whether in mid-replay or long live, chance says.
        until(lambda t=next_s: monotonic() >= t and market.peers, "the next moment", 30)
        if what == "kill":
            body = until(lambda: bodies.body(run.pid("feed") or 0), "a feed to kill")
            bodies.kill(body)
        elif what == "down":
            market.down()
            market.release(dice.randrange(share + 1))
            market.up()
        else:
            market.hang_up(what)
    return doing


@pytest.mark.parametrize("seed", [1])
def test_whatever_breaks_the_recorder_has_every_trade_once_and_the_bars_are_those_of_calm(
    seed, monkeypatch
):
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    dice, sent = random.Random(seed), recorded_trades()
    assert len(sent) == TRADES
    with tempfile.TemporaryDirectory(prefix="fw-") as directory, gateway(Market(list(sent))) as g:
        settings = settings_for(g.port)
        run = Running(tree(), "fork", dataclasses.asdict(settings), 0, Path(directory))
        done: list[str] = []
        try:
            run.wait_green()
            wait_live(run)
            done = break_at_random(run, g, dice, DISCONNECTS, KILLS)
            g.release()
            wait_live(run)
            g.habits.clock_ns = START_NS + 2 * 3_600 * 1_000_000_000
            calm = calm_bars(sent, settings)
            until(lambda: state(run, "books").get("kept_since_start") == len(calm), "all bars", 30)
            run.host.terminate()
            assert run.wait_end() == 0, run.output()
        finally:
            print(f"seed {seed}: {done}; {run.alarms()[-3:]}")
            left = run.end()
        assert not left, f"processes outlived the run: {left}"
        assert g.cut_off >= DISCONNECTS
        assert len([a for a in run.alarms("child_restarted") if "feed" in a["text"]]) >= KILLS
        check_recorded(Path(directory) / "data", sent)
        assert told(directory, settings) == calm


@pytest.mark.parametrize("seed", [1])
def test_whatever_breaks_the_recorded_book_is_that_of_the_last_record_and_trades_are_as_ever(
    seed, monkeypatch
):
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    dice, sent = random.Random(seed), list(recorded_ten()[:RECORDS])
    market = Market(sent, schema="mbp-10")
    with tempfile.TemporaryDirectory(prefix="fw-") as directory, gateway(market) as g:
        settings = settings_for(g.port, "mbp-10")
        run = Running(tree(), "fork", dataclasses.asdict(settings), 0, Path(directory))
        data, done = Path(directory) / "data", list[str]()
        try:
            run.wait_green()
            wait_live(run)
            done = break_at_random(run, g, dice, len(BREAKS), min(KILLS, 2))
            g.release()
            wait_live(run)
            book = book_in(sent)
            until(lambda: told_book(map(decode, recorded_frames(data))) == book, "the book", 30)
            run.host.terminate()
            assert run.wait_end() == 0, run.output()
        finally:
            print(f"seed {seed}: {done}; {run.alarms()[-3:]}")
            left = run.end()
        assert not left, f"processes outlived the run: {left}"
        assert g.cut_off >= len(BREAKS)
        check_recorded(data, trades_in(sent))
        times = depth_times(map(decode, recorded_frames(data)))
    assert times == sorted(times)
    # What was sent while nobody was there is told event by event, too: only where a book begins
    # anew does one event stand for those before it.
    events = {one.ts_event for one in sent if one.raw[30] & LAST}
    first_ns = trades_in(sent)[0].ts_event
    missed = {ts for ts in events if ts > first_ns} - set(times)
    assert len(missed) < len(events) // 100, sorted(missed)[:20]


def check_recorded(data: Path, sent) -> None:
    messages = [decode(frame) for frame in recorded_frames(data)]
    trades = concat([trades_of(m) for m in messages if isinstance(m, TradeBatch)])
    assert len(trades) == len(sent)
    assert columns(trades) == wanted(sent)
    cuts = [m.number for m in messages if isinstance(m, Cut)]
    assert cuts == list(range(1, len(cuts) + 1))
    lost = [m for m in messages if isinstance(m, FeedLost | FeedRestored)]
    assert isinstance(lost[-1], FeedRestored)


def told(directory: str, settings: Settings) -> list[Message]:
    """The bars that the books have kept, with the value areas behind them."""
    data = str(Path(directory) / "data")
    books: Books = SqlBooks(database_for(settings.store.url, data, "books"))
    try:
        return [message for message in books.entries("bars") if not isinstance(message, Cut)]
    finally:
        books.close()


def calm_bars(sent, settings: Settings) -> list[Message]:
    """The bars of a link that never breaks, in one piece."""
    tape, bars = LiveTape(live_rule(settings)), BarsShell()
    bars.configure(settings, "")
    messages = [*tape.add(as_trades(sent), "ESH4")]
    messages += tape.clock(START_NS + 2 * 3_600 * 1_000_000_000)
    return [
        bar
        for message in messages
        for bar in (bars.on_cut if isinstance(message, Cut) else bars.on_trades)(message)
    ]
