"""The floor on a live market: its first start, and every start that goes on in the same run."""

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from actors.adapters.feeds.databento_probe import probe
from actors.adapters.feeds.live_log import begin_log, check_live, has_begun
from actors.adapters.feeds.port import FeedError
from actors.core.market.link import Phase
from actors.core.session.calendar import day_of, trading_date
from ops.calendars import with_calendar
from ops.days_off import closed_today
from ops.live import FLOOR, data_directory, serve
from ops.options import Refusal
from ops.warming import run_dirs_of, warm_apart
from protocol.market import BarClosed, BarWarm
from protocol.settings import Settings
from supervision.inspection import NoAnswer, ask
from web.port import check_port


def run_market(settings: Settings, console: Console, now_ns: int | None = None) -> int:
    """Run the floor on a live market, whose day is that of the wall's clock, `now_ns` at first.

    What would never come right, a key that is none or a symbol nobody knows, is refused here.
    """
    check_port(settings.web)
    now_ns = time.time_ns() if now_ns is None else now_ns
    day = dataclasses.replace(settings.day, clock="wall")
    watch = dataclasses.replace(settings.watch, market="live")
    settings = dataclasses.replace(settings, day=day, watch=watch)
    settings = with_calendar(settings, trading_date(now_ns))
    run_dir = Path(settings.run.directory).resolve() / FLOOR
    try:
        check_live(data_directory(run_dir))
    except FeedError as error:
        raise Refusal(str(error)) from None
    found = probe(settings, now_ns)
    if found.lasting:
        raise Refusal(found.words)
    console.print(found.words, soft_wrap=True)
    if (why := closed_today(settings, now_ns)) is not None:
        console.print(why)
        return 0
    _begin(settings, run_dir, found.contract, now_ns, console)
    return serve(settings, run_dir, console, FeedTeller(run_dir, console))


def _begin(
    settings: Settings, run_dir: Path, contract: str, now_ns: int, console: Console
) -> None:
    """Lay a new run's stream: the bars of the days before, and then all trades of this one.

    The gateway sends the trades of a trading date again, so a start at noon knows the morning.
    """
    data = data_directory(run_dir)
    if has_begun(data):
        return
    start_ns = day_of(trading_date(now_ns)).start_ns
    bars: Sequence[BarClosed] = ()
    if contract and settings.warmup.bars:
        earlier = [path for path in run_dirs_of(settings) if path != run_dir]
        bars, lines = warm_apart(
            settings, earlier, contract, start_ns, simulated=False, paid=True
        )
        for line in lines:
            console.print(line, style="dim", soft_wrap=True)
    begin_log(data, start_ns, (BarWarm(bar=bar) for bar in bars))


class FeedTeller:
    """Says on the console how the feed stands, each time it changes."""

    def __init__(self, run_dir: Path, console: Console) -> None:
        self._run_dir, self._console = run_dir, console
        self._said = ""

    def __call__(self) -> bool:
        """Look, and say what is new; a run never ends by this."""
        try:
            feed = ask(self._run_dir, "feed", limit_s=1.0)["state"]
        except NoAnswer:  # It may be on its way back.
            return False
        words = feed_words(feed["link"], feed["why"], feed["contract"])
        if words and words != self._said:
            self._said = words
            self._console.print(words, soft_wrap=True)
        return False


def feed_words(link: str, why: str, contract: str) -> str:
    """Return in one sentence how a live feed stands; empty while there is nothing to say."""
    match link:
        case Phase.LIVE:
            return f"the feed is live: {contract or 'no trade yet'}"
        case Phase.REFUSED:
            return f"the feed stays away, mend it and start again: {why}"
    return f"the feed is away and tried again: {why}" if why else ""
