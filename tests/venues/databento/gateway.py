"""A live gateway on loopback: handshake, subscriptions, mappings, replay, heartbeats, and faults.

It speaks the real protocol, so the official client talks to it. What it sends it has from a
market whose records are released one by one, whether or not anybody is connected: who is away
misses them, and has them again by `start`. It runs in a thread of its own.
"""

import asyncio
import hashlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import zstandard

from tests.venues.databento.records import START_NS, Market, error, header, mapping, system

KEY = "db-" + "0123456789abcdefghijklmnopqrs"  # Of nobody.
CHALLENGE = "t7kNhwj4xqR0QYjzFKtBEG2ec2pXJ4FK"
LINE_MAX = 64 * 1024
BURST = 4096  # Records sent together.


@dataclass
class Habits:
    """How the gateway behaves; a test changes them at any time."""

    greets: bool = True
    fragments: bool = False  # Lines and records come in pieces.
    answers: str = ""  # Refuses every key with this text.
    refuses: int = 0  # So many connections are closed as soon as they are made.
    sends_header: bool = True
    silent: bool = False  # After the header: nothing, not even heartbeats.
    dataset: str = ""  # In the header, instead of the one asked for.
    maps: bool = True  # Mappings come before the data; else after the first records.
    fault: tuple[int, str] | None = None  # An error instead of the acknowledgement.
    forgets_ns: int = 0  # Starts before it are too old.
    heartbeat_s: float = 0.1
    clock_ns: int = 0  # Of heartbeats; 0 for the time of the last record.


