"""What belongs to one session of a live feed, and how it begins: subscribed to what, from when on.

A session begins with what the stream holds already: the trades that may come again are counted,
and the gate goes on from the last one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from actors.adapters.feeds.databento_wire import Plan, Subscription
from actors.adapters.feeds.gate import Gate
from actors.adapters.feeds.port import Refusals
from actors.core.market.intake import Intake
from actors.core.market.live_tape import LiveTape, trades_since
from actors.core.market.months import Months, asked_symbol
from actors.core.market.seam import Seam
from actors.core.market.words import Words
from actors.core.session.calendar import trading_date
from protocol.instruments import instrument_of
from protocol.message import Message
from protocol.settings import Settings


@dataclass(frozen=True, slots=True)
class Session:
    """What belongs to one session with the gateway."""

    intake: Intake
    words: Words
    gate: Gate
    from_ns: int  # Of the last trade that was known when it began; 0 for none.


def begun(
    settings: Settings,
    tape: LiveTape,
    backwards: Iterable[Message],
    known_ns: int,
    held: str,
    clock_ns: int,
    refusals: Refusals,
) -> Session:
    """Return a session that goes on behind `known_ns`, 0 for from now on.

    `backwards` is the stream from its end, `held` the contract of an open position, `clock_ns`
    the gateway's time as far as it is known, else 0.
    """
    seam = Seam()
    if known_ns:
        seam = Seam(known_ns - tape.rule.overlap_ns)
        for trades in trades_since(backwards, seam.from_ns, tape.contract):
            seam.know(trades)
    months = Months(settings.feed.symbol)
    gate = Gate(settings.feed.jump_ticks_max, refusals)
    gate.last_ts = tape.last_ns or None
    on = trading_date(clock_ns) if clock_ns else None
    tick = instrument_of(settings.feed.symbol).tick_billionths
    intake = Intake(months, seam, tick, on, months.holder(held))
    return Session(intake, Words(months, tick), gate, known_ns)


def plan_for(
    settings: Settings, session: int, key: str, held: str, start: int | None
) -> Plan:
    """Return the plan of a session; what is beside the trades is only of interest from now on."""
    chosen = settings.databento
    symbol, symbology = asked_symbol(settings.feed.symbol, chosen.symbology, chosen.rank, held)
    beside = (Subscription(schema, symbol, symbology, None) for schema in chosen.beside)
    return Plan(
        session=session,
        key=key,
        dataset=chosen.dataset,
        gateway=chosen.gateway,
        port=chosen.port,
        heartbeat_s=chosen.heartbeat_s,
        compression=chosen.compression,
        subscriptions=(Subscription(chosen.schema, symbol, symbology, start), *beside),
    )
