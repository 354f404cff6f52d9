"""What the settings say of a live feed, as its calculations take it."""

from actors.core.market.link import LinkRule
from actors.core.market.live_book import LiveBook
from actors.core.market.live_tape import LiveRule
from actors.core.rules import hours_of, series_of
from protocol.instruments import instrument_of
from protocol.settings import Settings
from protocol.units import NANOS_PER_MS, NANOS_PER_S


def live_rule(settings: Settings) -> LiveRule:
    """Return how the live tape of the settings is laid."""
    flow = settings.flow
    return LiveRule(
        series=series_of(settings.bars)[:1],
        split=settings.bars.split,
        hours=hours_of(settings.risk, settings.calendar),
        step_ns=flow.step_s * NANOS_PER_S if flow.enabled and flow.exits else 0,
        batch_trades_max=settings.feed.batch_trades_max,
        grace_ns=settings.databento.grace_ms * NANOS_PER_MS,
        overlap_ns=settings.databento.overlap_ms * NANOS_PER_MS,
    )


def live_book(settings: Settings) -> LiveBook:
    """Return the book of a live feed, which only a schema of ten levels can tell."""
    return LiveBook(
        wanted=settings.feed.depth == "ten" and settings.databento.schema == "mbp-10",
        slice_ns=settings.flow.step_s * NANOS_PER_S,
        tick_billionths=instrument_of(settings.feed.symbol).tick_billionths,
    )


def link_rule(settings: Settings) -> LinkRule:
    """Return how patient the link of the settings is."""
    chosen = settings.databento
    return LinkRule(
        stall_ns=chosen.stall_s * NANOS_PER_S,
        backoff_ns=chosen.backoff_ms * NANOS_PER_MS,
        backoff_max_ns=chosen.backoff_max_s * NANOS_PER_S,
    )
