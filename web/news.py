"""The page's news over a websocket: a snapshot, then numbered changes, and a beat.

One look at the floor serves every page: what changed is written down once and handed to each. A
page that does not keep up has a few messages waiting at most; then they are thrown away, it is told
that it is behind, and gets a new snapshot when it reads again. It slows nobody: each has a task of
its own, and one that takes nothing for a while is closed.

A section that changes all the time and that few pages show stands apart: it is sent whole, without
a number, to those that asked for it, and of what a page has not taken yet only the last is kept.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

LOOK_S = 0.25
BEAT_S = 5.0
WAITING_MAX = 8  # Messages for one page.
SEND_LIMIT_S = 20.0
BEHIND = '{"kind": "behind"}'
Send = Callable[[str], Awaitable[None]]


class TooMany(Exception):
    """No further page can be told the news; the text says how many are."""


class News:
    """Tells every open page what changes. Lives on the server's loop alone."""

    def __init__(
        self,
        look: Callable[[], Mapping[str, Any]],
        clients_max: int,
        apart: Mapping[str, Callable[[], Any]] = MappingProxyType({}),
    ) -> None:
        self.number = 0
        self.behind = 0  # How often a page fell behind.
        self.apart = frozenset(apart)
        self._look = look
        self._look_apart = apart  # None is no section yet.
        self._most = clients_max
        self._pages: set[Page] = set()
        self._texts: dict[str, str] = {}
        self._looker: asyncio.Task[None] | None = None

    @property
    def clients(self) -> int:
        """How many pages are told the news."""
        return len(self._pages)

    @contextmanager
    def place(self, wanted: frozenset[str] = frozenset()) -> Iterator["Page"]:
        """Hold a place for one page, which shows `wanted` of what stands apart.

        It is taken before the page is answered, so that none comes between.
        """
        if len(self._pages) >= self._most:
            raise TooMany(f"{self._most} pages are told the news already, wanted fewer")
        page = Page(wanted)
        if not self._pages:
            self._renew()
        self._pages.add(page)
        try:
            yield page
        finally:
            self._pages.discard(page)

    async def tell(self, page: "Page", send: Send) -> None:
        """Send the news to a page that has a place, until it is gone."""
        if self._looker is None or self._looker.done():
            self._looker = asyncio.create_task(self._watch())
        await self._feed(page, send)

    def snapshot(self, page: "Page") -> str:
        """Return everything a page shows, under the number of the last change."""
        self._renew_apart(page)
        page.fresh.clear()
        return self._message("snapshot", self._texts | page.apart)

    def renew(self) -> str:
        """Look again; return the change as a message, "" if there is none."""
        changed = self._renew()
        return self._message("change", changed) if changed else ""

    def _renew(self) -> dict[str, str]:
        texts = {name: json.dumps(section) for name, section in self._look().items()}
        changed = {name: text for name, text in texts.items() if self._texts.get(name) != text}
        if changed:
            self._texts = texts
            self.number += 1
        return changed

    def _renew_apart(self, *pages: "Page") -> None:
        for name, look in self._look_apart.items():
            shown = [page for page in pages if name in page.wanted]
            section = look() if shown else None
            if section is not None:
                text = json.dumps(section)
                for page in shown:
                    page.put_apart(name, text)

    async def _watch(self) -> None:
        """Look as long as somebody is there."""
        while self._pages:
            await asyncio.sleep(LOOK_S)
            change = self.renew()
            for page in self._pages:
                if change:
                    self.behind += page.put(change)
            self._renew_apart(*self._pages)

    async def _feed(self, page: "Page", send: Send) -> None:
        loop = asyncio.get_running_loop()
        beat_s = loop.time() + BEAT_S
        page.waiting.clear()  # All that the snapshot holds, too.
        await self._send(send, self.snapshot(page))
        while True:
            await page.wait(beat_s - loop.time())
            if self._looker is None or self._looker.done():
                return  # It failed, or was left alone: a page that comes back has a new one.
            if page.behind:
                page.behind = False
                await self._send(send, BEHIND)
                page.waiting.clear()  # All that the snapshot holds.
                await self._send(send, self.snapshot(page))
            while page.waiting and not page.behind:
                await self._send(send, page.waiting.popleft())
            if page.fresh:
                await self._send(send, self._section(page))
            if loop.time() >= beat_s:
                beat_s = loop.time() + BEAT_S
                await self._send(send, json.dumps({"kind": "beat", "number": self.number}))

    async def _send(self, send: Send, text: str) -> None:
        async with asyncio.timeout(SEND_LIMIT_S):
            await send(text)

    def _message(self, kind: str, texts: Mapping[str, str]) -> str:
        return f'{{"kind": "{kind}", "number": {self.number}, "sections": {_joined(texts)}}}'

    def _section(self, page: "Page") -> str:
        texts = {name: page.apart[name] for name in sorted(page.fresh)}
        page.fresh.clear()
        return f'{{"kind": "section", "sections": {_joined(texts)}}}'


class Page:
    """What waits for one page."""

    def __init__(self, wanted: frozenset[str] = frozenset()) -> None:
        self.wanted = wanted
        self.apart: dict[str, str] = {}  # The last of each section that stands apart.
        self.fresh: set[str] = set()  # Those of them that were not sent yet.
        self.waiting: deque[str] = deque()
        self.behind = False
        self._news = asyncio.Event()

    def put(self, text: str) -> bool:
        """Add a message; return whether the page has fallen behind with it."""
        self._news.set()
        if self.behind:
            return False
        if len(self.waiting) >= WAITING_MAX:
            self.waiting.clear()
            self.behind = True
            return True
        self.waiting.append(text)
        return False

    def put_apart(self, name: str, text: str) -> None:
        """Put a section that stands apart in the place of what it was before."""
        if self.apart.get(name) != text:
            self.apart[name] = text
            self.fresh.add(name)
            self._news.set()

    async def wait(self, limit_s: float) -> None:
        """Wait for a message, `limit_s` at most."""
        try:
            async with asyncio.timeout(max(0.0, limit_s)):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()


def _joined(texts: Mapping[str, str]) -> str:
    told = ", ".join(f"{json.dumps(name)}: {text}" for name, text in texts.items())
    return f"{{{told}}}"
