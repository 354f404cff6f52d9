"""The paper broker in a process of its own, with its journal on disk, between sockets of a test."""

import json
import multiprocessing
import os
import select
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from time import monotonic, monotonic_ns
from typing import Any

from actors.adapters.brokers.paper import PaperBroker
from actors.adapters.brokers.port import BrokerEvent
from actors.broker import PaperBrokerShell
from actors.core.columns import Trades, batch_of
from actors.core.orders.answers import Command
from protocol.market import Cut, CutReason, Settled, TradeBatch
from protocol.message import Message
from protocol.orders import (
    AccountAsked,
    BracketSubmitted,
    CancelSubmitted,
    FlattenSubmitted,
    ModifySubmitted,
    StatusAsked,
)
from protocol.reports import (
    AccountReported,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderModified,
    OrderRejected,
    OrderReported,
)
from protocol.settings import Settings
from protocol.system import Start
from supervision.shell import OUTSIDE, Shell, handles
from supervision.streams import StreamWorker
from tests.actors.core.orders.paper_market import T0
from tests.makers import CONTRACT

LIMIT_S = 20.0
CONTEXT = multiprocessing.get_context("spawn")


class Told(Shell):
    """Publishes what a test tells it, and keeps what it hears."""

    joined = False

    def __init__(self) -> None:
        self.heard: list[Message] = []

    @handles(TradeBatch, OUTSIDE)
    @handles(Cut, OUTSIDE)
    @handles(Settled, OUTSIDE)
    @handles(BracketSubmitted, OUTSIDE)
    @handles(ModifySubmitted, OUTSIDE)
    @handles(CancelSubmitted, OUTSIDE)
    @handles(FlattenSubmitted, OUTSIDE)
    @handles(StatusAsked, OUTSIDE)
    @handles(AccountAsked, OUTSIDE)
    def on_told(self, message: Message) -> tuple[Message, ...]:
        return (message,)

    @handles(Cut, "broker")
    @handles(Settled, "broker")
    @handles(OrderAccepted, "broker")
    @handles(OrderRejected, "broker")
    @handles(OrderFilled, "broker")
    @handles(OrderModified, "broker")
    @handles(OrderCancelled, "broker")
    @handles(OrderExpired, "broker")
    @handles(OrderReported, "broker")
    @handles(AccountReported, "broker")
    def on_heard(self, message: Message) -> None:
        self.heard.append(message)


def serve(start: dict[str, Any], parent: int) -> None:
    """Run the broker until whoever started it is gone."""
    worker = StreamWorker(PaperBrokerShell(), Start(**start))
    worker.open()
    while os.getppid() == parent:
        worker.wake(monotonic_ns())
        select.select(worker.descriptors(), [], [], min(worker.tick_s(), 0.05))


class LiveBroker:
    """The port to that process: commands go out by the desk's stream, events come by its own."""

    capabilities = PaperBroker.capabilities

    def __init__(self, directory: str) -> None:
        base = Settings()
        paper = replace(base.paper, commission_cents=62, partial="traded", displayed_contracts=10)
        self.fields = {
            "incarnation": 1,
            "start": "",
            "run_dir": directory,
            "settings": json.dumps(asdict(replace(base, paper=paper))),
        }
        self.feed, self.desk = self._worker("feed", ()), self._worker("desk", ("broker",))
        self.cuts = 0
        self.now_ns = T0
        self.read = 0
        self.connect()

    def _worker(self, id: str, reads: tuple[str, ...]) -> StreamWorker:
        worker = StreamWorker(Told(), Start(id=id, reads=reads, **self.fields))
        worker.open()
        return worker

    def connect(self) -> None:
        start = {"id": "broker", "reads": ("feed", "desk"), **self.fields}
        self.process = CONTEXT.Process(target=serve, args=(start, os.getpid()), daemon=True)
        self.process.start()

    def account(self) -> str:
        return "paper"

    def heard(self) -> list[Message]:
        shell = self.desk.shell
        assert isinstance(shell, Told)
        return shell.heard

    def cut(self, command: Command | None = None) -> None:
        """Reach a cut, hand over what it brought, and wait until it is settled.

        As on the floor, nobody answers a cut that the broker has not handed on: it has executed
        against all trades before it only then.
        """
        self.cuts += 1
        cut = Cut(number=self.cuts, ts_ns=self.now_ns, reason=CutReason.BAR)
        self.feed.node.cell.tell(cut)
        self._hear(cut)
        if command is not None:
            self.desk.node.cell.tell(command)
        settled = Settled(number=self.cuts)
        self.desk.node.cell.tell(settled)
        self._hear(settled)

    def _hear(self, mark: Cut | Settled) -> None:
        """Play feed and desk until the broker says this."""
        limit_s = monotonic() + LIMIT_S
        while mark not in self.heard()[-50:]:
            assert monotonic() < limit_s, f"{mark} did not come in {LIMIT_S} s"
            self.feed.wake(monotonic_ns())
            self.desk.wake(monotonic_ns())

    def trade(self, trades: Trades) -> None:
        self.feed.node.cell.tell(batch_of(trades, CONTRACT, False))
        self.now_ns = max(self.now_ns, int(trades.ts_event[-1]))
        self.cut()

    def send(self, command: Command) -> None:
        self.now_ns = max(self.now_ns, command.ts_ns)
        self.cut(command)

    submit = modify = cancel = flatten = ask_status = ask_account = send

    def events(self) -> Iterator[BrokerEvent]:
        said, self.read = self.heard()[self.read :], len(self.heard())
        return (event for event in said if not isinstance(event, Cut | Settled))

    def descriptor(self) -> int | None:
        return None

    def die(self) -> None:
        """Kill the process; its journal stays."""
        self.process.kill()
        self.process.join(LIMIT_S)

    def close(self) -> None:
        self.die()
        self.feed.close()
        self.desk.close()


def run_directory() -> str:
    """Return a new directory, private and short enough for the names of sockets."""
    directory = tempfile.mkdtemp(prefix="fw-venue-")
    Path(directory).chmod(0o700)
    return directory
