"""Which bars: their kind and their size, written "time:300" in settings and messages."""

import re
from dataclasses import dataclass
from enum import StrEnum

SIZE_MAX = 1_000_000
DAY_S = 86_400


class BarKind(StrEnum):
    """What ends a bar (domain 1.3)."""

    TIME = "time"  # Seconds.
    TICK = "tick"  # Trades.
    VOLUME = "volume"  # Contracts.
    RANGE = "range"  # Ticks from low to high.


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of bars in one size; `str` gives back what `parse_series` took."""

    kind: BarKind
    size: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.size}"


def parse_series(text: str) -> Series:
    """Return the series called `text`; what is none is refused with what was wanted."""
    match = re.fullmatch(rf"({'|'.join(BarKind)}):([1-9][0-9]{{0,6}})", text, re.ASCII)
    if match is None:
        raise ValueError(f"bars {text!r}, wanted kind:size like 'time:300' of {', '.join(BarKind)}")
    series = Series(BarKind(match[1]), int(match[2]))
    size_max = DAY_S if series.kind is BarKind.TIME else SIZE_MAX
    if series.size > size_max:
        raise ValueError(f"bars {text!r}, wanted a size of at most {size_max}")
    return series
