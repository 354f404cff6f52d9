"""Where bought history is kept and who sells it, by the settings; and the trades of a warm-up.

All of this is heavy where it is used, so it is used by a command or in a child, never by an actor.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from actors.adapters.feeds.databento import key_of
from actors.adapters.feeds.ingest import Recording
from actors.adapters.feeds.port import Chunk, Refusals
from actors.adapters.history.buy import buy, order_of
from actors.adapters.history.cache import Cache
from actors.adapters.history.databento import DatabentoHistory
from actors.adapters.history.plan import pieces_of
from actors.adapters.history.port import History, HistoryError
from actors.adapters.history.spent import history_directory
from actors.adapters.secrets import BadSecret
from protocol.settings import Settings


def cache_of(settings: Settings) -> Cache:
    """Return what has been bought so far."""
    return Cache(history_directory(settings))


def history_of(settings: Settings) -> History:
    """Return the vendor, or raise `HistoryError` where there is no key."""
    try:
        key = key_of(settings.databento)
    except BadSecret as error:
        raise HistoryError(str(error)) from None
    return DatabentoHistory(settings.history, key)


@dataclass(frozen=True, slots=True)
class Paid:
    """Trades that were bought, all there are before `until_ns`."""

    files: tuple[Path, ...]
    contract: str
    until_ns: int

    def __iter__(self) -> Iterator[Chunk]:
        """Yield the trades."""
        with TemporaryDirectory() as aside:
            yield from Recording(self.files, self.contract, Refusals(Path(aside)))


def paid_trades(settings: Settings, contract: str, start_ns: int, end_ns: int) -> Paid:
    """Return the trades of a contract, bought as far as they are not here and can be had.

    What was traded last may not be for sale yet; then they end where history does.
    """
    history, cache = history_of(settings), cache_of(settings)
    dataset = settings.history.dataset
    until_ns = min(end_ns, history.until_ns(dataset))
    if until_ns <= start_ns:
        raise HistoryError(f"the history of {dataset} ends at {until_ns} ns, wanted {start_ns}")
    with cache.alone():
        pieces = pieces_of(history, dataset, "trades", contract, start_ns, until_ns)
        order = order_of(history, cache, pieces)
        limit = settings.history.cost_max_cents
        files = buy(history, cache, order, limit, time.time_ns()).files
    if not files:
        raise HistoryError(f"no trade of {contract} from {start_ns} to {until_ns} ns is for sale")
    return Paid(tuple(files), contract, until_ns)
