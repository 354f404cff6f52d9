"""Bars and footprints: pages over the books, the newest from the replica."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.settings import BarSettings, Settings
from tests.makers import make_bar
from tests.web.api.days import SIGNALS, bars_of, end_ms, end_ns, keep_day
from tests.web.rooms import Client, asked, keep, make_run, talk, told
from tests.web.test_tape import batch
from web.floor import Floor
from web.replica import Replica

TWO = Settings(bars=BarSettings(series=("time:300", "time:60")))


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return make_run(tmp_path)


def pages(run_dir: Path, path: str, limit: int, **more: Any) -> list[dict[str, Any]]:
    """Return the rows of all pages, the oldest first."""
    rows: list[dict[str, Any]] = []

    async def talking(client: Client, _: Floor) -> None:
        before = ""
        while True:
            page = await told(client, f"{path}limit={limit}{before}")
            rows[:0] = page["rows"]
            if page["next"] is None:
                return
            before = f"&before_ms={page['next']}"

    talk(run_dir, talking, **more)
    return rows


def test_a_bar_has_prices_ticks_bands_and_the_regime_it_closed_in(run_dir: Path) -> None:
    keep_day(run_dir)
    page = asked(run_dir, "/api/bars?limit=1")
    (row,) = page["rows"]
    assert page["next"] == row["end_ms"] == end_ms(SIGNALS)
    assert (row["open"], row["ticks"][0]) == (5003.0, 20_012)
    assert (row["vwap"], row["vwap_lower3"], row["vwap_upper1"]) == (5000.0, 4998.5, 5000.5)
    assert (row["regime"], row["volume"], row["buy"], row["sell"]) == ("volatile", 60, 30, 30)


def test_pages_hold_every_bar_of_the_series_once(run_dir: Path) -> None:
    keep_day(run_dir)
    for limit in (1, 5, 12, 500):
        rows = pages(run_dir, "/api/bars?", limit)
        assert [row["end_ms"] for row in rows] == [end_ms(n) for n in range(1, SIGNALS + 1)]
        minutes = pages(run_dir, "/api/bars?series=time:60&", limit, settings=TWO)
        assert len({row["end_ms"] for row in minutes}) == len(minutes) == 5 * SIGNALS
        assert {row["vwap"] for row in minutes} == {None}


def test_a_series_whose_name_begins_like_another_is_another(run_dir: Path) -> None:
    keep(run_dir, {"bars": [make_bar(series=f"time:{size}", end_ns=end_ns(n) + size)
                            for n in (1, 2) for size in (30, 300)]})  # fmt: skip
    settings = Settings(bars=BarSettings(series=("time:300", "time:30")))
    assert len(pages(run_dir, "/api/bars?series=time:30&", 5, settings=settings)) == 2


def test_what_the_books_do_not_have_yet_comes_from_the_replica(run_dir: Path) -> None:
    bars = bars_of(5)
    keep(run_dir, {"bars": bars[:18]})  # The first three.
    replica = Replica()
    for bar in bars:
        replica.fold(bar)
    rows = pages(run_dir, "/api/bars?", 2, replica=replica)
    assert [row["end_ms"] for row in rows] == [end_ms(number) for number in range(1, 6)]


@settings(max_examples=20)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=25), st.integers(1, 6))
def test_bars_that_end_together_are_never_parted(steps: list[int], limit: int) -> None:
    from tempfile import TemporaryDirectory

    ends, orders, now_ns = [], [], end_ns(1)
    for step in steps:
        now_ns += step * 500_000  # Half a millisecond: two bars may share one.
        orders.append(orders[-1] + 1 if ends and ends[-1] == now_ns else 0)
        ends.append(now_ns)
    bars = [make_bar(end_ns=end, order=order) for end, order in zip(ends, orders, strict=True)]
    with TemporaryDirectory() as name:
        run_dir = make_run(Path(name))
        keep(run_dir, {"bars": bars})
        rows = pages(run_dir, "/api/bars?", limit)
    assert [row["end_ms"] for row in rows] == [end // 10**6 for end in ends]


def test_a_footprint_shows_imbalances_and_their_stacks(run_dir: Path) -> None:
    # Buying of 60 stands over selling of 10 one tick lower, three levels in a row.
    bar = make_bar(end_ns=end_ns(1), sells=(10, 10, 10, 10, 1), buys=(5, 60, 60, 60, 0))
    keep(run_dir, {"bars": [bar]})
    (row,) = asked(run_dir, f"/api/footprint?end_ms={end_ms(1)}")["rows"]
    assert [level["imbalance"] for level in row["levels"]] == [None, "buy", "buy", "buy", None]
    assert [level["stacked"] for level in row["levels"]] == [False, True, True, True, False]
    assert row["levels"][1] == {"price": 5000.25, "ticks": 20_001, "bid": 10, "ask": 60,
                                "unknown": 0, "imbalance": "buy", "stacked": True}  # fmt: skip


def test_footprints_are_paged_like_bars_and_one_that_is_not_there_is_said(run_dir: Path) -> None:
    keep_day(run_dir)
    rows = pages(run_dir, "/api/footprint?", 5)
    assert [row["end_ms"] for row in rows] == [end_ms(n) for n in range(1, SIGNALS + 1)]
    for end in (0, end_ms(3) - 1, end_ms(3) + 1, end_ms(99)):
        told_so = asked(run_dir, f"/api/footprint?end_ms={end}", 404)
        assert told_so["detail"] == f"no bar of time:300 ended at {end}"


def test_a_contract_that_nobody_knows_is_shown_in_ticks(run_dir: Path) -> None:
    keep(run_dir, {"bars": [make_bar(contract="XYZ")]})
    assert asked(run_dir, "/api/bars")["rows"][0]["open"] == 20_000
    (row,) = asked(run_dir, "/api/footprint")["rows"]
    assert {level["imbalance"] for level in row["levels"]} == {None}


@pytest.mark.parametrize(
    ("query", "status"),
    [("series=time:60", 404), ("series=time", 400), ("series=time:0", 400),
     ("series=day:1", 400), ("series=time:99", 404), ("limit=0", 400),
     ("limit=501", 400), ("limit=1.5", 400), ("limit=", 400), ("before_ms=-1", 400),
     ("before_ms=1e5", 400), ("before_ms=\u0661", 400), ("limit=1&limit=2", 400), ("x=1", 400)],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_name(run_dir: Path, query: str, status: int) -> None:
    name = query.partition("=")[0]
    words = asked(run_dir, f"/api/bars?{query}", status)["detail"]
    assert name in words or "no bars time:" in words


def test_the_first_series_decides(run_dir: Path) -> None:
    rows = asked(run_dir, "/api/series", settings=TWO)["rows"]
    assert [(row["series"], row["decides"]) for row in rows] == [
        ("time:300", True), ("time:60", False)
    ]  # fmt: skip


def test_trades_that_are_not_read_are_said_to_be_so_and_others_shown(run_dir: Path) -> None:
    assert "not recorded here" in asked(run_dir, "/api/tape", 404)["detail"]
    replica = Replica()
    replica.fold(batch([(n * 10**6, 20_000, 1, 1) for n in range(5)]))
    rows = asked(run_dir, "/api/tape?limit=2", replica=replica)["rows"]
    assert [row["at_ms"] for row in rows] == [4, 3]
