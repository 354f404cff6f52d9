"""Signals: each with what became of it, over any pages and filters."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actors.core.risk.ledger import bracket_id
from tests.makers import make_signal
from tests.web.api.days import SIGNALS, answer_to, end_ms, keep_day, signal_of
from tests.web.rooms import Client, asked, keep, make_run, talk, told
from web.api import signals as module
from web.floor import Floor

Fits = Callable[[int], bool]
FATES = {0: "bracket", 1: "target", 2: "dropped", 3: "dropped"}


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return make_run(tmp_path)


def fate_of(number: int) -> str:
    return "denied" if number == 12 else FATES[number % 4]


def is_stacked(number: int) -> bool:
    return bool(number % 3)


def is_ranging(number: int) -> bool:
    return bool(number % 4)


def numbers(rows: list[dict[str, Any]]) -> list[int]:
    return [int(row["id"].removeprefix("signal-")) for row in rows]


def every(run_dir: Path, query: str, limit: int) -> list[dict[str, Any]]:
    """Return the rows of all pages."""
    rows: list[dict[str, Any]] = []

    async def talking(client: Client, _: Floor) -> None:
        cursor = ""
        while True:
            page = await told(client, f"/api/signals?limit={limit}{query}{cursor}")
            assert len(page["rows"]) <= limit
            rows.extend(page["rows"])
            if page["next"] is None:
                return
            cursor = f"&cursor={page['next']}"

    talk(run_dir, talking)
    return rows


@pytest.mark.parametrize("limit", [1, 5, 12, 100])
@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("", lambda n: True),
        ("&pattern=stacked_buy", is_stacked),
        ("&pattern=selling_exhaustion", lambda n: not is_stacked(n)),
        ("&pattern=flow_buying", lambda n: False),
        ("&regime=ranging", is_ranging),
        ("&regime=volatile&pattern=stacked_buy", lambda n: is_stacked(n) and not is_ranging(n)),
        ("&fate=dropped", lambda n: fate_of(n) == "dropped"),
        ("&fate=denied", lambda n: n == 12),
        ("&fate=bracket", lambda n: n in (4, 8)),
        (f"&from_ms={end_ms(5)}&to_ms={end_ms(7)}", lambda n: 5 <= n <= 7),
        (f"&from_ms={end_ms(5) + 1}&to_ms={end_ms(7) - 1}", lambda n: n == 6),
        (f"&to_ms={end_ms(0)}", lambda n: False),
    ],
)
def test_pages_hold_what_fits_once_the_newest_first(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch, query: str, fits: Fits, limit: int
) -> None:
    monkeypatch.setattr(module, "PART", 5)
    keep_day(run_dir)
    rows = every(run_dir, query, limit)
    assert numbers(rows) == [n for n in range(SIGNALS, 0, -1) if fits(n)]
    assert [row["fate"] for row in rows] == [fate_of(n) for n in numbers(rows)]


def test_a_signal_tells_what_was_seen_and_what_became_of_it(run_dir: Path) -> None:
    keep_day(run_dir)
    rows = {n: row for row in every(run_dir, "", 50) for n in numbers([row])}
    assert rows[8] == {
        "id": "signal-8", "at_ms": end_ms(8), "contract": "ESZ5", "series": "time:300",
        "pattern": "stacked_buy", "direction": "long", "strength": 0.6, "confidence": 1.0,
        "price": 5001.25, "ticks": 20_005, "zone_low": 5000.5, "zone_high": 5001.0,
        "actionable": True, "low_quality": False, "synthetic": False, "detail": "3 levels",
        "regime": "volatile", "regime_confidence": 0.8, "fate": "bracket", "why": "",
        "bracket_id": bracket_id("signal-8"),
    }  # fmt: skip
    assert rows[2]["why"] == "low_strength: <b>0.1</b>"
    assert (rows[12]["why"], rows[12]["regime"]) == ("halted: halted", "volatile")


def test_a_signal_that_nobody_has_answered_yet_is_only_raised(run_dir: Path) -> None:
    keep(run_dir, {"detector": [signal_of(1)]})
    (row,) = asked(run_dir, "/api/signals")["rows"]
    assert (row["fate"], row["regime"], row["bracket_id"]) == ("raised", None, None)


def test_many_answers_to_other_patterns_hide_none_to_this_one(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.api.books.SCAN_MAX", 5)  # Six signals were dropped, four of this.
    keep_day(run_dir)
    rows = every(run_dir, "&pattern=stacked_buy", 50)
    wanted = [number for number in range(SIGNALS, 0, -1) if is_stacked(number)]
    assert [row["fate"] for row in rows] == [fate_of(number) for number in wanted]


def test_a_page_looks_at_so_many_at_most_and_says_where_to_go_on(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PART", 2)
    monkeypatch.setattr(module, "SCAN_MAX", 4)
    keep(run_dir, {"detector": [make_signal(id=f"signal-{n}") for n in range(1, 13)],
                   "router": [answer_to(1)]})  # fmt: skip
    page = asked(run_dir, "/api/signals?fate=denied")
    assert (page["rows"], page["next"]) == ([], "9")
    assert every(run_dir, "&fate=denied", 5) == []


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "99999999999999999"])
def test_a_cursor_of_nothing_is_refused(run_dir: Path, cursor: str) -> None:
    assert "cursor" in asked(run_dir, f"/api/signals?cursor={cursor}", 400)["detail"]


def test_as_csv_there_is_a_line_for_each(run_dir: Path) -> None:
    keep_day(run_dir)

    async def talking(client: Client, _: Floor) -> None:
        text = await (await client.get("/api/signals.csv?limit=3")).text()
        assert [line.split(",")[0] for line in text.splitlines()] == [
            "id", "signal-12", "signal-11", "signal-10"
        ]  # fmt: skip

    talk(run_dir, talking)
