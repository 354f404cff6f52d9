"""What the page weighs: itself and every file it loads, in bytes as they are served.

A browser is not needed for that: styles, scripts and pictures stand in the page's head, and a
script names the modules it imports. The API's answers are not in it; they depend on the day.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit
from urllib.request import Request, urlopen

LIMIT_S = 10.0
FILES_MAX = 500
ACCEPTED = "gzip, deflate, br, zstd"  # As Chromium says.
LOADED = {"link": "href", "script": "src", "img": "src"}
IMPORTS = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](\.{0,2}/[^"']+)["']""")
STYLED = re.compile(r"""(?:@import\s+|url\()\s*["']?([^"')]+)["']?""")


@dataclass(frozen=True, slots=True)
class File:
    """One file as it came over the wire."""

    path: str
    sent: int  # Bytes of the body as sent.
    packed: bool  # Compressed on the way.


class _Loads(HTMLParser):
    """Collects what a page loads by itself; what one may go to is not it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        place = given.get(LOADED.get(tag, ""))
        if place:
            self.found.append(place)


def files_of(url: str) -> list[File]:
    """Return the page at `url` and all files of its site that it loads, each once."""
    site, waiting = urlsplit(url).netloc, [url]
    seen, files = {url}, list[File]()
    while waiting:
        place = waiting.pop(0)
        file, text, kind = _fetched(place)
        files.append(file)
        if len(files) > FILES_MAX:
            raise ValueError(f"{url} loads more than {FILES_MAX} files")
        for named in loads(text, kind):
            found = urljoin(place, named)
            if urlsplit(found).netloc == site and found not in seen:
                seen.add(found)
                waiting.append(found)
    return files


def loads(text: str, kind: str) -> Iterator[str]:
    """Yield what a file of that content type loads, as it is written there."""
    if kind == "text/html":
        parser = _Loads()
        parser.feed(text)
        yield from parser.found
    elif kind.endswith("javascript"):
        yield from IMPORTS.findall(text)
    elif kind == "text/css":
        yield from (named for named in STYLED.findall(text) if not named.startswith("data:"))


def _fetched(url: str) -> tuple[File, str, str]:
    asked = Request(url, headers={"Accept-Encoding": ACCEPTED})
    with urlopen(asked, timeout=LIMIT_S) as answer:
        body, packed = answer.read(), bool(answer.headers.get("Content-Encoding"))
        kind = answer.headers.get_content_type()
    sent = len(body)
    if packed:
        # Only to read what it loads; the weight is that of what was sent.
        with urlopen(Request(url, headers={"Accept-Encoding": "identity"}), timeout=LIMIT_S) as it:
            body = it.read()
    return File(urlsplit(url).path, sent, packed), body.decode(errors="replace"), kind
