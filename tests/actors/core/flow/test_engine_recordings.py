"""The engine on real books and tapes: ES with ten levels a print, ES with its touch alone."""

import csv
import gzip
import random
from datetime import UTC, datetime

import numpy as np
import pytest
from databento import DBNStore

from actors.core.flow.book import Book
from actors.core.flow.engine import FlowEngine
from actors.core.flow.metrics import imbalance_ratio
from protocol.units import NANOS_PER_S
from tests.actors.adapters.feeds.recordings import real
from tests.actors.core.flow.books import ASK, BID, make_depth, make_rule
from tests.makers import CONTRACT, make_trades

SECOND = NANOS_PER_S
TICK = 0.25
LEVELS = 10  # Of the forty in the file: more than the metrics look at.
EASY = {"window_s": 10, "imbalance_min": 0.05, "confidence_min": 0.3, "cooldown_s": 5,
        "delta_min": 20, "require_primary": False}  # fmt: skip


class Recording:
    """Books and trades print by print, and the changes that lead from each book to the next."""

    def __init__(self, depth: str) -> None:
        self.rule = make_rule(**EASY, depth=depth)
        self.changes: list[tuple[int, int, int, int]] = []
        self.trades: list[tuple[int, int, str, int]] = []
        self.prints: list[tuple[int, int, int]] = []  # Time, changes and trades until then.
        self.books: list[dict[tuple[int, int], int]] = []

    def see(self, ts: int, book: dict[tuple[int, int], int], trade: tuple | None) -> None:
        """Take in the levels of a print, by side and price, and its trade."""
        before = self.books[-1] if self.books else {}
        gone = dict.fromkeys(before.keys() - book.keys(), 0)
        self.changes += [
            (ts, side, price, size)
            for (side, price), size in {**gone, **book}.items()
            if before.get((side, price), 0) != size
        ]
        self.trades += [] if trade is None else [trade]
        self.prints.append((ts, len(self.changes), len(self.trades)))
        self.books.append(book)

    def fed(self, cuts: list[int]) -> list[tuple]:
        """Feed the prints before each cut, the changes first; return signals and metrics."""
        engine, found, changes, trades = FlowEngine(self.rule, CONTRACT, False), [], 0, 0
        for cut in (*cuts, len(self.prints)):
            _, more_changes, more_trades = self.prints[cut - 1]
            signals = engine.add_depth(make_depth(self.changes[changes:more_changes]))
            signals += engine.add_trades(make_trades(self.trades[trades:more_trades]))
            found += signals
            changes, trades = more_changes, more_trades
        assert engine.late == 0
        return [*found, engine.metrics]

    def slice_starts(self) -> list[int]:
        """Return the prints that are the first of a slice."""
        slices = [ts // self.rule.step_ns for ts, _, _ in self.prints]
        return [row for row in range(1, len(slices)) if slices[row] > slices[row - 1]]


@pytest.fixture(scope="module")
def levels() -> Recording:
    """A minute of ES from the open on 24 January 2022, each print with its book."""
    recording = Recording("levels")
    with gzip.open(real("es-dom40-sierra/es_2022-01-24_1min_dom40.txt.gz"), "rt") as lines:
        for row in csv.DictReader(lines, delimiter=";"):
            clock, _, micros = row["Time"].partition(".")
            moment = datetime.fromisoformat(f"{row['Date']} {clock}").replace(tzinfo=UTC)
            ts = int(moment.timestamp()) * SECOND + int(micros) * 1_000
            bid, ask = (round(float(row[f"{name}DOMPrice"]) / TICK) for name in ("Bid", "Ask"))
            book = {(BID, bid - level): int(row[f"BidDOM_{level}"]) for level in range(LEVELS)}
            book |= {(ASK, ask + level): int(row[f"AskDOM_{level}"]) for level in range(LEVELS)}
            side = {"1": "S", "2": "B"}[row["TradeType"]]
            trade = (ts, round(float(row["Price"]) / TICK), side, int(row["Volume"]))
            recording.see(ts, book, trade)
    return recording


@pytest.fixture(scope="module")
def touch() -> Recording:
    """Four minutes of the touch of ESU4 around midnight UTC."""
    recording = Recording("touch")
    name = "es-mbo-20231225/futures_mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst"
    for row in DBNStore.from_bytes(real(name).read_bytes()).to_ndarray():
        ts, price = int(row["ts_event"]), int(row["price"]) // 250_000_000
        book = {
            (BID, int(row["bid_px_00"]) // 250_000_000): int(row["bid_sz_00"]),
            (ASK, int(row["ask_px_00"]) // 250_000_000): int(row["ask_sz_00"]),
        }
        # A print on side B is of a buyer who crossed, on side A of a seller (domain 1.1).
        side = {b"A": "S", b"B": "B", b"N": "U"}[bytes(row["side"])]
        trade = (ts, price, side, int(row["size"])) if row["action"] == b"T" else None
        recording.see(ts, book, trade)
    return recording


@pytest.fixture(params=["levels", "touch"])
def recording(request: pytest.FixtureRequest) -> Recording:
    return request.getfixturevalue(request.param)


def sizes(book: dict[tuple[int, int], int], side: int, count: int) -> int:
    """The contracts on the best `count` levels of a side."""
    better = -1 if side == BID else 1
    prices = sorted((better * price, size) for (found, price), size in book.items()
                    if found == side and size)  # fmt: skip
    return sum(size for _, size in prices[:count])


def test_the_book_made_of_changes_is_the_book_of_each_print(recording):
    book, done = Book(), 0
    for (_, changes, _), wanted in zip(recording.prints, recording.books, strict=True):
        for _, side, price, size in recording.changes[done:changes]:
            book.change(side, price, size)
        done = changes
        assert book.touch[:4] == (
            sizes(wanted, BID, 1), sizes(wanted, ASK, 1),
            sizes(wanted, BID, 5), sizes(wanted, ASK, 5),
        )  # fmt: skip


def test_how_a_recording_is_cut_does_not_matter(recording):
    one_by_one = recording.fed(list(range(1, len(recording.prints))))
    assert len(one_by_one) >= 4
    dice = random.Random(11)
    for count in (0, 3, 40):
        # Both streams of a slice are there before the next slice begins.
        cuts = {*recording.slice_starts(), *dice.sample(range(1, len(recording.prints)), count)}
        assert recording.fed(sorted(cuts)) == one_by_one


def test_the_metrics_are_those_of_the_books_as_they_were_printed(recording):
    starts = recording.slice_starts()
    ts = np.array([print_ts for print_ts, _, _ in recording.prints])
    for count in (len(starts) // 2, len(starts) - 1):
        first = starts[count]
        end = (recording.prints[first - 1][0] // recording.rule.step_ns + 1) * 5 * SECOND
        engine = FlowEngine(recording.rule, CONTRACT, False)
        engine.add_depth(make_depth(recording.changes[: recording.prints[first - 1][1]]))
        engine.add_trades(make_trades(recording.trades[: recording.prints[first - 1][2]]))
        engine.add_depth(make_depth([(end, BID, 1, 1)]))
        wanted = [
            imbalance_ratio(
                ts,
                np.array([sizes(book, BID, depth) for book in recording.books]),
                np.array([sizes(book, ASK, depth) for book in recording.books]),
                np.array([end]),
                recording.rule.window_ns,
            ).item()
            for depth in (1, 5)
        ]
        found = engine.metrics
        assert found.imbalance_ppm == wanted[0]
        assert found.depth_ppm == (wanted[1] if recording.rule.levels_known else None)
        assert abs(found.imbalance_ppm) < 1_000_000


def test_touch_and_five_levels_of_a_real_book_are_not_the_same_number(levels):
    metrics = levels.fed(levels.slice_starts())[-1]
    assert metrics.imbalance_ppm != metrics.depth_ppm


def test_the_delta_of_a_real_tape_is_that_of_its_sides(levels):
    metrics = levels.fed(levels.slice_starts())[-1]
    end = levels.prints[-1][0] // levels.rule.step_ns * levels.rule.step_ns
    signed = {"B": 1, "S": -1}
    seen = [trade for trade in levels.trades if trade[0] < end]
    # The recording is in winter: 13:30 UTC is 08:30 New York, an hour before the session.
    assert metrics.delta == sum(size * signed[side] for _, _, side, size in seen)
    assert metrics.intensity == 6 * sum(ts >= end - 10 * SECOND for ts, *_ in seen)
