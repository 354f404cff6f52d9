"""What the gateway says beside trades: mappings, definitions, status, statistics, its own words.

Errors are told apart by code. Most end the session, and the gateway hangs up after them. Records
that it skipped because we were slow are asked for again by a new session. What is too old to be
sent again makes the next session ask for all there is. A symbol that is not resolved ends it only
where nothing else of ours is: the gateway may resolve it later, but nobody can trade on that.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum

import numpy as np

from actors.core.market import ends
from actors.core.market.ends import End, Fault
from actors.core.market.figures import Figures
from actors.core.market.months import Months
from actors.core.market.records import (
    DEFINITION,
    ERROR,
    MAPPING,
    STATISTICS,
    STATUS,
    SYSTEM,
    UNDEF_PRICE,
    Records,
    text_of,
)
from protocol.units import NANOS_PER_S

# Actions of status records that have a name of their own on the floor.
_STATUS = {1: "pre-open", 7: "trading", 8: "halt", 9: "pause", 10: "suspended", 12: "closed"}


class Turn(StrEnum):
    """What a record of these kinds asks for."""

    NAMED = "named"  # Trades may have waited for this mapping.
    ACKNOWLEDGED = "acknowledged"
    REPLAYED = "replayed"
    ALL = "all"  # The next session must ask for all there is.
    NOTHING = "nothing"


class Words:
    """Understands the words of one session; what is only to be shown goes to the figures."""

    def __init__(self, months: Months, tick_billionths: int) -> None:
        self.months = months
        self.tick_billionths = tick_billionths

    def add(
        self, records: Records, figures: Figures, contract: str
    ) -> Iterator[tuple[Turn, Fault | None]]:
        """Yield what each record asks for, and the fault that ends the session, if it is one.

        `contract` is ours, as far as it is known: of others no status is shown.
        """
        for row in records.rows:
            mine = int(row["instrument_id"]) in self.months.ids(contract)
            if records.rtype == MAPPING:
                name = text_of(row["symbol"])
                self.months.add(int(row["instrument_id"]), text_of(row["asked"]), name)
                yield Turn.NAMED, None
            elif records.rtype == SYSTEM:
                yield self._system(row, figures), None
            elif records.rtype == ERROR:
                yield self._error(row, figures)
            elif records.rtype == DEFINITION:
                yield Turn.NOTHING, self._defined(row)
            elif records.rtype == STATUS and mine:
                action = int(row["action"])
                figures.status = _STATUS.get(action, f"status {action}")
            elif records.rtype == STATISTICS and mine:
                price, quantity = int(row["price"]), int(row["quantity"])
                value = quantity if price == UNDEF_PRICE else price
                figures.statistics[int(row["kind"])] = value

    @staticmethod
    def _system(row: np.void, figures: Figures) -> Turn:
        code = int(row["code"])
        if code != ends.HEARTBEAT:
            figures.said = text_of(row["text"])
        if code == ends.SLOW_READER:
            figures.slow_warnings += 1
        turns = {ends.ACKNOWLEDGED: Turn.ACKNOWLEDGED, ends.REPLAYED: Turn.REPLAYED}
        return turns.get(code, Turn.NOTHING)

    def _error(self, row: np.void, figures: Figures) -> tuple[Turn, Fault | None]:
        code, text = int(row["code"]), text_of(row["text"])
        figures.said = text
        if code == ends.SYMBOL_FAILED and self.months.names:
            return Turn.NOTHING, None
        fault = Fault(End.ERROR, code, text)
        return (Turn.ALL if code == ends.AGED_OUT else Turn.NOTHING), fault

    def _defined(self, row: np.void) -> Fault | None:
        """Note a definition; a tick that is not ours would put every price on a wrong grid."""
        instrument_id = int(row["instrument_id"])
        self.months.define(instrument_id, text_of(row["class"]))
        tick, wanted = int(row["tick"]), self.tick_billionths
        if instrument_id not in self.months.names or tick in (wanted, UNDEF_PRICE):
            return None
        name = self.months.names[instrument_id]
        return Fault(End.TICK, text=f"{name} has {tick} billionths, wanted {wanted}")


def utc_words(ts_ns: int) -> str:
    """Return an instant to the second, for a sentence."""
    return f"{datetime.fromtimestamp(ts_ns // NANOS_PER_S, UTC):%Y-%m-%d %H:%M:%S} UTC"
