"""The twenty contracts Floorwatch knows, and which month of each is the front one.

Figures are the exchange's (venues E); tuning is domain 0.1. Where the domain gives no figure of
its own the global default stands, and the line says so: imbalance volume 10, absorption volume 100
and stop and target 16 and 24 ticks for NG, 6E, ZB and ZN. Commission is domain 7.3 F3: 2.25 for
ES, NQ and all metals (the micro metals too: dear rather than cheap), 0.62 for MES and MNQ; the
rest, which it does not name, pay as ES when full-sized and as MES when micro.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

MONTH_CODES = "FGHJKMNQUVXZ"  # January to December.
EQUITY_ROLL_DAYS = 8  # Calendar days before expiry: the Thursday of the week before.
ROLL_MARGIN_DAYS = 3  # Business days before expiry or first notice: then volume moves.

_ANY_DAY = date(2000, 1, 1)  # Where only the root of a symbol is asked, not its year.


class UnknownSymbol(ValueError):
    """A symbol that is none of the instruments, or none of their contract months."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """What is the same for every month of one product."""

    symbol: str
    exchange: str
    name: str
    multiplier: Decimal  # Dollars for a price change of 1.
    tick: Decimal  # Smallest price change.
    tick_cents_num: int  # The value of one tick in cents is num / den, exactly.
    tick_cents_den: int
    rth_open: str  # "HH:MM", New York.
    rth_close: str
    months: str  # Codes of the liquid months, in the order of the year.
    imbalance_volume_min: int
    absorption_volume_min: int
    typical_volume: int  # Of five minutes, to begin with; 0 where nobody has said.
    stop_ticks: int
    target_ticks: int
    commission_cents: int  # Per side and contract.
    calendar: str  # Name in pandas_market_calendars.

    def __post_init__(self) -> None:
        value = Fraction(self.multiplier) * Fraction(self.tick) * 100
        if value != Fraction(self.tick_cents_num, self.tick_cents_den):
            raise ValueError(
                f"{self.symbol}: a tick of {self.tick_cents_num}/{self.tick_cents_den} cents,"
                f" wanted {value} from multiplier x tick"
            )

    @property
    def tick_size(self) -> float:
        """The tick as a float, for the two borders of `units`."""
        return float(self.tick)

    @property
    def tick_billionths(self) -> int:
        """The tick in units of 1e-9, the exact price unit of Databento."""
        return int(self.tick * 1_000_000_000)


@dataclass(frozen=True, slots=True, order=True)
class Contract:
    """One contract month."""

    root: str
    year: int
    month: int

    @property
    def raw_symbol(self) -> str:
        """The exchange's short name, "ESZ5"."""
        return f"{self.root}{MONTH_CODES[self.month - 1]}{self.year % 10}"


def instrument(symbol: str) -> Instrument:
    """Return the instrument called `symbol`; an unknown one is refused, never guessed."""
    found = INSTRUMENTS.get(symbol)
    if found is None:
        raise UnknownSymbol(f"symbol {symbol!r} is not known; wanted one of {_known()}")
    return found


def parse_contract(raw: str, near: date) -> Contract:
    """Return the contract named by "MESZ5" or "MESZ25", its year the one nearest to `near`.

    Of two years equally near, the later is taken: contracts lie ahead more often than behind.
    """
    if "-" in raw or ":" in raw:
        raise UnknownSymbol(f"{raw!r} is a spread; wanted one outright contract like 'ESZ5'")
    for root in INSTRUMENTS:  # At most one fits: SILZ5 is not SI, as LZ5 is no month and year.
        match = re.fullmatch(rf"{root}([{MONTH_CODES}])([0-9]{{1,2}})", raw, re.ASCII)
        if match:
            month = MONTH_CODES.index(match[1]) + 1
            return Contract(root=root, year=_year(match[2], near.year), month=month)
    raise UnknownSymbol(
        f"{raw!r} is no contract; wanted root, month code and year like 'ESZ5', root of {_known()}"
    )


def root_of(symbol: str) -> str:
    """Return the root of a symbol that is a root itself, "ES", or a contract, "ESZ5"."""
    return symbol if symbol in INSTRUMENTS else parse_contract(symbol, _ANY_DAY).root


