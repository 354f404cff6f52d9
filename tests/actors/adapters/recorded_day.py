"""The real recording as the recorder keeps it, and its day files; made once a test run."""

from pathlib import Path
from time import time_ns

from actors.adapters.day_files import roll
from actors.adapters.feeds.ingest import Recording
from actors.adapters.feeds.port import Refusals
from actors.adapters.feeds.tape import TapeRule, tape
from actors.core.columns import Trades
from actors.recorder import RecorderShell
from protocol.market import Cut, TradeBatch
from protocol.settings import BarSettings, FeedSettings, Settings
from tests.actors.adapters.feeds.recordings import all_trades, real

NAMES = ["ES/2013-09-02.parquet", "ES/2013-09-03.parquet"]
TRADES = 500_000


def messages(scratch: Path) -> list[TradeBatch | Cut]:
    source = Recording([real("es-ticks-2013/tick_data.csv.gz")], "ES", Refusals(scratch))
    return list(tape(source, TapeRule.of(FeedSettings(), BarSettings())))


def record(data: Path) -> Trades:
    """Record es-ticks-2013 and make its day files; return all its trades in order."""
    found = messages(data)
    shell = RecorderShell()
    shell.configure(Settings(), str(data))
    for seq, message in enumerate(found, 1):
        shell.keep("feed", seq, message)
    shell.commit()
    shell.close()
    done = roll(data, depth=False, now_ns=time_ns())
    assert (done.written, done.refused) == (NAMES, [])
    return all_trades(found)
