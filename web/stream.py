"""The page's news: each section again when it has changed, as server-sent events.

A page that cannot keep up gets fewer, newer sections, never a queue of old ones: what is sent is
compared with what this page was sent last, and the next look waits until the last is written.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

LOOK_S = 0.25  # Four times a second is as fast as a person reads.
HEARTBEAT_S = 5.0
RETRY_MS = 1000
HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}


async def stream_sections(
    request: web.Request, look: Callable[[], Mapping[str, Any]], stopping: asyncio.Event
) -> web.StreamResponse:
    """Send sections until the page goes or the server stops."""
    response = web.StreamResponse(headers=HEADERS)
    await response.prepare(request)
    await response.write(f"retry: {RETRY_MS}\n\n".encode())
    loop = asyncio.get_running_loop()
    sent: dict[str, str] = {}
    wrote_s = loop.time()
    try:
        while not stopping.is_set():
            changed = changes(look(), sent)
            if changed:
                await response.write(f"event: floor\ndata: {changed}\n\n".encode())
                wrote_s = loop.time()
            elif loop.time() - wrote_s >= HEARTBEAT_S:
                # The page takes this for life, and a vanished page shows by the failing write.
                await response.write(b"event: beat\ndata: \n\n")
                wrote_s = loop.time()
            await _pause(stopping)
    except ConnectionResetError:
        return response
    await response.write_eof()
    return response


def changes(sections: Mapping[str, Any], sent: dict[str, str]) -> str:
    """Return the sections that differ from `sent` as one JSON object, "" if none; note them."""
    texts = {name: json.dumps(section) for name, section in sections.items()}
    changed = {name: text for name, text in texts.items() if sent.get(name) != text}
    sent.update(changed)
    if not changed:
        return ""
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in changed.items()) + "}"


async def _pause(stopping: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), LOOK_S)
    except TimeoutError:
        return
