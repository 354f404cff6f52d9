"""The bars to begin with: from books, from day files, from bought history, and why not."""

import dataclasses
from datetime import date

import pytest

from actors.adapters.books import MemoryBooks
from actors.adapters.day_files import roll
from actors.adapters.feeds.simulated import SimulatedSession
from actors.adapters.feeds.tape import TapeRule, tape
from actors.adapters.store import SqlBooks, database_for
from actors.core.warmup.stretch import Refusal
from actors.recorder import RecorderShell
from ops.replay import local_floor
from ops.warmup import bars_of, warm_bars
from protocol.databento_settings import DatabentoSettings
from protocol.day_settings import WarmupSettings
from protocol.history_settings import HistorySettings
from protocol.market import BarClosed
from protocol.settings import Settings
from tests.makers import at, make_bar
from tests.venues.databento.authority import make_authority
from tests.venues.databento.historical import KEY, NANOS, historical_server
from tests.venues.databento.shelves import OPEN_NS, made_trades, stocked

SETTINGS = Settings()
DAY = date(2025, 12, 2)
NOW = at("09:25", "2025-12-03")
FIVE = 300 * 10**9


def simulated_run(base, day=DAY):
    """Return a run whose recorder has the day file of a made-up session."""
    data = base / "floor" / "data"
    data.mkdir(parents=True)
    messages = list(tape(session(day), TapeRule.of(Settings().feed, Settings().bars)))
    shell = RecorderShell()
    shell.configure(Settings(), str(data))
    for seq, message in enumerate(messages, 1):
        shell.keep("feed", seq, message)
    shell.commit()
    shell.close()
    assert roll(data, depth=False, now_ns=at("17:01", str(day))).refused == []
    return base / "floor"


def session(day=DAY):
    return SimulatedSession("ES", 3, 20_000, day)


def stored(run_dir, bars):
    """Keep bars in the books of a run."""
    data = run_dir / "data"
    data.mkdir(parents=True, exist_ok=True)
    books = SqlBooks(database_for("", str(data), "books"))
    for seq, bar in enumerate(bars, 1):
        books.add("bars", seq, bar)
    books.close()
    return run_dir


def five_minutes(count, last_ns, **fields):
    first = last_ns - count * FIVE
    return [
        make_bar(start_ns=first + n * FIVE, end_ns=first + (n + 1) * FIVE, **fields)
        for n in range(count)
    ]


def warm(run_dirs, warmup=SETTINGS.warmup, now_ns=NOW, **more):
    settings = dataclasses.replace(SETTINGS, warmup=warmup)
    return warm_bars(settings, run_dirs, "ESZ5", now_ns, **more)


def test_bars_that_a_run_has_kept_come_first(tmp_path):
    bars = five_minutes(40, NOW)
    found = warm([stored(tmp_path / "one", bars)])
    assert (found.bars, found.source, found.refused) == (tuple(bars[-36:]), "bars of one", ())


def test_a_run_that_has_too_few_gives_way_to_the_next_and_says_why(tmp_path):
    new = stored(tmp_path / "new", five_minutes(5, NOW))
    old = stored(tmp_path / "old", five_minutes(40, NOW - 5 * FIVE))
    found = warm([new, old])
    assert found.source == "bars of old"
    assert [(source, kind) for source, kind, _ in found.refused] == [("bars of new", Refusal.FEW)]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [({"contract": "ESU5"}, Refusal.OTHER_CONTRACT), ({"simulated": True}, Refusal.SIMULATED)],
)
def test_bars_of_another_contract_or_of_no_market_are_refused(tmp_path, fields, kind):
    found = warm([stored(tmp_path / "one", five_minutes(40, NOW, **fields))])
    assert (found.bars, found.source) == ((), "")
    assert found.refused[0][1] is kind


def test_bars_of_more_than_seven_days_ago_are_not_looked_for(tmp_path):
    run_dir = stored(tmp_path / "one", five_minutes(40, NOW - 8 * 86_400 * 10**9))
    assert warm([run_dir]).refused[0][1] is Refusal.NONE
    aged = warm([run_dir], WarmupSettings(days_max=30))
    assert aged.refused[0][1] is Refusal.OLD


def test_zero_bars_switch_it_off_and_nothing_is_looked_at(tmp_path):
    found = warm([tmp_path / "missing"], WarmupSettings(bars=0))
    assert (found.bars, found.source, found.refused) == ((), "", ())


def test_a_run_that_left_nothing_is_refused_and_leaves_nothing_behind(tmp_path):
    found = warm([tmp_path / "missing"])
    assert [kind for _, kind, _ in found.refused] == [Refusal.NONE, Refusal.NONE]
    assert list(tmp_path.iterdir()) == []


def test_without_kept_bars_the_ticks_of_the_recorder_give_the_same_bars_as_the_floor(tmp_path):
    run_dir = simulated_run(tmp_path)
    found = warm([run_dir], simulated=True)
    assert found.source == "ticks of floor", found.refused
    assert len(found.bars) == 36
    assert found.bars[-1].end_ns == at("17:00", str(DAY))
    # What a floor closes by its cuts on the same tape, but for the bar that the tape's end cuts.
    rule = TapeRule.of(Settings().feed, Settings().bars)
    books = MemoryBooks()
    local_floor(Settings(), books, str(tmp_path)).run(tape(session(), rule))
    live = [bar for bar in books.entries("bars") if isinstance(bar, BarClosed)]
    assert found.bars[:-1] == tuple(live[-36:-1])


