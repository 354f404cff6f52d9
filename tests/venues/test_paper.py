"""The paper exchange is held to the suite: behind its port, and as the shell that the tree runs."""

import shutil
from collections.abc import Iterator

import pytest

from actors.adapters.brokers.paper import PaperBroker
from actors.adapters.brokers.port import BrokerEvent, BrokerPort
from actors.core.orders.answers import Command
from actors.core.orders.book import Note
from actors.core.orders.paper import PaperExchange
from protocol.market import Cut, Settled
from protocol.reports import LinkChanged
from tests.actors.core.orders.paper_market import PARTIAL, T0, ms
from tests.actors.paper_floor import PaperFloor
from tests.makers import make_trades
from tests.venues.conformance import Bench, Conformance
from tests.venues.live_broker import LiveBroker, run_directory

PRIVATE = Cut | Settled | Note


def trades(rows: tuple[tuple[int, int, int], ...]):
    return make_trades([(ms(at_ms), price, "B", size) for at_ms, price, size in rows])


class PortBench:
    """The exchange behind its port."""

    def __init__(self) -> None:
        self.exchange = PaperExchange(PARTIAL)
        self.venue = PaperBroker(self.exchange)

    def market(self, *rows: tuple[int, int, int]) -> None:
        self.venue.trade(trades(rows))

    def wait(self, at_ms: int) -> None:
        self.venue.elapse(ms(at_ms))

    def reconnect(self) -> None:
        self.venue.close()
        self.venue = PaperBroker(self.exchange)
        self.venue.connect()
        assert [type(event) for event in self.venue.events()] == [LinkChanged]

    def events(self) -> list[BrokerEvent]:
        return list(self.venue.events())


class FloorBroker:
    """The port to a broker's shell in the local runtime."""

    capabilities = PaperBroker.capabilities

    def __init__(self) -> None:
        self.floor = PaperFloor(PARTIAL)
        self.heard = 0
        self.now_ns = T0

    def connect(self) -> None:
        """Nothing to connect."""

    def account(self) -> str:
        return "paper"

    def send(self, command: Command) -> None:
        self.now_ns = max(self.now_ns, command.ts_ns)
        self.floor.cut(self.now_ns, [command])

    submit = modify = cancel = flatten = ask_status = ask_account = send

    def events(self) -> Iterator[BrokerEvent]:
        said, self.heard = self.floor.out[self.heard :], len(self.floor.out)
        return (event for event in said if not isinstance(event, PRIVATE))

    def descriptor(self) -> int | None:
        return None

    def close(self) -> None:
        """Nothing to leave."""


class FloorBench:
    """The shell that the tree runs, with its journal."""

    def __init__(self) -> None:
        self.broker = FloorBroker()
        self.venue: BrokerPort = self.broker

    def market(self, *rows: tuple[int, int, int]) -> None:
        self.broker.floor.trade(trades(rows))
        self.broker.now_ns = max(self.broker.now_ns, ms(rows[-1][0]))

    def wait(self, at_ms: int) -> None:
        self.broker.now_ns = max(self.broker.now_ns, ms(at_ms))
        self.broker.floor.cut(self.broker.now_ns)

    def reconnect(self) -> None:
        self.broker.floor.start()
        self.broker.heard = 0

    def events(self) -> list[BrokerEvent]:
        return list(self.venue.events())


class TestThePort(Conformance):
    """The paper exchange behind the port."""

    @pytest.fixture
    def bench(self) -> Bench:
        return PortBench()


class TestTheLocalRuntime(Conformance):
    """The paper broker's shell in a cell, with a journal."""

    @pytest.fixture
    def bench(self) -> Bench:
        return FloorBench()


class LiveBench:
    """A process of its own."""

    def __init__(self, directory: str) -> None:
        self.broker = LiveBroker(directory)
        self.venue: BrokerPort = self.broker

    def market(self, *rows: tuple[int, int, int]) -> None:
        self.broker.trade(trades(rows))

    def wait(self, at_ms: int) -> None:
        self.broker.now_ns = max(self.broker.now_ns, ms(at_ms))
        self.broker.cut()

    def reconnect(self) -> None:
        self.broker.die()
        self.broker.connect()

    def events(self) -> list[BrokerEvent]:
        return list(self.venue.events())


@pytest.mark.slow
@pytest.mark.system
class TestALiveProcess(Conformance):
    """The paper broker as a process, with sockets and a journal on disk; it is killed by force."""

    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        directory = run_directory()
        bench = LiveBench(directory)
        yield bench
        bench.broker.close()
        shutil.rmtree(directory)
