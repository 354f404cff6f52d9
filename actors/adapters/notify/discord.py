"""Discord: notices as embeds of a webhook's messages, within its limits.

The package posts; what it would do about an answer is left aside on purpose: its `execute` sleeps
when it is told to wait, and raises where an answer has no body. Whoever knows the address of a
webhook can write there, so it is shown by nothing here: an error of the package carries it, and
is replaced by the name of its kind.

A notice's words come from outside, a venue's reason for one: marks of Discord's formatting are
taken literally, and nobody is mentioned.
"""

import json
import logging
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from actors.adapters.notify.port import Answer, Refused, RetryAfter, Sent, Unreachable
from actors.adapters.secrets import BadSecret, secret_of_file
from actors.core.notices.notice import Notice, Severity
from protocol.units import NANOS_PER_S
from protocol.watch_settings import NotifySettings

TITLE_MAX, TEXT_MAX, NAME_MAX, VALUE_MAX, FOOTER_MAX = 256, 4096, 256, 1024, 2048
FIELDS_MAX, EMBEDS_MAX, TOTAL_MAX = 25, 10, 6000
COLOURS = {Severity.INFO: 0x2E7D32, Severity.WARNING: 0xF9A825, Severity.CRITICAL: 0xC62828}
MARKS = re.compile(r"([\\*_~`|>#\[\]()<@])")
GONE = {401: "the webhook's token is wrong", 403: "the webhook may not write",
        404: "the webhook was deleted"}  # fmt: skip
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class BadWebhook(ValueError):
    """The address of a webhook cannot be used; the text does not show it."""


def webhook_of(settings: NotifySettings) -> str:
    """Return the address of the webhook, from the settings or the file they name; empty: none."""
    if settings.discord_webhook and settings.discord_webhook_file:
        raise BadWebhook("notify.discord_webhook and notify.discord_webhook_file: wanted one")
    url = settings.discord_webhook
    if settings.discord_webhook_file:
        url = _of_file(Path(settings.discord_webhook_file))
    if url:
        _check(url)
    return url


class Discord:
    """A webhook; the package and its parts are loaded when the first notice is sent."""

    def __init__(self, url: str, timeout_s: float) -> None:
        _check(url)
        self._url = url
        self._timeout_s = timeout_s

    def __repr__(self) -> str:
        return f"Discord({urlsplit(self._url).hostname}, address not shown)"

    def send(self, notices: Sequence[Notice]) -> Answer:
        """Post one message with as many of the first notices as it holds."""
        from discord_webhook import DiscordWebhook  # type: ignore[import-untyped]
        from requests import RequestException

        # It writes addresses to its log.
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        embeds = fitting(notices)
        hook = DiscordWebhook(
            self._url,
            embeds=embeds,
            allowed_mentions={"parse": []},
            timeout=self._timeout_s,
            rate_limit_retry=False,
        )
        try:
            answer = hook.api_post_request()
        except (RequestException, OSError, ValueError) as error:
            return Unreachable(type(error).__name__)
        return judged(answer.status_code, dict(answer.headers), answer.content, len(embeds))


def judged(status: int, headers: dict[str, str], content: bytes, count: int) -> Answer:
    """Return what an answer to a message of `count` notices means."""
    if status in (200, 201, 204):
        return Sent(count)
    if status == 429:
        return RetryAfter(_retry_s(headers, content))
    if status in GONE:
        return Refused(count, f"{status}: {GONE[status]}", gone=True)
    if 400 <= status < 500 and status != 408:
        return Refused(count, f"{status}: the message is not accepted", gone=False)
    return Unreachable(f"answer {status}")


def fitting(notices: Sequence[Notice]) -> list[dict[str, Any]]:
    """Return the embeds of as many first notices as one message holds, at least one."""
    embeds: list[dict[str, Any]] = []
    total = 0
    for notice in notices[:EMBEDS_MAX]:
        embed = embed_of(notice)
        total += _size(embed)
        if embeds and total > TOTAL_MAX:
            break
        embeds.append(embed)
    return embeds


def embed_of(notice: Notice) -> dict[str, Any]:
    """Return a notice as an embed that is within every limit, whatever its words are."""
    instant = datetime.fromtimestamp(notice.ts_ns // NANOS_PER_S, UTC)
    embed: dict[str, Any] = {
        "title": _cut(f"{notice.severity.upper()}: {notice.title}", TITLE_MAX),
        "color": COLOURS[notice.severity],
        "timestamp": instant.isoformat(),
        "footer": {"text": notice.code[:FOOTER_MAX]},
    }
    left = TOTAL_MAX - _size(embed)
    fields: list[dict[str, Any]] = []
    for name, value in notice.fields[:FIELDS_MAX]:
        label, text = _cut(name, NAME_MAX), _cut(value, VALUE_MAX)
        left -= _units(label) + _units(text)
        if left < 0:
            break
        fields.append({"name": label, "value": text, "inline": True})
    text = _cut("\n".join(notice.lines), min(TEXT_MAX, max(left, 0)), filler="")
    return embed | ({"fields": fields} if fields else {}) | ({"description": text} if text else {})


def _cut(words: str, most: int, filler: str = "-") -> str:
    """Return words with their marks escaped, in at most `most` units; what is empty is filled.

    Discord counts UTF-16 units. A character that is cut in two, or its mark, is left out whole.
    """
    safe = MARKS.sub(r"\\\1", words.replace("\x00", "")).strip() or filler
    if _units(safe) <= most:
        return safe
    kept = ""
    for piece in re.findall(r"\\.|.", safe, re.DOTALL):
        if _units(kept) + _units(piece) + 1 > most:
            break
        kept += piece
    return f"{kept}\u2026" if most else ""


def _units(words: str) -> int:
    return len(words) + sum(character > "\uffff" for character in words)


def _size(embed: dict[str, Any]) -> int:
    texts = [embed["title"], embed["footer"]["text"], embed.get("description", "")]
    texts += [part for each in embed.get("fields", ()) for part in (each["name"], each["value"])]
    return sum(map(_units, texts))


def _retry_s(headers: dict[str, str], content: bytes) -> float:
    """Return the seconds of a 429: those of the body are exact, those of the header rounded up."""
    try:
        return float(json.loads(content)["retry_after"])
    except (ValueError, KeyError, TypeError):
        pass
    found = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    try:
        return float(found)
    except ValueError:
        return 5.0


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise BadWebhook("the address of the webhook cannot be read") from None
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    if not secure or not host or "/api/webhooks/" not in parts.path:
        raise BadWebhook("the webhook is none: wanted https://HOST/api/webhooks/ID/TOKEN")


def _of_file(path: Path) -> str:
    try:
        return secret_of_file("webhook file", path).value
    except BadSecret as error:
        raise BadWebhook(str(error)) from None
