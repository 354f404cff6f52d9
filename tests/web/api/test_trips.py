"""Round trips: joined, filtered, sorted, paged, summed up."""

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from actors.core.risk.ledger import bracket_id
from tests.makers import make_approved
from tests.web.api.days import approved_bracket, changed, end_ms, end_ns, keep_day, trip
from tests.web.rooms import Client, asked, keep, make_run, talk, told
from web.floor import Floor

FOUR, EIGHT = bracket_id("signal-4"), bracket_id("signal-8")


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return make_run(tmp_path)


def ids(page: dict[str, Any]) -> list[str]:
    return [row["id"] for row in page["rows"]]


def test_a_round_trip_knows_its_signal_its_risk_and_what_it_came_to(run_dir: Path) -> None:
    keep_day(run_dir)
    row = asked(run_dir, "/api/trades?sort=closed&limit=1")["rows"][0]
    wanted = {
        "id": FOUR, "signal_id": "signal-4", "contract": "ESZ5", "symbol": "ES",
        "direction": "long", "quantity": 1, "opened_ms": end_ms(4), "closed_ms": end_ms(5),
        "entry": 5000.0, "entry_ticks": 20_000.0, "exit": 5006.0, "exit_ticks": 20_024.0,
        "ticks": 24.0, "reason": "target", "pnl_cents": 29_550, "gross_cents": 30_000,
        "commission_cents": 450, "risk_cents": 21_700, "r": 1.3618, "mae_ticks": None,
        "mfe_ticks": None, "pattern": "stacked_buy", "regime": "volatile", "strength": 0.6,
        "held_s": 300.0,
    }  # fmt: skip
    assert row == wanted


def test_what_the_books_do_not_tell_is_null(run_dir: Path) -> None:
    keep(run_dir, {"desk": trip(4)})
    row = asked(run_dir, "/api/trades")["rows"][0]
    unknown = ("signal_id", "pattern", "regime", "risk_cents", "r", "strength", "mae_ticks")
    assert [row[name] for name in unknown] == [None] * len(unknown)


def write_recap(run_dir: Path, text: str) -> None:
    """Write what stands for the recap of the day, as it is written: in the place of the last."""
    recaps = run_dir / "data" / "recaps"
    recaps.mkdir(exist_ok=True)
    (recaps / "new").write_text(text)
    (recaps / "new").replace(recaps / "2025-12-02_recap.json")


def recap_of(*trips: tuple[str, Any, Any]) -> str:
    """Return a recap of round trips, how far against and how far in favour; one has neither."""
    rows = [{"bracket_id": id, "mae": against, "mfe": favour} for id, against, favour in trips]
    return json.dumps({"trades": [*rows, {"bracket_id": "x"}]})


def test_how_far_the_market_went_comes_from_the_recap_of_the_day(run_dir: Path) -> None:
    keep_day(run_dir)
    write_recap(run_dir, recap_of((FOUR, 2.0, 30.0)))
    rows = asked(run_dir, "/api/trades?sort=closed")["rows"]
    assert [(row["mae_ticks"], row["mfe_ticks"]) for row in rows] == [(2.0, 30.0), (None, None)]
    for nonsense in ("", "[]", '{"trades": 3}', '{"trades": [1]}', recap_of((FOUR, "2", "30"))):
        write_recap(run_dir, nonsense)
        row = asked(run_dir, "/api/trades?sort=closed")["rows"][0]
        assert (row["mae_ticks"], row["mfe_ticks"]) == (None, None)


def test_statistics_tell_how_far_the_market_went_on_the_mean_and_of_how_many_trips(
    run_dir: Path,
) -> None:
    def far(row: dict[str, Any]) -> tuple[Any, ...]:
        return row["mae_ticks"], row["mfe_ticks"], row["excursions_n"], row["excursions_low_n"]

    keep_day(run_dir)
    page = asked(run_dir, "/api/statistics")
    assert far(page["total"]) == far(page["rows"][0]) == (None, None, 0, True)
    write_recap(run_dir, recap_of((FOUR, 2.0, 30.0)))
    page = asked(run_dir, "/api/statistics")
    assert far(page["total"]) == far(page["rows"][0]) == (2.0, 30.0, 1, True)
    write_recap(run_dir, recap_of((FOUR, 2.0, 30.0), (EIGHT, 17.0, 3)))
    page = asked(run_dir, "/api/statistics?by=hour")
    assert far(page["total"]) == far(page["rows"][0]) == (9.5, 16.5, 2, True)


