"""One session tried out before the floor starts: what it meets is said in one sentence.

A floor with a wrong key would start, be green, and never trade. So what lasts is found here, where
somebody reads it, and nothing is started. What passes by itself, a network that is down or a
market that is closed, is said, and the floor starts and waits for it.
"""

import time
from dataclasses import dataclass, replace

from actors.adapters.feeds.databento import ChildConnection, Connection, key_of
from actors.adapters.feeds.databento_wire import Ended, Received
from actors.adapters.feeds.live_session import plan_for
from actors.core.market.ends import End, Fault, is_lasting, words_of
from actors.core.market.figures import Figures
from actors.core.market.months import Months
from actors.core.market.records import runs_of
from actors.core.market.words import Turn, Words
from actors.core.session.calendar import Phase, phase, trading_date
from protocol.instruments import instrument_of
from protocol.settings import Settings
from protocol.units import NANOS_PER_MS, NANOS_PER_S

LOOK_S = 0.005
SETTLE_NS = 300 * NANOS_PER_MS  # After the acknowledgement: a bad symbol may be told behind it.
CLOSED = (Phase.HALT, Phase.WEEKEND)


@dataclass(frozen=True, slots=True)
class Probed:
    """What a try has met."""

    works: bool
    lasting: bool  # It is no use to start.
    words: str
    contract: str = ""  # Whose trades come; empty where only the gateway could have said it.


def probe(settings: Settings, now_ns: int, connection: Connection | None = None) -> Probed:
    """Return what a session with the gateway meets now, `now_ns` UTC."""
    chosen = settings.databento
    key = key_of(chosen)
    if not key:
        return _refused(Fault(End.NO_KEY))
    plan = plan_for(settings, 1, key, "", None)
    symbol = plan.subscriptions[0].symbol
    connection = ChildConnection() if connection is None else connection
    months = Months(settings.feed.symbol)
    try:
        connection.open(plan)
        fault = _first_fault(settings, connection, months, chosen.stall_s * NANOS_PER_S)
    finally:
        connection.stop()
    told = fault is None or chosen.symbology == "parent"
    contract = months.contract(trading_date(now_ns), "") if told else ""
    if fault is not None:
        return replace(_refused(fault), contract=contract)
    words = f"Databento {chosen.dataset} sends {chosen.schema} of {symbol}"
    if phase(now_ns) in CLOSED:
        words += "; the market is closed, the floor waits for its open"
    return Probed(works=True, lasting=False, words=words + ".", contract=contract)


def _refused(fault: Fault) -> Probed:
    lasting = is_lasting(fault)
    tail = "" if lasting else "; the floor tries again and again"
    return Probed(works=False, lasting=lasting, words=f"Databento: {words_of(fault)}{tail}.")


def _first_fault(
    settings: Settings, connection: Connection, months: Months, limit_ns: int
) -> Fault | None:
    """Return why the session fails, None if its subscription stands; `months` learns of it."""
    words = Words(months, instrument_of(settings.feed.symbol).tick_billionths)
    figures = Figures()
    until_ns = time.monotonic_ns() + limit_ns
    stands = False
    while time.monotonic_ns() < until_ns:
        for frame in connection.read():
            if isinstance(frame, Ended):
                return frame.fault
            assert isinstance(frame, Received)
            for records in runs_of(frame.raw):
                for turn, fault in words.add(records, figures, ""):
                    if fault is not None:
                        return fault
                    if turn is Turn.ACKNOWLEDGED and not stands:
                        stands = True
                        until_ns = time.monotonic_ns() + SETTLE_NS
        time.sleep(LOOK_S)
    return None if stands else Fault(End.SILENT)
