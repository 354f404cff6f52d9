"""What a source of trades is, and what becomes of the rows it cannot use.

A format reader turns one file into `Rows`: columns as found, nothing judged but what cannot be
read at all. The gate judges them by one set of rules for all formats and lets clean trades
through as `Chunk`s. A `Source` is anything that iterates such chunks in order.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import Trades

QUARANTINE_ROWS_MAX = 1_000_000  # Beyond it rows are still counted, but no longer written out.
TEXT_MAX = 200


class FeedError(Exception):
    """No trades can come of this: says which file, what was found and what is wanted."""


class Reason(StrEnum):
    """Why a row was refused."""

    MALFORMED = "malformed"
    NOT_A_NUMBER = "not_a_number"
    OFF_GRID = "off_grid"
    BAD_SIZE = "bad_size"
    TIME_BACKWARDS = "time_backwards"
    TIME_LEAP = "time_leap"
    PRICE_JUMP = "price_jump"
    SYMBOL_MISMATCH = "symbol_mismatch"
    DAMAGED = "damaged"
    SUSPICIOUS = "suspicious"  # Flagged so by whoever recorded it.


REASONS = tuple(Reason)
REASON_CODES = {reason: np.uint8(code) for code, reason in enumerate(REASONS, start=1)}


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive rows of one file as a reader found them."""

    contract: str
    ts: NDArray[np.int64]
    ticks: NDArray[np.int64]
    size: NDArray[np.int64]
    aggressor: NDArray[np.uint8]
    source: NDArray[np.uint8]
    flags: NDArray[np.uint8]
    bid: NDArray[np.int32] | None  # Where one is unknown both are 0, which is no valid quote.
    ask: NDArray[np.int32] | None
    refused: NDArray[np.uint8] | None  # A code of REASON_CODES where the reader saw it; else 0.
    where: Callable[[int], tuple[int, str]]  # Row index to line or byte offset, and its text.

    def __len__(self) -> int:
        return len(self.ts)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Clean consecutive trades of one contract; sides are as the feed gave them."""

    trades: Trades
    contract: str
    simulated: bool


class Source(Protocol):
    """Trades in order, chunk by chunk; a change of contract is a new chunk."""

    def __iter__(self) -> Iterator[Chunk]:
        """Yield the chunks."""


class Reader(Protocol):
    """One file of one format."""

    simulated: bool

    def rows(self) -> Iterator[Rows]:
        """Yield the rows in the order of the file."""


@dataclass(slots=True)
class Refusals:
    """Counts what was refused, and writes each refused row to a quarantine file.

    The file is made with the first refusal: no bad row, no file.
    """

    directory: Path
    name: str = "quarantine.csv"
    counts: Counter[Reason] = field(default_factory=Counter)
    _rows: int = 0

    @property
    def path(self) -> Path | None:
        """Where the refused rows are, if there are any."""
        return self.directory / self.name if self._rows else None

    def add(
        self, file: str | Path, where: int, reason: Reason, text: str, count: int = 1
    ) -> None:
        """Count `count` rows refused for `reason` and write one line about them."""
        self.add_all(file, reason, [(where, text)])
        self.counts[reason] += count - 1

    def add_all(
        self, file: str | Path, reason: Reason, rows: list[tuple[int, str]]
    ) -> None:
        """Count and write rows given as (line or offset, text)."""
        self.counts[reason] += len(rows)
        rows = rows[: max(0, QUARANTINE_ROWS_MAX - self._rows)]
        if not rows:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        # The first refusal of a run replaces what an earlier run has left behind.
        mode = "a" if self._rows else "w"
        path = self.directory / self.name
        with path.open(mode, newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            if not self._rows:
                writer.writerow(("file", "line_or_offset", "reason", "text"))
            writer.writerows((str(file), where, reason, text[:TEXT_MAX]) for where, text in rows)
        self._rows += len(rows)
