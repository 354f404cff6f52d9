"""What a person is told: one record, whatever it is about and by whatever way it goes.

A notice names its code, by which the runbook is found, and carries words that are already made:
amounts and prices are formatted where a notice is written, and nowhere behind it. As plain values
it travels through files, so the one who finds something need not be the one who tells it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How much it matters, rising. A critical one is never dropped."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 to 2, to compare by."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing worth telling, `ts_ns` the UTC nanoseconds at which it was so."""

    severity: Severity
    code: str
    title: str
    ts_ns: int
    lines: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()


def plain(notice: Notice) -> dict[str, Any]:
    """Return a notice as plain values for a file."""
    return {
        "severity": str(notice.severity),
        "code": notice.code,
        "title": notice.title,
        "ts_ns": notice.ts_ns,
        "lines": list(notice.lines),
        "fields": [list(field) for field in notice.fields],
    }


def notice_of(values: Mapping[str, Any]) -> Notice:
    """Return the notice of plain values; what is none raises ValueError."""
    try:
        return Notice(
            severity=Severity(values["severity"]),
            code=_text(values["code"]),
            title=_text(values["title"]),
            ts_ns=int(values["ts_ns"]),
            lines=tuple(_text(line) for line in values["lines"]),
            fields=tuple((_text(name), _text(value)) for name, value in values["fields"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__} {error}"
        raise ValueError(f"{reason}: wanted severity, code, title, ts_ns, lines, fields") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"found {value!r}, wanted a text")
    return value
