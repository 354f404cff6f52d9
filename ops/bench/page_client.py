"""Pages that are told the news: websocket clients in a process of their own, as browsers are.

They read and do nothing else, so that the figures are the floor's and not theirs: each notes which
messages came and when a mark was first seen, and all is told as JSON when the input ends. The
monotonic clock is the same in every process of a machine.
"""

import asyncio
import json
import os
import re
import sys
import time
from dataclasses import asdict, dataclass, field

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

OPEN = "open"  # Said on a line of its own when every client has its snapshot.
LIMIT_S = 30.0
KIND = re.compile(r'\{"kind": "(\w+)"(?:, "number": (\d+))?')
MARKED = "bench-mark-"  # Before the number of a mark.
MARK = re.compile(rf"{MARKED}(\d+)")


@dataclass(slots=True)
class Heard:
    """What one client was told."""

    snapshots: int = 0
    changes: int = 0
    lost: int = 0  # Changes whose number did not follow the one before.
    behind: int = 0
    characters: int = 0
    marks: dict[int, int] = field(default_factory=dict)  # First seen at, monotonic ns.
    number: int = 0

    def hear(self, text: str, now_ns: int) -> None:
        """Take one message in; one that is no news of the page raises ValueError."""
        found = KIND.match(text)
        if found is None:
            raise ValueError(f"found {text[:80]!r}, wanted a message of the page's news")
        self.characters += len(text)
        for mark in MARK.findall(text):
            self.marks.setdefault(int(mark), now_ns)
        kind, number = found[1], int(found[2] or 0)
        match kind:
            case "snapshot":
                self.snapshots += 1
            case "change":
                self.changes += 1
                self.lost += number != self.number + 1
            case "behind":
                self.behind += 1
        self.number = number


async def listen(socket: ClientWebSocketResponse, heard: Heard, open: asyncio.Event) -> None:
    """Hear everything until the server closes, which must not happen before we do."""
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            raise ValueError(f"found {message.type.name}, wanted text")
        heard.hear(message.data, time.monotonic_ns())
        if heard.snapshots:
            open.set()
    raise ConnectionError(f"the server has closed with {socket.close_code}")


async def visit(url: str, count: int) -> list[Heard]:
    """Keep `count` clients open until the input ends; return what each was told."""
    loop, told = asyncio.get_running_loop(), [Heard() for _ in range(count)]
    async with ClientSession() as web, asyncio.TaskGroup() as group:
        listening, opened = [], []
        for heard in told:
            socket = await web.ws_connect(f"{url}/ws", max_msg_size=0)
            opened.append(asyncio.Event())
            listening.append(group.create_task(listen(socket, heard, opened[-1])))
        async with asyncio.timeout(LIMIT_S):
            for one in opened:
                await one.wait()
        print(OPEN, flush=True)
        await loop.run_in_executor(None, sys.stdin.read)
        for task in listening:
            task.cancel()
    return told


def main(url: str, count: int) -> None:
    """Visit a page and print what each client was told as JSON."""
    os.nice(10)  # Browsers run elsewhere: where the cores are full, the floor goes first.
    print(json.dumps([asdict(heard) for heard in asyncio.run(visit(url, count))]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