@dataclass
class Peer:
    """One connection."""

    writer: asyncio.StreamWriter
    habits: Habits
    lines: list[str] = field(default_factory=list)
    pack: "zstandard.ZstdCompressionObj | None" = None
    cursor: int = -1  # The next record of the market to send; -1 before the session began.
    begun: bool = False
    stopped: bool = False  # It stays connected and says nothing more.

    async def send(self, raw: bytes) -> None:
        if self.stopped:
            return
        if self.pack is not None:
            raw = self.pack.compress(raw) + self.pack.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        pieces = [raw]
        if self.habits.fragments:
            third = len(raw) // 3 + 1
            pieces = [raw[start : start + third] for start in range(0, len(raw), third)]
        with suppress(ConnectionError):  # Whoever is gone is missed by whoever reads from it.
            for piece in pieces:
                self.writer.write(piece)
                await self.writer.drain()
                if self.habits.fragments:
                    await asyncio.sleep(0.002)

    def reset(self) -> None:
        own: socket.socket = self.writer.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Gateway:
    """A gateway; made by `gateway`."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.habits = Habits()
        self.released = 0  # So many records of the market have happened.
        self.peers: list[Peer] = []
        self.lines: list[list[str]] = []  # What each connection has sent.
        self.port = 0
        self.cut_off = 0  # Sessions that were ended from here.
        self.loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None

    # ---- what a test does, from its own thread -----------------------------------------------

    def release(self, count: int | None = None) -> None:
        """Let the next records of the market happen, all of them without a count."""
        self._do(self._released(self._upto(count)))

    def pour(self) -> None:
        """Let all that is left happen, and do not wait until it is read."""
        asyncio.run_coroutine_threadsafe(self._released(self._upto(None)), self.loop)

    def _upto(self, count: int | None) -> int:
        last = len(self.market.sent)
        return last if count is None else min(last, self.released + count)

    def hang_up(self, kind: str) -> None:
        """End every connection: "fin", "rst", "silence", or an error and then FIN, "error:6"."""
        self._do(self._hung_up(kind))

    def say(self, raw: bytes) -> None:
        """Send something to every connection."""
        self._do(self._said(raw))

    def down(self) -> None:
        """Refuse connections, and end those there are."""
        self._do(self._down())

    def close(self) -> None:
        """Refuse connections for good, and let nothing go on."""
        self._do(self._down())
        self._do(self._end())

    def up(self) -> None:
        """Listen (again) at the same port."""
        self._do(self._up())

    def _do(self, work) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    # ---- what happens in the loop -------------------------------------------------------------

    async def _up(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, limit=LINE_MAX
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _down(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._hung_up("rst")

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _released(self, upto: int) -> None:
        self.released = upto
        for peer in list(self.peers):
            await self._catch_up(peer)

    async def _said(self, raw: bytes) -> None:
        for peer in list(self.peers):
            await peer.send(raw)

    async def _hung_up(self, kind: str) -> None:
        for peer in list(self.peers):
            self.cut_off += 1
            if kind == "rst":
                peer.reset()
            elif kind == "silence":
                peer.stopped = True
            elif kind == "torn":  # In the middle of a record.
                await peer.send(b"\x0c\x00\x01")
                peer.reset()
            elif kind == "garbage":
                await peer.send(b"\x01" * 64)
            else:
                if kind.startswith("error:"):
                    await peer.send(error(int(kind[6:]), "told by the test", self._clock()))
                peer.writer.close()

    def _clock(self) -> int:
        if self.habits.clock_ns:
            return self.habits.clock_ns
        sent = self.market.sent
        return sent[self.released - 1].ts_recv if self.released else START_NS

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(writer, self.habits)
        self.lines.append(peer.lines)
        try:
            if self.habits.refuses > 0:
                self.habits.refuses -= 1
                return
            await self._session(reader, peer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            if peer in self.peers:
                self.peers.remove(peer)
            writer.close()

    async def _session(self, reader: asyncio.StreamReader, peer: Peer) -> None:
        if not self.habits.greets:
            await reader.read()
            return
        await peer.send(b"lsg_version=0.4.2\n" + f"cram={CHALLENGE}\n".encode())
        auth = await self._line(reader, peer)
        digest = hashlib.sha256(f"{CHALLENGE}|{KEY}".encode()).hexdigest()
        if self.habits.answers or auth["auth"] != f"{digest}-{KEY[-5:]}":
            text = self.habits.answers or "Authentication failed."
            await peer.send(f"success=0|error={text}\n".encode())
            return
        await peer.send(b"success=1|session_id=5\n")
        subscriptions = []
        while "start_session" not in (told := await self._line(reader, peer)):
            subscriptions.append(told)
        if auth["compression"] == "zstd":
            peer.pack = zstandard.ZstdCompressor().compressobj()
        if self.habits.sends_header:
            await peer.send(header(self.habits.dataset or auth["dataset"]))
        if self.habits.silent or not self.habits.sends_header:
            peer.stopped = True
        await self._begin(peer, subscriptions)
        self.peers.append(peer)
        await self._catch_up(peer)
        beats = asyncio.create_task(self._beat(peer))
        try:
            while await reader.read(LINE_MAX):
                pass
        finally:
            beats.cancel()

    async def _line(self, reader: asyncio.StreamReader, peer: Peer) -> dict[str, str]:
        line = (await reader.readuntil(b"\n")).decode().strip()
        peer.lines.append(line)
        return dict(part.split("=", 1) for part in line.split("|"))

    async def _begin(self, peer: Peer, subscriptions: list[dict[str, str]]) -> None:
        ts = self._clock()
        if (fault := self.habits.fault) is not None:
            await peer.send(error(*fault, ts))
            if fault[0] not in (4, 7):
                peer.writer.close()
                return
        starts = []
        for asked in subscriptions:
            symbols = asked["symbols"].split(",")
            if asked["schema"] == self.market.schema:
                # From now on, and not from when the peer has been told so.
                peer.begun, peer.cursor = True, self.released
                starts += [int(asked["start"])] if "start" in asked else []
            if self.habits.maps:
                await self._map(peer, symbols)
            if asked["is_last"] == "1":
                await peer.send(system(1, f"Subscription request {asked['id']}", ts))
        for start in starts:
            if 0 < start < self.habits.forgets_ns:
                await peer.send(error(8, "Replay data aged out", ts))
                peer.writer.close()
                return
            upto = self.released
            again = [one.raw for one in self.market.sent[:upto]
                     if one.ts_event >= max(start, self.habits.forgets_ns)]  # fmt: skip
            for place in range(0, len(again), BURST):
                await peer.send(b"".join(again[place : place + BURST]))
            peer.cursor = upto
            await peer.send(system(3, f"Finished {self.market.schema} replay", self._clock()))

    async def _map(self, peer: Peer, symbols: list[str]) -> None:
        for symbol in symbols:
            found = self.market.symbols.get(symbol)
            if found is None:
                text = f"Failed to resolve symbol: {symbol}"
                await peer.send(error(4, text, self._clock()))
                continue
            for instrument_id, name in found.items():
                await peer.send(mapping(instrument_id, symbol, name))

    async def _catch_up(self, peer: Peer) -> None:
        while peer.begun and peer.cursor < self.released:
            upto = min(self.released, peer.cursor + BURST)
            raw = b"".join(one.raw for one in self.market.sent[peer.cursor : upto])
            peer.cursor = upto
            await peer.send(raw)

    async def _beat(self, peer: Peer) -> None:
        while True:
            await asyncio.sleep(self.habits.heartbeat_s)
            if not peer.begun or peer.cursor == self.released:  # Else its time is still to come.
                await peer.send(system(0, "Heartbeat", self._clock()))


@contextmanager
def gateway(market: Market) -> Iterator[Gateway]:
    """Run a gateway for the time of a test."""
    one = Gateway(market)
    thread = threading.Thread(target=one.loop.run_forever, daemon=True)
    thread.start()
    one.up()
    try:
        yield one
    finally:
        one.close()
        one.loop.call_soon_threadsafe(one.loop.stop)
        thread.join(5)
        one.loop.close()
