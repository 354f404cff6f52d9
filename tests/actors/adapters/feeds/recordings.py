"""Where the real recordings are, and small files and sources made for a test."""

import os
from pathlib import Path

import numpy as np
import pytest

from actors.adapters.feeds.port import Chunk
from actors.core.columns import Trades, concat, trades_of
from protocol.market import TradeBatch

ROOT = Path(__file__).resolve().parents[4]
HEADER = "DateTime,Price,Volume\n"


def real(name: str) -> Path:
    """Return the recording `name`, or skip the test; where the recordings must be, fail it."""
    folder = Path(os.environ.get("FLOORWATCH_DATA") or ROOT.parent / "shared" / "data")
    path = folder / name
    if not path.exists():
        reason = f"no recording at {path}; set FLOORWATCH_DATA to the folder of recordings"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def csv_file(path: Path, lines: list[str], header: str = HEADER) -> Path:
    path.write_bytes((header + "".join(f"{line}\n" for line in lines)).encode())
    return path


def line(number: int, price: float = 1640.25, size: object = 1) -> str:
    """A row `number` milliseconds after 10:00 in Chicago."""
    seconds, millis = divmod(number, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"2013-09-03 10:{minutes:02}:{seconds:02}.{millis:03},{price},{size}"


def trades_from(ts, price, side=0, size=1) -> Trades:
    count = len(ts)
    aggressor = np.full(count, side, np.uint8)
    return Trades(
        np.array(ts, np.int64),
        np.broadcast_to(np.array(price, np.int32), count).copy(),
        np.full(count, size, np.int32),
        aggressor,
        (aggressor > 0).astype(np.uint8),
        np.zeros(count, np.uint8),
    )


def all_trades(messages) -> Trades:
    return concat([trades_of(found) for found in messages if isinstance(found, TradeBatch)])


class Chunks:
    """A source of ready-made chunks."""

    def __init__(self, *parts: Trades, contract: str = "ESU3") -> None:
        self.parts = parts
        self.contract = contract

    def __iter__(self):
        return (Chunk(part, self.contract, simulated=False) for part in self.parts)