def test_the_mean_of_many_trips_is_not_that_of_few(run_dir: Path) -> None:
    trips = [trip(n) for n in range(30)]
    keep(run_dir, {"desk": [message for one in trips for message in one]})
    known = [(bracket_id(f"signal-{n}"), n, 0) for n in range(30)]
    for count, few in ((29, True), (30, False)):
        write_recap(run_dir, recap_of(*known[:count]))
        total = asked(run_dir, "/api/statistics")["total"]
        assert (total["excursions_n"], total["excursions_low_n"]) == (count, few)
        assert total["mae_ticks"] == (count - 1) / 2


def test_a_recap_is_read_once_and_again_when_it_is_written_anew(run_dir: Path) -> None:
    keep_day(run_dir)
    write_recap(run_dir, recap_of((FOUR, 2.0, 30.0)))
    path = run_dir / "data" / "recaps" / "2025-12-02_recap.json"

    async def talking(client: Client, _: Floor) -> None:
        async def against() -> Any:
            return (await told(client, "/api/trades?sort=closed"))["rows"][0]["mae_ticks"]

        assert await against() == 2.0
        stat = path.stat()
        path.write_text(recap_of((FOUR, 9.0, 30.0)))
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # As if nothing were new.
        assert await against() == 2.0
        write_recap(run_dir, recap_of((FOUR, 3.0, 30.0)))
        assert await against() == 3.0
        path.unlink()
        assert await against() is None

    talk(run_dir, talking)


def test_of_a_correction_the_last_figures_count_and_one_opened_again_is_no_trip(
    run_dir: Path,
) -> None:
    first = trip(4)
    second = trip(4, pnl_cents=5)[1:]
    keep(run_dir, {"desk": [*first, *second, *trip(8), changed(8)]})
    rows = asked(run_dir, "/api/trades")["rows"]
    assert [(row["id"], row["pnl_cents"]) for row in rows] == [(FOUR, 5)]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", [EIGHT, FOUR]),
        ("sort=closed", [FOUR, EIGHT]),
        ("sort=pnl", [EIGHT, FOUR]),
        ("sort=-pnl", [FOUR, EIGHT]),
        ("pattern=stacked_buy&sort=closed", [FOUR, EIGHT]),
        ("pattern=selling_exhaustion", []),
        ("regime=volatile&reason=target&sort=closed", [FOUR, EIGHT]),
        ("regime=ranging", []),
        (f"from_ms={end_ms(5)}&to_ms={end_ms(5)}", [FOUR]),
        (f"from_ms={end_ms(5) + 1}", [EIGHT]),
        (f"to_ms={end_ms(5) - 1}", []),
    ],
)
def test_a_filter_lets_through_what_fits_in_the_order_asked_for(
    run_dir: Path, query: str, wanted: list[str]
) -> None:
    keep_day(run_dir)
    assert ids(asked(run_dir, f"/api/trades?{query}")) == wanted


@pytest.mark.parametrize("sort", ["-closed", "pnl", "held", "-pattern"])
def test_pages_hold_every_trip_once_also_when_one_is_added_meanwhile(
    run_dir: Path, sort: str
) -> None:
    keep(run_dir, {"desk": [m for n in range(9) for m in trip(n, pnl_cents=n % 3)]})

    async def talking(client: Client, _: Floor) -> None:
        page = await told(client, f"/api/trades?limit=4&sort={sort}")
        found = ids(page)
        keep(run_dir, {"risk": [approved_bracket(4)]})
        while page["next"] is not None:
            page = await told(client, f"/api/trades?limit=4&sort={sort}&cursor={page['next']}")
            found += ids(page)
        assert sorted(found) == sorted(bracket_id(f"signal-{n}") for n in range(9))
        assert len(set(found)) == 9

    talk(run_dir, talking)


