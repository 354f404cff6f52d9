"""What a live feed says of itself, in numbers: it is asked seldom, however many want to know.

A feed that does not answer is not well, and old numbers of it would say that it is: then there
are none.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

from supervision.inspection import NoAnswer, ask

ACTOR = "feed"
APART_S = 5.0
ASK_LIMIT_S = 0.5


class Figure(NamedTuple):
    """One number of a feed, as Prometheus is told."""

    name: str
    kind: str
    says: str
    value: float


# Name, kind, meaning, key of the feed's inspection, how many of its units make one of ours.
FIGURES = (
    ("records_total", "counter", "Records received.", "records", 1),
    ("records_per_second", "gauge", "Records in the last second.", "records_per_s", 1),
    ("lag_seconds", "gauge", "From exchange to receipt, the largest of the last second.",
     "lag_ms", 1000),
    ("gaps_total", "counter", "Stretches that cannot be had again.", "gaps", 1),
    ("reconnects_total", "counter", "Connections made again.", "reconnects", 1),
    ("spent_cents", "gauge", "Spent on data.", "spent_cents", 1),
)  # fmt: skip
# Of a feed that tells its book; named as its checks are.
BOOK_FIGURES = (
    ("records", "Records of the book."),
    ("malformed", "Records of the book whose levels make none."),
    ("crossed", "Events after which the book was crossed."),
    ("doubtful", "Records of which the gateway says that the book may be wrong."),
    ("backwards", "Records of the book out of the venue's order."),
)


class FeedFigures:
    """Remembers the last answer of the feed; asked from several threads."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._lock = Lock()
        self._asked_s = float("-inf")
        self._state: Mapping[str, Any] = {}

    def now(self) -> list[Figure]:
        """Return the figures, at most `APART_S` old; none where the feed does not answer."""
        with self._lock:
            if monotonic() - self._asked_s >= APART_S:
                self._state = self._ask()
                self._asked_s = monotonic()
            return list(figures_of(self._state))

    def _ask(self) -> Mapping[str, Any]:
        try:
            state: Mapping[str, Any] = ask(self._run_dir, ACTOR, ASK_LIMIT_S)["state"]
        except NoAnswer:
            return {}
        return state


def figures_of(state: Mapping[str, Any]) -> Iterator[Figure]:
    """Yield the figures that the inspection of a feed holds."""
    if "link" in state:
        yield Figure("live", "gauge", "1 while the link is live.", state["link"] == "live")
    for name, kind, says, key, units in FIGURES:
        if isinstance(state.get(key), int | float):
            yield Figure(name, kind, says, state[key] / units)
    book = state.get("book", {})
    if book.get("records"):  # A feed of trades alone has a book that nothing was told of.
        for name, says in BOOK_FIGURES:
            yield Figure(f"book_{name}_total", "counter", says, book[name])