def instrument_of(symbol: str) -> Instrument:
    """Return the instrument of a root, "ES", or of one of its contracts, "ESZ5"."""
    return instrument(root_of(symbol))


def front_month(symbol: str, trading_date: date) -> str:
    """Return the raw symbol of the month traded on `trading_date`.

    The last trading date in each contract is `roll_date`; the day after belongs to the next one.
    """
    months = instrument(symbol).months
    for year in (trading_date.year, trading_date.year + 1):
        for code in months:
            contract = Contract(root=symbol, year=year, month=MONTH_CODES.index(code) + 1)
            if trading_date <= roll_date(contract):
                return contract.raw_symbol
    raise AssertionError(f"{symbol} has no month after {trading_date}")  # Every year has one.


def roll_date(contract: Contract) -> date:
    """Return the last trading date on which `contract` is the front month.

    Equity index: third Friday less 8 days, the Thursday (domain 0.1). The others leave three
    business days before the day that matters (venues E): CL and MCL before expiry, three
    business days before the 25th of the month before delivery, one more if the 25th is none
    itself; NG before expiry, three business days before the first of the delivery month; metals
    and bonds before first notice, the last business day of the month before delivery; 6E before
    expiry, two business days before the third Wednesday. Business days are Monday to Friday: the
    margin of three is there to swallow a holiday. Never in a deliverable after first notice.
    """
    instrument(contract.root)
    rule = _ROLL_RULES.get(contract.root, _equity_roll)
    return rule(date(contract.year, contract.month, 1))


def _year(digits: str, near: int) -> int:
    span: int = 10 ** len(digits)
    below = near - (near - int(digits)) % span
    return below if near - below < below + span - near else below + span


def _known() -> str:
    return ", ".join(INSTRUMENTS)


def _equity_roll(first: date) -> date:
    return _weekday_of_month(first, weekday=4, number=3) - timedelta(days=EQUITY_ROLL_DAYS)


def _crude_roll(first: date) -> date:
    anchor = (first - timedelta(days=1)).replace(day=25)
    expiry = _business_days_before(_business_day_until(anchor), 3)
    return _business_days_before(expiry, ROLL_MARGIN_DAYS)


def _gas_roll(first: date) -> date:
    return _business_days_before(_business_days_before(first, 3), ROLL_MARGIN_DAYS)


def _notice_roll(first: date) -> date:
    notice = _business_day_until(first - timedelta(days=1))
    return _business_days_before(notice, ROLL_MARGIN_DAYS)


def _currency_roll(first: date) -> date:
    expiry = _business_days_before(_weekday_of_month(first, weekday=2, number=3), 2)
    return _business_days_before(expiry, ROLL_MARGIN_DAYS)