def test_a_bar_that_is_still_open_is_none():
    chunks = list(session())
    noon = at("12:02", str(DAY))
    until = [dataclasses.replace(c, trades=c.trades.slice(0, int((c.trades.ts_event < noon).sum())))
             for c in chunks]  # fmt: skip
    found = list(bars_of(Settings(), until, "ESZ5", noon))
    assert found[-1].end_ns == at("12:00", str(DAY))
    assert list(bars_of(Settings(), until, "ESH6", noon)) == []


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with historical_server(make_authority(tmp_path_factory.mktemp("authority"))) as server:
        yield server


@pytest.fixture
def server(running):
    """A vendor with a trade of ESH4 every half minute, for three hours from the open on."""
    found = stocked(running)
    times = [OPEN_NS + n * 30 * NANOS for n in range(360)]
    found.shelves = {("trades", "ESH4"): made_trades(times)}
    return found


@pytest.fixture
def buying(server, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABENTO_API_KEY", KEY)
    history = HistorySettings(
        warmup=True, gateway=server.address, ca_file=str(server.authority.ca),
        directory=str(tmp_path / "history"), timeout_s=5,
    )  # fmt: skip
    return dataclasses.replace(SETTINGS, history=history)


BUY_NS = OPEN_NS + 3 * 3_600 * NANOS
GET = "timeseries.get_range"


def bought(settings, now_ns=BUY_NS, **more):
    return warm_bars(settings, [], "ESH4", now_ns, **({"paid": True} | more))


def test_bought_history_is_the_last_source_and_gives_whole_bars(buying, server):
    found = bought(buying)
    assert (found.source, found.refused) == ("bought history", ())
    assert len(found.bars) == 36
    assert found.bars[-1].end_ns == BUY_NS
    assert [bar.trades for bar in found.bars] == [10] * 36
    assert not any(bar.simulated for bar in found.bars)


def test_a_second_start_buys_nothing_again_and_a_later_one_the_rest(buying, server):
    first = bought(buying)
    server.asked.clear()
    assert bought(buying).bars == first.bars
    assert GET not in server.methods()
    times = [OPEN_NS + n * 30 * NANOS for n in range(720)]
    server.shelves = {("trades", "ESH4"): made_trades(times)}
    later = bought(buying, BUY_NS + 1_800 * NANOS)
    assert later.bars[-1].end_ns == BUY_NS + 1_800 * NANOS
    (asked,) = [asked for asked in server.asked if asked.method == GET]
    assert asked.form["start"] == str(BUY_NS)


def test_a_bar_that_history_does_not_reach_the_end_of_is_none(buying, server):
    server.end = "2023-12-26T01:52:00.000000000Z"  # Eight minutes before now.
    found = bought(buying)
    assert found.bars[-1].end_ns == OPEN_NS + (2 * 60 + 50) * 60 * NANOS


@pytest.mark.parametrize(("change", "why"), [
    ({"cost_max_cents": 1}, "it costs $0.18, more than the limit of $0.01"),
    ({"gateway": "https://127.0.0.1:1"}, "ConnectionError"),
    ({"dataset": "XNAS.ITCH"}, "404: the data set or symbol is not known"),
])  # fmt: skip
def test_what_cannot_be_bought_is_refused_in_a_sentence_and_the_floor_starts_cold(
    change, why, buying, server
):
    server.cents_per_byte = 0.00101  # 360 trades of 48 bytes are 17.45 cents.
    history = dataclasses.replace(buying.history, **change)
    found = bought(dataclasses.replace(buying, history=history))
    assert (found.bars, found.source) == ((), "")
    ((source, _, text),) = found.refused
    assert source == "bought history"
    assert why in text
    assert GET not in server.methods()


def test_a_key_that_others_can_read_is_not_used(buying, server, tmp_path):
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "key").chmod(0o644)
    databento = DatabentoSettings(key_file=str(tmp_path / "key"))
    found = bought(dataclasses.replace(buying, databento=databento))
    assert "has mode 644, wanted 600" in found.refused[0][2]
    assert server.asked == []


def test_hours_of_which_history_has_nothing_yet_are_refused(buying, server):
    server.end = "2023-12-20T00:00:00.000000000Z"
    assert "the history of GLBX.MDP3 ends at" in bought(buying).refused[0][2]
    server.end, server.shelves = "2030-01-01T00:00:00Z", {
        ("trades", "ESH4"): made_trades([OPEN_NS - 10**15])
    }
    assert "no trade of ESH4" in bought(buying).refused[0][2]


@pytest.mark.parametrize("more", [{"paid": False}, {"simulated": True}])
def test_nothing_is_bought_without_being_asked_to_or_for_a_made_up_market(more, buying, server):
    assert bought(buying, **more).refused == ()
    assert server.asked == []


def test_a_run_that_has_enough_is_taken_before_anything_is_bought(buying, server, tmp_path):
    bars = five_minutes(40, BUY_NS, contract="ESH4")
    found = warm_bars(buying, [stored(tmp_path / "one", bars)], "ESH4", BUY_NS, paid=True)
    assert found.source == "bars of one"
    assert server.asked == []