def test_a_cursor_of_nothing_is_refused(run_dir: Path) -> None:
    for path in ("/api/trades", "/api/equity"):
        assert "next" in asked(run_dir, f"{path}?cursor=nothing", 404)["detail"]


def test_as_csv_a_text_is_no_formula(run_dir: Path) -> None:
    evil = '=cmd|"/c calc"!A1'
    keep(run_dir, {
        "desk": trip(4), "risk": [approved_bracket(4)],
        "router": [make_approved(signal_id="signal-4")],
    })  # fmt: skip

    async def talking(client: Client, _: Floor) -> None:
        answers = [
            await client.get("/api/trades.csv"),
            await client.get("/api/trades", headers={"Accept": "text/csv"}),
        ]
        texts = [await answer.text() for answer in answers]
        assert texts[0] == texts[1]
        assert [answer.content_type for answer in answers] == ["text/csv"] * 2
        assert 'filename="trades.csv"' in answers[0].headers["Content-Disposition"]
        (row,) = csv.DictReader(io.StringIO(texts[0]))
        assert (row["pnl_cents"], row["mae_ticks"], row["id"]) == ("29550", "", FOUR)

    talk(run_dir, talking)
    from web.api.csv_text import csv_of

    assert csv_of([{"a": evil, "b": -5, "c": "\t=1", "d": "fine"}]).splitlines()[1] == (
        '"\'=cmd|""/c calc""!A1",-5,\'\t=1,fine'
    )
    assert csv_of([]) == ""


def test_statistics_are_those_of_the_trips_that_fit(run_dir: Path) -> None:
    keep_day(run_dir)
    page = asked(run_dir, "/api/statistics")
    total = page["total"]
    assert (total["n"], total["wins"], total["losses"]) == (2, 1, 1)
    assert (total["net_cents"], total["win_rate"]) == (29_550 - 20_450, 0.5)
    assert (page["drawdown_cents"], page["rows"][0]["value"]) == (20_450, "stacked_buy")
    by_hour = asked(run_dir, "/api/statistics?by=hour")["rows"]
    assert [(row["value"], row["n"]) for row in by_hour] == [("10:00", 2)]
    none = asked(run_dir, "/api/statistics?pattern=flow_buying")
    assert (none["total"]["n"], none["total"]["win_rate"], none["rows"]) == (0, None, [])


def test_the_curve_begins_at_the_balance_and_falls_below_its_peak(run_dir: Path) -> None:
    keep_day(run_dir)
    page = asked(run_dir, "/api/equity?limit=1")
    assert (page["start_cents"], page["next"]) == (250_000, FOUR)
    first, rest = page["rows"], asked(run_dir, f"/api/equity?cursor={FOUR}")
    assert [row["balance_cents"] for row in first + rest["rows"]] == [279_550, 259_100]
    assert rest["rows"][0]["drawdown_cents"] == 20_450
    assert rest["next"] is None


def test_a_short_that_fell_has_won_ticks(run_dir: Path) -> None:
    keep(run_dir, {"desk": trip(4, direction="short", quantity=2, entry_sum=40_001,
                                exit_sum=39_991)})  # fmt: skip
    row = asked(run_dir, "/api/trades")["rows"][0]
    assert (row["ticks"], row["entry_ticks"], row["entry"]) == (5.0, 20_000.5, 5000.125)


def test_a_trip_whose_executions_were_all_taken_back_has_no_ticks(run_dir: Path) -> None:
    keep(run_dir, {"desk": trip(4, quantity=0, entry_sum=0, exit_sum=0, opened_ns=end_ns(9))})
    row = asked(run_dir, "/api/trades")["rows"][0]
    assert (row["ticks"], row["held_s"]) == (0.0, 0.0)