def _weekday_of_month(first: date, weekday: int, number: int) -> date:
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _business_day_until(day: date) -> date:
    """Return `day`, or the Friday before when it falls on a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def _business_days_before(day: date, count: int) -> date:
    for _ in range(count):
        day = _business_day_until(day - timedelta(days=1))
    return day


_ROLL_RULES: dict[str, Callable[[date], date]] = {
    **dict.fromkeys(("CL", "MCL"), _crude_roll),
    "NG": _gas_roll,
    **dict.fromkeys(("GC", "MGC", "SI", "SIL", "PL", "HG", "ZB", "ZN"), _notice_roll),
    "6E": _currency_roll,
}

_EQUITY = ("09:30", "16:00", "HMUZ", "CME Globex Equity")
_ENERGY = ("09:00", "14:30", MONTH_CODES)
_GOLD = ("08:20", "13:30", "GJMQZ", "CMEGlobex_GC")
_SILVER = ("08:25", "13:25", "HKNUZ", "CMEGlobex_SI")
_RATES = ("08:20", "15:00", "HMUZ", "CME Globex Interest Rate Products")

# symbol, exchange, name, $ per 1.0, tick, tick in cents num/den,
# (open, close, months, calendar),
# (imbalance volume, absorption volume, typical volume, stop, target), commission
_TABLE: tuple[tuple[str, str, str, str, str, int, int, tuple[str, ...], tuple[int, ...], int], ...]
_TABLE = (
    ("ES", "CME", "E-mini S&P 500", "50", "0.25", 1250, 1, _EQUITY, (20, 150, 5000, 16, 24), 225),
    ("MES", "CME", "Micro E-mini S&P 500", "5", "0.25", 125, 1, _EQUITY, (5, 30, 500, 16, 24), 62),
    ("NQ", "CME", "E-mini Nasdaq-100", "20", "0.25", 500, 1, _EQUITY, (15, 100, 3000, 20, 32), 225),
    ("MNQ", "CME", "Micro E-mini Nasdaq-100", "2", "0.25", 50, 1,
     _EQUITY, (5, 25, 300, 20, 32), 62),
    ("YM", "CBOT", "E-mini Dow", "5", "1", 500, 1, _EQUITY, (10, 100, 0, 16, 24), 225),
    ("MYM", "CBOT", "Micro E-mini Dow", "0.5", "1", 50, 1,
     _EQUITY, (10, 100, 0, 16, 24), 62),
    ("RTY", "CME", "E-mini Russell 2000", "50", "0.1", 500, 1, _EQUITY, (10, 100, 0, 16, 24), 225),
    ("M2K", "CME", "Micro E-mini Russell 2000", "5", "0.1", 50, 1,
     _EQUITY, (10, 100, 0, 16, 24), 62),
    ("CL", "NYMEX", "WTI crude oil", "1000", "0.01", 1000, 1,
     (*_ENERGY, "CMEGlobex_CL"), (30, 200, 8000, 20, 30), 225),
    ("MCL", "NYMEX", "Micro WTI crude oil", "100", "0.01", 100, 1,
     (*_ENERGY, "CMEGlobex_CL"), (30, 200, 8000, 20, 30), 62),
    ("NG", "NYMEX", "Henry Hub natural gas", "10000", "0.001", 1000, 1,
     (*_ENERGY, "CMEGlobex_NG"), (10, 100, 0, 16, 24), 225),  # Tuning: global defaults.
    ("GC", "COMEX", "Gold", "100", "0.1", 1000, 1, _GOLD, (15, 100, 2000, 20, 30), 225),
    ("MGC", "COMEX", "Micro gold", "10", "0.1", 100, 1, _GOLD, (15, 100, 2000, 20, 30), 225),
    ("SI", "COMEX", "Silver", "5000", "0.005", 2500, 1, _SILVER, (10, 100, 0, 20, 40), 225),
    ("SIL", "COMEX", "Micro silver", "1000", "0.005", 500, 1, _SILVER, (10, 100, 0, 20, 40), 225),
    ("PL", "NYMEX", "Platinum", "50", "0.1", 500, 1,
     ("08:20", "13:05", "FJNV", "CMEGlobex_PL"), (10, 100, 0, 100, 200), 225),
    ("HG", "COMEX", "Copper", "25000", "0.0005", 1250, 1,
     ("08:10", "13:00", "HKNUZ", "CMEGlobex_HG"), (10, 100, 0, 40, 80), 225),
    ("6E", "CME", "Euro FX", "125000", "0.00005", 625, 1,
     ("08:20", "15:00", "HMUZ", "CMEGlobex_FX"), (10, 100, 0, 16, 24), 225),  # Global defaults.
    ("ZB", "CBOT", "30-year Treasury bond", "1000", "0.03125", 3125, 1,
     _RATES, (10, 100, 0, 16, 24), 225),  # Global defaults.
    ("ZN", "CBOT", "10-year Treasury note", "1000", "0.015625", 3125, 2,
     _RATES, (10, 100, 0, 16, 24), 225),  # Global defaults.
)

INSTRUMENTS: dict[str, Instrument] = {
    symbol: Instrument(
        symbol=symbol,
        exchange=exchange,
        name=name,
        multiplier=Decimal(multiplier),
        tick=Decimal(tick),
        tick_cents_num=num,
        tick_cents_den=den,
        rth_open=session[0],
        rth_close=session[1],
        months=session[2],
        calendar=session[3],
        imbalance_volume_min=tuning[0],
        absorption_volume_min=tuning[1],
        typical_volume=tuning[2],
        stop_ticks=tuning[3],
        target_ticks=tuning[4],
        commission_cents=commission,
    )
    for symbol, exchange, name, multiplier, tick, num, den, session, tuning, commission in _TABLE
}
