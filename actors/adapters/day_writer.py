"""One day file brought up to date with the frames that are held: the steps, and their order.

Written beside, read back and compared row by row, moved into place, noted in the ledger. A file
that is damaged, gone, or says something else than the frames is made anew only if the frames hold
every row that was ever noted of it; else it is refused, and the frames stay.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from actors.adapters.day_parquet import DayFileError, DayMark, holds, read_day, write_day
from actors.adapters.digest import sha256_of
from actors.adapters.frames import sync_directory
from actors.adapters.ledger import Fact, Ledger
from actors.adapters.segments import moved_aside
from actors.core.export.days import Columns, Differs, held_rows, joined, same
from protocol.instruments import UnknownSymbol, instrument_of

SIMULATED = "-simulated"  # Behind the symbol: made-up trades never mix with real ones.
Told = Callable[[str], None]  # Hears every step just before it is taken.


class Refused(Exception):
    """A day cannot be brought up to date; its frames stay. The text says why."""


@dataclass(frozen=True, slots=True, order=True)
class DayKey:
    """One day file."""

    date: date
    symbol: str
    kind: str
    simulated: bool

    @property
    def name(self) -> str:
        """The name below the directory of days."""
        folder = self.symbol + (SIMULATED if self.simulated else "")
        suffix = ".depth.parquet" if self.kind == "depth" else ".parquet"
        return f"{folder}/{self.date}{suffix}"


class Day:
    """One day file on its way; `fact` is what the ledger says of it."""

    def __init__(
        self, days: Path, key: DayKey, ledger: Ledger, fact: Fact | None, told: Told
    ) -> None:
        self.key, self.ledger, self.fact, self.told = key, ledger, fact, told
        self.path = days / key.name

    def bring(self, parts: list[Columns]) -> bool:
        """Make the file hold every row of `parts`, which are used up; return if it was written."""
        try:
            self.mark = _mark(self.key)
            rows = joined(parts)
            parts.clear()  # A busy day is large, and once in memory is enough.
        except (Differs, UnknownSymbol) as error:
            raise Refused(str(error)) from None
        before = self._before(rows)
        whole = rows if before is None else self._with(before, rows)
        if before is not None and same(before, whole):
            self._note(whole)
            return False
        self._write(whole)
        self._note(whole)
        return True

    def _before(self, rows: Columns) -> Columns | None:
        """Return what the file holds, None if it must be made of `rows` alone."""
        if self.path.exists():
            try:
                mark, before = read_day(self.path)
                if mark == self.mark:
                    return before
                why = f"it says {mark}"
            except DayFileError as error:
                why = str(error)
            self._whole_in(rows, why)
            self.told(f"set aside {self.key.name}")
            moved_aside(self.path)
        else:
            self._whole_in(rows, "the file is gone")
        return None

    def _with(self, before: Columns, rows: Columns) -> Columns:
        try:
            return joined([before, rows])
        except Differs as error:
            self._whole_in(rows, str(error))
            self.told(f"set aside {self.key.name}")
            moved_aside(self.path)
            return rows

    def _whole_in(self, rows: Columns, why: str) -> None:
        """Refuse to make the file anew when frames that it was made of are gone."""
        if self.fact is not None:
            first, last, wanted = (self.fact[name] for name in ("first_seq", "last_seq", "rows"))
            held = held_rows(rows["seq"], first, last)
            if held < wanted:
                raise Refused(
                    f"{why}; of its {wanted} rows {held} are still held as frames, wanted all:"
                    " bring the file back from where it was exported to"
                )

    def _write(self, rows: Columns) -> None:
        part = self.path.with_name(self.path.name + ".part")
        self.told(f"write {self.key.name}")
        if not self.path.parent.exists():
            self.path.parent.mkdir(mode=0o700)
            sync_directory(self.path.parent.parent)
        try:
            write_day(part, self.mark, rows)
            self.told(f"verify {self.key.name}")
            if not holds(part, rows):
                raise DayFileError(f"{part} reads back different from the frames")
        except (OSError, DayFileError) as error:
            part.unlink(missing_ok=True)  # A full disk needs the room.
            raise Refused(f"not written: {error}") from None
        self.told(f"place {self.key.name}")
        part.replace(self.path)
        self.told(f"name {self.key.name}")
        sync_directory(self.path.parent)

    def _note(self, rows: Columns) -> None:
        fact: Fact = {
            "name": self.key.name,
            "date": self.key.date.isoformat(),
            "rows": len(rows["seq"]),
            "first_seq": int(rows["seq"].min()),
            "last_seq": int(rows["seq"].max()),
            "size": self.path.stat().st_size,
            "sha256": sha256_of(self.path),
        }
        if fact != self.fact:
            self.told(f"note {self.key.name}")
            self.ledger.add(fact)


def _mark(key: DayKey) -> DayMark:
    return DayMark(
        kind=key.kind,
        symbol=key.symbol,
        date=key.date,
        simulated=key.simulated,
        tick_billionths=instrument_of(key.symbol).tick_billionths,
    )
