"""Bars and footprints: history from the books, what is newer from the replica.

The books hold every bar of every series; they are a few tenths of a second behind what the page's
own fold has, so of the series it keeps the last bars come from there.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from protocol.instruments import UnknownSymbol, instrument_of
from protocol.market import BarClosed
from protocol.signals import ConditionJudged, RegimeJudged
from protocol.units import NANOS_PER_MS
from web.api.books import Books
from web.api.endpoint import MS_MAX, Answer, Call
from web.api.prices import ms, price
from web.api.problems import Problem

if TYPE_CHECKING:  # Loaded by who looks at a footprint, and by nobody before.
    from actors.core.patterns.imbalance import ImbalanceRule

NEAR = 64  # Numbers by which bars of several series that end together may be out of order.
BANDS = ("vwap_lower3", "vwap_lower2", "vwap_lower1", "vwap", "vwap_upper1", "vwap_upper2",
         "vwap_upper3")  # fmt: skip


def bars(call: Call) -> Answer:
    """Bars of a series before an instant, the oldest first."""
    series = _series(call)
    with call.house.books() as books:
        found, more = _before(call, books, series)
        decides = series == call.house.settings.bars.series[0]
        judged = _judged(books, found) if decides else ({}, {})
    rows = [_bar_row(bar, *judged) for bar in found]
    return Answer({"rows": rows, "next": ms(found[0].end_ns) if more else None})


def footprints(call: Call) -> Answer:
    """Footprints of a series: of the bar that ended at `end_ms`, or of bars before an instant."""
    series = _series(call)
    with call.house.books() as books:
        if call.values["end_ms"] is not None:
            end_ms = call.values["end_ms"]
            found = [bar for bar in _one_page(call, books, series, end_ms + 1, 1)[0]
                     if ms(bar.end_ns) == end_ms]  # fmt: skip
            if not found:
                raise Problem(404, f"no bar of {series} ended at {end_ms}")
            more = False
        else:
            found, more = _before(call, books, series)
    settings = call.house.settings.imbalance
    rows = [footprint_row(bar, rule_of(bar.contract, settings)) for bar in found]
    return Answer({"rows": rows, "next": ms(found[0].end_ns) if more else None})


def all_series(call: Call) -> Answer:
    """The series of bars that are built, and how many bars the books hold in all."""
    held = call.house.settings.bars.series
    rows = [
        {"series": series, "decides": index == 0, "bars": None} for index, series in enumerate(held)
    ]
    return Answer({"rows": rows, "next": None})


def tape(call: Call) -> Answer:
    """The last trades of the market, the newest first."""
    rows = call.house.floor.tape(call.values["limit"])
    if rows is None:
        raise Problem(404, "not recorded here: the page does not read the trades of this run")
    return Answer({"rows": rows, "next": None})


def rule_of(contract: str, settings: Any) -> "ImbalanceRule | None":
    """Return the rule for imbalances; None of a contract nobody knows."""
    from actors.core.patterns.imbalance import ImbalanceRule

    try:
        return ImbalanceRule.of(settings, instrument_of(contract))
    except UnknownSymbol:
        return None


def footprint_row(bar: BarClosed, rule: "ImbalanceRule | None") -> dict[str, Any]:
    """Return a bar level by level, with its diagonal imbalances and their stacks (domain 2.1)."""
    from actors.core.patterns.imbalance import buy_imbalances, sell_imbalances, stacks

    bought = [] if rule is None else buy_imbalances(bar.sells, bar.buys, rule)
    sold = [] if rule is None else sell_imbalances(bar.sells, bar.buys, rule)
    stacked: set[int] = set()
    if rule is not None:
        for low, high in (*stacks(bought, rule.stack_min), *stacks(sold, rule.stack_min)):
            stacked.update(range(low, high + 1))
    sides = dict.fromkeys(sold, "sell") | dict.fromkeys(bought, "buy")
    levels = [
        {
            "price": price(bar.low + index, bar.contract),
            "ticks": bar.low + index,
            "bid": sells,
            "ask": buys,
            "unknown": unknown,
            "imbalance": sides.get(index),
            "stacked": index in stacked,
        }
        for index, (sells, buys, unknown) in enumerate(
            zip(bar.sells, bar.buys, bar.unknowns, strict=True)
        )
    ]
    row = {"end_ms": ms(bar.end_ns), "contract": bar.contract, "levels": levels}
    priced = {"poc": bar.poc, "vah": bar.value_high, "val": bar.value_low,
              "open": bar.open, "close": bar.close}  # fmt: skip
    row |= {name: price(ticks, bar.contract) for name, ticks in priced.items()}
    return row | {"volume": bar.volume, "delta": bar.delta}


def _series(call: Call) -> str:
    held = call.house.settings.bars.series
    series: str = call.values["series"] or held[0]
    if series not in held:
        raise Problem(404, f"no bars {series} are built; wanted one of {', '.join(held)}")
    return series


def _before(call: Call, books: Books, series: str) -> tuple[list[BarClosed], bool]:
    before_ms = call.values["before_ms"]
    return _one_page(
        call, books, series, MS_MAX if before_ms is None else before_ms, call.values["limit"]
    )


def _one_page(
    call: Call, books: Books, series: str, before_ms: int, limit: int
) -> tuple[list[BarClosed], bool]:
    """Return bars that ended before an instant, the oldest first, and whether there are more.

    Bars that end in the same millisecond are never parted, so the page may be a little longer.
    """
    before_ns = before_ms * NANOS_PER_MS
    found: dict[tuple[int, int], BarClosed] = {}
    for bar in call.house.floor.bars(series):
        if bar.end_ns < before_ns:
            found[bar.end_ns, bar.order] = bar
    until = None
    if before_ms < MS_MAX:
        until = books.number_at("bars", BarClosed, before_ns) + NEAR
    more = False
    for entry in books.rows("bars", [BarClosed], before=until, newest_first=True,
                            holding=series.encode()):  # fmt: skip
        older = entry.message
        if not isinstance(older, BarClosed) or older.series != series or older.end_ns >= before_ns:
            continue
        if len(found) >= limit and ms(older.end_ns) < ms(sorted(found)[-limit][0]):
            more = True
            break
        found[older.end_ns, older.order] = older
    ends = sorted(found)
    first_ms = ms(ends[-limit:][0][0]) if ends else 0
    page = [found[end] for end in ends if ms(end[0]) >= first_ms]
    return page, more or len(page) < len(ends)


def _judged(
    books: Books, found: Sequence[BarClosed]
) -> tuple[dict[int, ConditionJudged], dict[int, str]]:
    """Return what was judged at the end of each bar: condition and regime, by instant."""
    if not found:
        return {}, {}
    span = found[0].end_ns, found[-1].end_ns
    conditions: dict[int, ConditionJudged] = {
        judged.ts_ns: judged
        for judged in books.between("regime", ConditionJudged, *span)
        if isinstance(judged, ConditionJudged)
    }
    regimes: dict[int, str] = {
        judged.ts_ns: str(judged.regime)
        for judged in books.between("regime", RegimeJudged, *span)
        if isinstance(judged, RegimeJudged)
    }
    return conditions, regimes


def _bar_row(
    bar: BarClosed, conditions: dict[int, ConditionJudged], regimes: dict[int, str]
) -> dict[str, Any]:
    judged = conditions.get(bar.end_ns)
    bands = () if judged is None else judged.vwap_bands
    prices = {"open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close,
              "poc": bar.poc, "vah": bar.value_high, "val": bar.value_low}  # fmt: skip
    row: dict[str, Any] = {
        "end_ms": ms(bar.end_ns),
        "start_ms": ms(bar.start_ns),
        "contract": bar.contract,
        "ticks": [bar.open, bar.high, bar.low, bar.close],
        "volume": bar.volume,
        "buy": bar.buy_volume,
        "sell": bar.sell_volume,
        "unknown": bar.unknown_volume,
        "delta": bar.delta,
        "delta_max": bar.delta_max,
        "delta_min": bar.delta_min,
        "cumulative_delta": bar.cvd,
        "regime": regimes.get(bar.end_ns),
        "trades": bar.trades,
        "simulated": bar.simulated,
    }
    row |= {name: price(ticks, bar.contract) for name, ticks in prices.items()}
    row |= dict.fromkeys(BANDS)
    if len(bands) == len(BANDS):
        row |= {
            name: price(ticks, bar.contract) for name, ticks in zip(BANDS, bands, strict=True)
        }
    return row
