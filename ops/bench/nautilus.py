"""NautilusTrader as the peer of a whole back-test: bars of five minutes and a footprint in Python.

It runs in an interpreter of its own, since it needs an older pandas than ours, so nothing of ours
is imported: `PYTHON ops/nautilus.py TRADES.npz` reads the columns ts (UTC ns), price (ticks
of a quarter), size and aggressor (0 unknown, 1 bought, 2 sold) and prints what it found as JSON.
Making the trade objects and handing them over is not timed, only the run of its engine.
"""

import json
import sys
import time
from collections import defaultdict

import nautilus_trader
import numpy as np
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import BacktestEngineConfig, LoggingConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import Bar, BarType, TradeTick
from nautilus_trader.model.enums import AccountType, AssetClass, OmsType
from nautilus_trader.model.identifiers import InstrumentId, Symbol
from nautilus_trader.model.instruments import FuturesContract
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

CONTRACT = InstrumentId.from_str("ES.GLBX")
BAR_NS = 300_000_000_000
END_NS = 4_000_000_000_000_000_000


class Footprints(Strategy):  # type: ignore[misc]  # Unknown to our interpreter.
    """Counts bars and adds each trade to the footprint of its five minutes."""

    def __init__(self) -> None:
        super().__init__()
        self.bars = 0
        self.footprint: dict[tuple[int, int, int], int] = defaultdict(int)

    def on_start(self) -> None:
        """Ask for trades, and for bars made of them."""
        self.subscribe_trade_ticks(CONTRACT)
        self.subscribe_bars(BarType.from_str(f"{CONTRACT}-5-MINUTE-LAST-INTERNAL"))

    def on_trade_tick(self, tick: TradeTick) -> None:
        """Add one trade to the footprint."""
        key = (tick.ts_event // BAR_NS, tick.price.raw, tick.aggressor_side)
        self.footprint[key] += tick.size.raw

    def on_bar(self, bar: Bar) -> None:
        """Count one bar."""
        self.bars += 1


def contract() -> FuturesContract:
    """Return a future with the tick of ES that never expires here."""
    return FuturesContract(
        instrument_id=CONTRACT,
        raw_symbol=Symbol("ES"),
        asset_class=AssetClass.INDEX,
        currency=USD,
        price_precision=2,
        price_increment=Price.from_str("0.25"),
        multiplier=Quantity.from_int(50),
        lot_size=Quantity.from_int(1),
        underlying="ES",
        activation_ns=0,
        expiration_ns=END_NS,
        ts_event=0,
        ts_init=0,
    )


def ticks(path: str) -> list[TradeTick]:
    """Return the trades of a file as objects of the engine."""
    with np.load(path) as columns:
        ts = columns["ts"].astype(np.uint64)
        made: list[TradeTick] = TradeTick.from_raw_arrays_to_list(
            CONTRACT,
            2,
            0,
            columns["price"] * 0.25,
            columns["size"].astype(np.float64),
            columns["aggressor"].astype(np.uint8),
            [str(number) for number in range(len(ts))],
            ts,
            ts,
        )
    return made


def main(path: str) -> None:
    """Run the engine over the trades of `path` and print the seconds and what came out."""
    data = ticks(path)
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(CONTRACT.venue, OmsType.NETTING, AccountType.MARGIN, [Money(1e6, USD)])
    engine.add_instrument(contract())
    engine.add_data(data)
    strategy = Footprints()
    engine.add_strategy(strategy)
    began = time.perf_counter()
    engine.run()
    seconds = time.perf_counter() - began
    one = Quantity.from_int(1).raw
    found = {
        "version": nautilus_trader.__version__,
        "trades": len(data),
        "seconds": seconds,
        "bars": strategy.bars,
        "volume": sum(strategy.footprint.values()) // one,
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
