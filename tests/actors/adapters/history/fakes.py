"""A vendor in memory: pieces have as many records as seconds, a cent each."""

from actors.adapters.history.port import Estimate, Fetched, HistoryError, Piece
from tests.actors.adapters.feeds.dbn_files import dbn_bytes, made_trades, packed

S = 10**9


class MemoryHistory:
    """Delivers made-up trades; `broken` says what goes wrong with a piece by its number."""

    def __init__(self, spans=(), until_ns=2**62):
        self.spans = dict(spans)
        self.end_ns = until_ns
        self.empty = set()
        self.broken = {}
        self.estimated: list[Piece] = []
        self.fetched: list[Piece] = []

    def until_ns(self, dataset):
        return self.end_ns

    def contracts(self, dataset, symbol, from_day, to_day):
        return self.spans.get(symbol, ())

    def estimate(self, piece):
        self.estimated.append(piece)
        count = 0 if piece.start_ns in self.empty else self._count(piece)
        return Estimate(cost_cents=count, records=count, size_bytes=48 * count)

    def fetch(self, piece, draft):
        self.fetched.append(piece)
        content = packed(dbn_bytes(made_trades(self._count(piece))))
        fault = self.broken.get(len(self.fetched))
        if fault == "half":
            content = content[:-5]
        with draft.open("xb") as file:
            file.write(content)
        if fault == "refused":
            raise HistoryError("503: not available")
        return Fetched(["more came"] if fault == "more" else [])

    def _count(self, piece):
        return (piece.end_ns - piece.start_ns) // S
