"""Databento's own live client in its two forms, reading from a gateway on loopback."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import databento
from databento.live.protocol import DatabentoLiveProtocol

DATASET, SCHEMA = "GLBX.MDP3", "trades"
LOOK_S = 0.005
Counted = Callable[[Any], None]
Waits = Callable[[], bool]


def by_callback(port: int, symbol: str, key: str, counted: Counted, waits: Waits) -> None:
    """Hand each record to `counted`, in the client's thread, as long as `waits`."""
    client = databento.Live(key=key, gateway="127.0.0.1", port=port)
    client.subscribe(dataset=DATASET, schema=SCHEMA, symbols=[symbol], stype_in="raw_symbol")
    client.add_callback(counted)
    client.start()
    while waits():
        time.sleep(LOOK_S)
    client.terminate()


def by_protocol(port: int, symbol: str, key: str, counted: Counted, waits: Waits) -> None:
    """Hand each record to `counted`, in a loop of our own, as long as `waits`."""
    asyncio.run(_protocol(port, symbol, key, counted, waits))


async def _protocol(port: int, symbol: str, key: str, counted: Counted, waits: Waits) -> None:
    class Session(DatabentoLiveProtocol):
        def received_record(self, record: Any) -> None:
            counted(record)

    loop = asyncio.get_running_loop()
    _, session = await loop.create_connection(
        lambda: Session(api_key=key, dataset=DATASET), "127.0.0.1", port
    )
    await session.authenticated
    session.subscribe(SCHEMA, symbol, "raw_symbol")
    session.start()
    while waits():
        await asyncio.sleep(LOOK_S)
    session.transport.abort()
