"""What the API answers about market and trading, row by row.

Prices are numbers beside their `ticks`; money is in cents; instants are milliseconds since 1970
UTC; strengths and confidences are shares from 0 to 1.
"""

from typing import Literal, TypedDict


class BarRow(TypedDict):
    """A closed bar; null where the series has no VWAP, value or regime."""

    end_ms: int
    start_ms: int
    contract: str
    open: float
    high: float
    low: float
    close: float
    ticks: list[int]
    volume: int
    buy: int
    sell: int
    unknown: int
    delta: int
    delta_max: int
    delta_min: int
    cumulative_delta: int
    poc: float
    vah: float
    val: float
    vwap: float | None
    vwap_upper1: float | None
    vwap_upper2: float | None
    vwap_upper3: float | None
    vwap_lower1: float | None
    vwap_lower2: float | None
    vwap_lower3: float | None
    regime: str | None
    trades: int
    simulated: bool


class BarPage(TypedDict):
    """Bars, the oldest first; `next` is the `before_ms` of the page before, null at the start."""

    rows: list[BarRow]
    next: int | None


class LevelRow(TypedDict):
    """What was traded at a price: sold into the bid, bought at the ask, or of unknown side."""

    price: float
    ticks: int
    bid: int
    ask: int
    unknown: int
    imbalance: Literal["buy", "sell"] | None
    stacked: bool


class FootprintRow(TypedDict):
    """A bar level by level, the lowest first."""

    end_ms: int
    contract: str
    levels: list[LevelRow]
    poc: float
    vah: float
    val: float
    open: float
    close: float
    volume: int
    delta: int


class FootprintPage(TypedDict):
    """Footprints, the oldest first; `next` is the `before_ms` of the page before."""

    rows: list[FootprintRow]
    next: int | None


class SeriesRow(TypedDict):
    """A series of bars that is built; decisions are taken on the first."""

    series: str
    decides: bool
    bars: int | None


class SeriesPage(TypedDict):
    """All series."""

    rows: list[SeriesRow]
    next: None


class TapeRow(TypedDict):
    """A trade of the market."""

    at_ms: int
    contract: str
    price: float
    ticks: int
    size: int
    side: Literal["buy", "sell", "unknown"]


class TapePage(TypedDict):
    """Time and sales, the newest first."""

    rows: list[TapeRow]
    next: None


class TradeRow(TypedDict):
    """A round trip, net of commissions; null where the books do not tell."""

    id: str
    signal_id: str | None
    contract: str
    symbol: str
    direction: str
    quantity: int
    opened_ms: int
    closed_ms: int
    entry: float
    entry_ticks: float
    exit: float
    exit_ticks: float
    ticks: float
    reason: str
    pnl_cents: int
    gross_cents: int
    commission_cents: int
    risk_cents: int | None
    r: float | None
    mae_ticks: float | None
    mfe_ticks: float | None
    pattern: str | None
    regime: str | None
    strength: float | None
    held_s: float


class TradePage(TypedDict):
    """Round trips in the order asked for."""

    rows: list[TradeRow]
    next: str | None


class SignalRow(TypedDict):
    """A signal and how far it came."""

    id: str
    at_ms: int
    contract: str
    series: str
    pattern: str
    direction: str
    strength: float
    confidence: float
    price: float
    ticks: int
    zone_low: float
    zone_high: float
    actionable: bool
    low_quality: bool
    synthetic: bool
    detail: str
    regime: str | None
    regime_confidence: float | None
    fate: Literal["raised", "dropped", "target", "approved", "denied", "bracket"]
    why: str
    bracket_id: str | None


class SignalPage(TypedDict):
    """Signals, the newest first. A page may be short of `limit`, even empty, and still have a
    `next` where a filter passes over many."""

    rows: list[SignalRow]
    next: str | None


class ResultRow(TypedDict):
    """What a set of round trips came to; rates are shares of 1, null where nothing is known.

    `mae_ticks` and `mfe_ticks` are means of the `excursions_n` trips that a recap tells of.
    """

    value: str
    n: int
    wins: int
    losses: int
    breakeven: int
    low_n: bool
    win_rate: float | None
    win_rate_low: float | None
    win_rate_high: float | None
    gross_cents: int
    commission_cents: int
    net_cents: int
    profit_factor: float | None
    expectancy_cents: float | None
    expectancy_r: float | None
    average_win_cents: float | None
    average_loss_cents: float | None
    payoff: float | None
    wins_in_a_row: int
    losses_in_a_row: int
    mae_ticks: float | None
    mfe_ticks: float | None
    excursions_n: int
    excursions_low_n: bool


class StatisticsPage(TypedDict):
    """The whole, then one row per value of the dimension."""

    by: str
    total: ResultRow
    drawdown_cents: int
    drawdown_share: float | None
    rows: list[ResultRow]
    next: None


class EquityRow(TypedDict):
    """The balance after a round trip."""

    at_ms: int
    id: str
    pnl_cents: int
    balance_cents: int
    drawdown_cents: int


class EquityPage(TypedDict):
    """The curve of closed round trips, the oldest first; it begins at `start_cents`."""

    start_cents: int
    rows: list[EquityRow]
    next: str | None


class PositionRow(TypedDict):
    """What is held, marked at the close of the last bar."""

    id: str
    contract: str
    direction: str
    quantity: int
    since_ms: int
    entry: float
    entry_ticks: float
    stop: float
    stop_ticks: int
    target: float
    target_ticks: int
    mark: float | None
    unrealised_cents: int | None


class PositionPage(TypedDict):
    """All positions; `fence` holds what keeps entries from being sent."""

    rows: list[PositionRow]
    balance_cents: int
    day_pnl_cents: int
    halted: str | None
    fence: dict[str, str]
    next: None
