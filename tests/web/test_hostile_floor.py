"""A flood upon the page of a floor that trades: the beats of all others show that none noticed."""

import asyncio
import base64
import dataclasses
import json
import os
import socket
import tempfile
from collections import Counter
from pathlib import Path
from time import monotonic

import pytest

from ops.config import read_settings
from ops.live import record_simulation, simulated
from supervision.status import Node
from supervision.tree import floor
from tests.system.running import Running, until

SLOW, SOCKETS, LOUD = 200, 120, 8
FLOOD_S = 4.0
BEAT_LATE_S = 2.0  # At three a process counts as hung.
pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(120)]


def nodes_of(node: Node) -> list[Node]:
    return [node, *(below for child in node.children for below in nodes_of(child))]


async def slow_client(port: int) -> None:
    """Send one letter of a head now and then."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            writer.write(b"G")
            await asyncio.sleep(1.0)
    except ConnectionError:
        return
    finally:
        writer.close()


async def deaf_socket(port: int, seen: Counter[str]) -> None:
    """Open a websocket and never read from it."""
    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    own.setblocking(False)
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_connect(own, ("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        head = ("GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n")
        await loop.sock_sendall(own, f"{head}\r\n".encode())
        seen[(await loop.sock_recv(own, 12)).decode()[9:12]] += 1
        await asyncio.sleep(FLOOD_S)
    except ConnectionError:
        seen["cut off"] += 1
    finally:
        own.close()


async def loud_client(port: int, seen: Counter[str]) -> None:
    """Ask for what is too much, too large or nonsense, as fast as it is answered."""
    bodies = [b"[" * 16_000, b"x" * 200_000, b"{"]
    asks = ["POST /api/kill", "GET /api/signals?limit=500", "GET /api/../../etc/passwd"]
    number = 0
    while True:
        body, ask = bodies[number % 3], asks[number // 3 % 3]
        number += 1
        head = (f"{ask} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n")  # fmt: skip
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(head.encode() + body)
            seen[(await reader.read(12)).decode()[9:12]] += 1
        except ConnectionError:
            seen["cut off"] += 1
        finally:
            writer.close()


async def flood(port: int, look: Running) -> tuple[Counter[str], Counter[str], float, float]:
    """Flood the page; return what sockets and loud ones saw, the latest beat, the longest wait."""
    sockets: Counter[str] = Counter()
    loud: Counter[str] = Counter()
    tasks = [asyncio.create_task(deaf_socket(port, sockets)) for _ in range(SOCKETS)]
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(slow_client(port)) for _ in range(SLOW)]
    tasks += [asyncio.create_task(loud_client(port, loud)) for _ in range(LOUD)]
    loop = asyncio.get_running_loop()
    until_s, late_s = loop.time() + FLOOD_S, 0.0
    while loop.time() < until_s:
        await asyncio.sleep(0.1)
        for node in nodes_of(look.look()):
            if node.id != "web" and node.beat_age_s is not None:
                late_s = max(late_s, node.beat_age_s + node.age_s)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    began_s = loop.time()
    answer = b""
    while not answer.startswith(b"HTTP/1.1 200"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /api/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
    return sockets, loud, late_s, loop.time() - began_s


def test_a_flood_upon_the_page_is_refused_and_trading_does_not_notice() -> None:
    chosen = {
        "feed": {"symbol": "MES", "speed": 600.0, "session_trades": 20_000},
        "web": {"port": 0},
    }
    settings = read_settings(None, chosen, {}, Path("none"))  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory(prefix="fw-") as directory:
        record_simulation(simulated(settings), settings, Path(directory), "08:00")
        tree = floor(settings.supervision, tells=False)
        run = Running(tree, "fork", dataclasses.asdict(settings), 0, Path(directory))
        try:
            run.wait_green()
            port = json.loads((run.run_dir / "web.json").read_text())["port"]
            until(lambda: run.node("desk").cut > 0, "the desk has passed a decision")
            before, began_s = run.node("desk").cut, monotonic()
            sockets, loud, late_s, wait_s = asyncio.run(flood(port, run))
            after = run.node("desk").cut
            assert monotonic() - began_s < 30
            assert all(node.restarts == 0 for node in nodes_of(run.look()))
            # Refused by number, by size or as nonsense; and never a fault of the server.
            assert sockets["101"] <= 50 and sockets["503"] > 0, sockets
            assert loud.total() > 20 and not {"500", "502"} & set(loud), loud
            assert {"400", "413"} <= set(loud) or loud["503"], loud
            assert late_s < BEAT_LATE_S, f"a beat was {late_s:.1f} s old"
            assert after > before, f"the desk stood at cut {before}"
            assert wait_s < 5.0
        finally:
            left = run.end()
        assert not left
