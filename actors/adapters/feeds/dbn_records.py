"""The bytes of a DBN file: header, then records, until the end or the first damage.

Records are not decoded one by one. Consecutive records of one kind and length are viewed as one
numpy array; files of one schema are a single such run, mixed live recordings a few hundred. The
layouts used here are the same in DBN versions 1, 2 and 3; what differs between them is the width
of symbols in mapping records.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.adapters.feeds.port import FeedError
from actors.adapters.feeds.unpack import Damaged

TRADES, MBP_1, MBP_10, MAPPING, MBO = 0, 1, 10, 22, 160
HEADER_BYTES_MAX = 256 * 1024 * 1024  # A year of all options has some million symbols.
_RECORD_BYTES_MIN = 16

Fields = dict[str, tuple[Any, int]]  # Type and place of each.
_HEAD: Fields = {"length": ("u1", 0), "rtype": ("u1", 1), "instrument_id": ("<u4", 4),
                 "ts_event": ("<u8", 8)}
_TRADE = _HEAD | {"price": ("<i8", 16), "size": ("<u4", 24), "action": ("u1", 28),
                  "side": ("u1", 29), "flags": ("u1", 30), "sequence": ("<u4", 44)}
_QUOTED = _TRADE | {"bid": ("<i8", 48), "ask": ("<i8", 56)}
# Each level is a bid and an ask; so is each of these columns.
_LEVELS = np.dtype([("price", "<i8", 2), ("size", "<u4", 2), ("orders", "<u4", 2)])
_TEN = _QUOTED | {"levels": ((_LEVELS, 10), 48)}
_MBO = _HEAD | {"order_id": ("<u8", 16), "price": ("<i8", 24), "size": ("<u4", 32),
                "flags": ("u1", 36), "action": ("u1", 38), "side": ("u1", 39),
                "sequence": ("<u4", 52)}
_FIELDS: dict[int, Fields] = {TRADES: _TRADE, MBP_1: _QUOTED, MBP_10: _TEN, MBO: _MBO}
_LENGTHS = {TRADES: 48, MBP_1: 80, MBP_10: 368, MBO: 56}
TRADE_KINDS = frozenset(_FIELDS)


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive records of one kind."""

    rtype: int
    offset: int  # Of the first one, in the unpacked file.
    stride: int  # Bytes per record.
    data: NDArray[np.void]  # Fields by name for records with trades, else only the head.
    raw: memoryview


class DbnFile:
    """One DBN file in unpacked `blocks`: its header, then `runs` of records.

    `decoded` makes the metadata of the header's bytes; it comes from outside, with the SDK.
    """

    def __init__(
        self, path: Path, blocks: Iterator[bytes], decoded: Callable[[bytes], Any]
    ) -> None:
        self.path = path
        self._blocks = blocks
        self._rest = b""
        head = self._take(8)
        if head[:3] != b"DBN" or not 1 <= head[3] <= 3:
            raise FeedError(f"{path} begins with {head[:4]!r}, wanted DBN of version 1, 2 or 3")
        self.version = head[3]
        length = int.from_bytes(head[4:8], "little")
        if length > HEADER_BYTES_MAX:
            raise FeedError(
                f"{path}: a header of {length} bytes, wanted at most {HEADER_BYTES_MAX}"
            )
        self.metadata = decoded(head + self._take(length))
        self._offset = 8 + length
        self._extra = 8 if self.metadata.ts_out else 0

    def runs(self) -> Iterator[Run]:
        """Yield the runs of whole records; raise `Damaged` where they end too early."""
        data = self._rest
        while True:
            start = 0
            while (run := self._run(data, start)) is not None:
                yield run
                start += len(run.raw)
            self._offset += start
            data = data[start:]
            block = next(self._blocks, b"")
            if not block:
                break
            data += block
        if data:
            raise Damaged(self._offset, f"{len(data)} bytes that are no whole record")

    def _run(self, data: bytes, start: int) -> Run | None:
        """Return the run at `start`, None when not even one record of it is whole."""
        offset = self._offset + start
        if len(data) - start < 2:
            return None
        stride, rtype = data[start] * 4, data[start + 1]
        wanted = _LENGTHS.get(rtype, stride - self._extra) + self._extra
        if stride < _RECORD_BYTES_MIN or stride != wanted:
            raise Damaged(offset, f"a record of kind {rtype} with {stride} bytes, wanted {wanted}")
        count = (len(data) - start) // stride
        if count == 0:
            return None
        fields = _FIELDS.get(rtype, _HEAD)
        rows = np.frombuffer(data, _dtype(fields, stride), count, start)
        same = (rows["length"] == data[start]) & (rows["rtype"] == rtype)
        if not same.all():
            count = int(np.argmin(same))
        raw = memoryview(data)[start : start + count * stride]
        return Run(rtype, offset, stride, rows[:count], raw)

    def _take(self, count: int) -> bytes:
        while len(self._rest) < count:
            try:
                self._rest += next(self._blocks)
            except (StopIteration, Damaged) as error:
                raise FeedError(
                    f"{self.path}: the header ends after {len(self._rest)} bytes, wanted {count}"
                    f" ({error or 'end of file'})"
                ) from None
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken


def mapping_of(run: Run) -> Iterator[tuple[int, str]]:
    """Yield (instrument id, raw symbol) of the mapping records of a live recording."""
    # Version 1 has two symbols of 22 bytes; later ones have a kind byte and 71 for each.
    place, width = (38, 22) if run.stride < 150 else (16 + 1 + 71 + 1, 71)
    for index, row in enumerate(run.data):
        start = index * run.stride + place
        text = bytes(run.raw[start : start + width]).partition(b"\0")[0]
        yield int(row["instrument_id"]), text.decode("ascii", "replace")


def _dtype(fields: Fields, stride: int) -> np.dtype[np.void]:
    return np.dtype(
        {
            "names": list(fields),
            "formats": [kind for kind, _ in fields.values()],
            "offsets": [place for _, place in fields.values()],
            "itemsize": stride,
        }
    )
