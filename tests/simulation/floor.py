"""The whole floor in the simulator: real shells on a short tape, stores that survive crashes."""

import dataclasses
from collections.abc import Callable
from functools import cache

from actors.adapters.books import MemoryBooks, digest
from actors.adapters.feeds.simulated import SimulatedSession
from actors.adapters.feeds.tape import TapeRule, tape
from actors.adapters.frames import MemoryFrames
from actors.adapters.tape import Tape
from actors.books import BooksShell
from actors.feed import FeedShell
from actors.recorder import RecorderShell
from ops.replay import workers
from protocol.codec import encode
from protocol.settings import Settings
from supervision.guarded import resolve
from supervision.journal import MemoryJournal
from supervision.shell import Shell
from supervision.simulator import Faults, Place, Simulator
from supervision.spec import ChildSpec

ENABLED = tuple(
    f"{pattern}:{regime}"
    for pattern in ("stacked_buy", "stacked_sell", "buy_imbalance", "sell_imbalance")
    for regime in ("trending_up", "trending_down", "ranging", "volatile")
)


def busy_settings() -> Settings:
    """Settings under which a short simulated session trades often."""
    base = Settings()
    return dataclasses.replace(
        base,
        bars=dataclasses.replace(base.bars, series=("time:900", "volume:400", "range:6")),
        imbalance=dataclasses.replace(base.imbalance, volume_min=3, ratio=1.5),
        regime=dataclasses.replace(base.regime, bars_min=2, volume_ratio_min=0.0),
        router=dataclasses.replace(
            base.router,
            enabled=ENABLED,
            strength_min=0.0,
            confidence_min=0.0,
            synthetic="allow",
        ),
        risk=dataclasses.replace(
            base.risk,
            stop_ticks=3,
            target_ticks=3,
            daily_loss_dollars=1e6,
            daily_profit_dollars=1e6,
        ),
    )


@cache
def frames(trades: int = 1_500) -> tuple[bytes, ...]:
    """Return the encoded tape."""
    rule = dataclasses.replace(
        TapeRule.of(busy_settings().feed, busy_settings().bars), batch_trades_max=64
    )
    source = SimulatedSession("ES", 11, trades)
    return tuple(encode(message) for message in tape(source, rule))


class Floor:
    """One simulated run and what is left of it; without a tape of its own that of `frames`."""

    def __init__(
        self,
        seed: int,
        faults: Faults,
        settings: Settings | None = None,
        tape_frames: tuple[bytes, ...] | None = None,
    ) -> None:
        self.settings = settings or busy_settings()
        self.frames = tape_frames or frames()
        self.books = MemoryBooks()
        self.recorded = MemoryFrames()
        self.journals = {id: MemoryJournal() for id in ("desk", "broker", "session")}
        self.seed = seed
        self.faults = faults

    def run(self) -> Simulator:
        """Play to the end of the tape."""
        places = {
            spec.id: Place(spec, self._maker(spec), self.journals.get(spec.id))
            for spec in workers(self.settings)
            if spec.id not in ("watchdog", "notifier", "web")
        }
        simulator = self.simulator(places)
        places["recorder"].forget = self.recorded.crash
        self._books_place = places["books"]
        simulator.run()
        return simulator

    def simulator(self, places: dict[str, Place]) -> Simulator:
        """Return what plays the run."""
        return Simulator(places, self.seed, self.faults, self._finished)

    def _finished(self) -> bool:
        node = self._books_place.node
        if node is None or self.recorded.last < len(self.frames):
            return False
        shell = node.shell
        assert isinstance(shell, BooksShell)
        if shell.complete:
            shell.commit()
        return shell.complete

    def _maker(self, spec: ChildSpec) -> Callable[[], Shell]:
        def make() -> Shell:
            shell: Shell
            if spec.id == "feed":
                shell = FeedShell(Tape(MemoryFrames(self.frames), 0.0))
            elif spec.id == "books":
                shell = BooksShell(self.books)
            elif spec.id == "recorder":
                shell = RecorderShell(self.recorded)
            else:
                shell = resolve(spec.start)()
            shell.configure(self.settings, "")
            return shell

        return make

    @property
    def digest(self) -> str:
        return digest(self.books)
