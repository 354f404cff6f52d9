"""The process of the connection: the official client, one session after the other as ordered.

The client costs a hundred megabytes and three quarters of a second when it is imported, and it
must not share a process with whoever has to answer a supervisor within three seconds; so it lives
in a child of the feed actor, which is there only with this feed. Its low-level protocol is used
in a loop of our own. What it decides by itself, to reconnect and to remember errors for ever,
is left out: an end is told as it was, and the actor decides.

The child dies with the actor: by the kernel, and where its input ends. Its key comes by the input
and goes nowhere else.
"""

import asyncio
import logging
import os
import sys
from time import time_ns
from typing import Any

import databento_dbn
from databento.common.error import BentoError
from databento.common.publishers import Dataset
from databento.live.protocol import DatabentoLiveProtocol

from actors.adapters.feeds.databento_wire import (
    Plan,
    ended_frame,
    plan_of,
    records_frame,
)
from actors.core.market.ends import End, Fault

CONNECT_S = 10.0
OUT = 1
DATASETS = frozenset(map(str, Dataset))


class Session(DatabentoLiveProtocol):
    """One session; hands its records on as the bytes they are, of version 3."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            api_key=plan.key,
            dataset=plan.dataset,
            heartbeat_interval_s=plan.heartbeat_s,
            compression=getattr(databento_dbn.Compression, plan.compression.upper()),
        )
        self.plan = plan
        self.fault: Fault | None = None  # What we find wrong ourselves.
        self._held: list[bytes] = []

    def received_metadata(self, metadata: Any) -> None:
        """Check that it is the header of what was asked for."""
        super().received_metadata(metadata)
        if metadata.dataset != self.plan.dataset:
            text = f"data set {metadata.dataset}, wanted {self.plan.dataset}"
            self.give_up(Fault(End.GARBLED, text=text))

    def received_record(self, record: Any) -> None:
        """Keep a record until all that came with it is decoded."""
        self._held.append(bytes(record))

    def buffer_updated(self, nbytes: int) -> None:
        """Decode what came and hand it on together."""
        try:
            super().buffer_updated(nbytes)
        except (databento_dbn.DBNError, ValueError, asyncio.InvalidStateError) as error:
            self.give_up(Fault(End.GARBLED, text=str(error)))
        if self._held:
            raw, self._held = b"".join(self._held), []
            _write(records_frame(self.plan.session, time_ns(), raw))

    def give_up(self, fault: Fault) -> None:
        """End the session for a reason of our own; the first one counts."""
        self.fault = self.fault or fault
        self.transport.abort()


async def run(plan: Plan) -> Fault:
    """Run one session until it ends, and return why; cancelling it hangs up."""
    if not plan.key:
        return Fault(End.NO_KEY)
    if plan.dataset not in DATASETS and not plan.gateway:
        return Fault(End.DATASET, text=plan.dataset)
    host = plan.gateway or f"{plan.dataset.lower().replace('.', '-')}.lsg.databento.com"
    loop = asyncio.get_running_loop()
    connecting = loop.create_connection(lambda: Session(plan), host, plan.port)
    try:
        _, session = await asyncio.wait_for(connecting, CONNECT_S)
    except (OSError, TimeoutError) as error:
        return Fault(End.UNREACHABLE, text=f"{host}:{plan.port}: {error or 'no answer'}")
    try:
        return await _served(session)
    finally:
        session.transport.abort()


async def _served(session: Session) -> Fault:
    authenticated, disconnected = session.authenticated, session.disconnected
    waits: set[asyncio.Future[Any]] = {authenticated, disconnected}
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    if authenticated.done():
        refusal = authenticated.exception()
        if refusal is not None:
            return Fault(End.DENIED, text=str(refusal))
        for number, one in enumerate(session.plan.subscriptions):
            session.subscribe(
                one.schema, one.symbol, one.symbology, one.start, subscription_id=number
            )
        session.start()
    await asyncio.wait({disconnected})
    error = disconnected.exception()
    if session.fault is not None:
        return session.fault
    # A BentoError is the text of any error it ever had; those that matter are handed on.
    orderly = error is None or isinstance(error, BentoError)
    return Fault(End.CLOSED) if orderly else Fault(End.RESET, text=str(error))


async def obey() -> None:
    """Run sessions as ordered until the orders end."""
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin.buffer)
    running: asyncio.Task[None] | None = None
    while line := await orders.readline():
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            running = None
        plan = plan_of(line)
        if plan is not None:
            running = loop.create_task(_told(plan))
    os._exit(0)  # Whoever ordered is gone; nothing here needs an orderly end.


async def _told(plan: Plan) -> None:
    try:
        fault = await run(plan)
    except (ValueError, BentoError) as error:  # The client refuses what it is told to ask for.
        fault = Fault(End.DENIED, text=str(error))
    _write(ended_frame(plan.session, fault))


def _write(frame: bytes) -> None:
    """Write all of a frame; while the actor reads too slowly this waits, and so the gateway."""
    view = memoryview(frame)
    while view:
        view = view[os.write(OUT, view) :]


def main() -> None:
    """Serve the actor at the other end of the pipes."""
    for name in ("databento", "asyncio"):  # The first logs what it sends; all that counts is told.
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        asyncio.run(obey())
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)


if __name__ == "__main__":
    main()
