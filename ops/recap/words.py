"""How values of the document are written for a person; whatever text comes in is escaped."""

from datetime import date, datetime
from html import escape
from typing import Any

DASH = "\u2013"
MINUS = "\u2212"
ARROWS = {"long": "\u25b2", "short": "\u25bc", "none": "\u25c6"}


def text(value: object) -> str:
    """Return a text escaped for a page."""
    return escape(str(value), quote=True)


def named(value: str | None) -> str:
    """Return a name of the vocabulary in plain words, escaped; a dash for none."""
    return text(value.replace("_", " ")) if value else DASH


def money(value: float | None, *, sign: bool = False) -> str:
    """Return dollars with cents and thousands, "-1,234.50"; a dash for none."""
    return DASH if value is None else _signed(value, f"{abs(value):,.2f}", sign)


def number(value: float | None, decimals: int = 2, *, sign: bool = False) -> str:
    """Return a number with so many decimals and thousands; a dash for none."""
    return DASH if value is None else _signed(value, f"{abs(value):,.{decimals}f}", sign)


def counted(count: int, one: str) -> str:
    """Return a count with its noun, "1 round trip" or "2 round trips"."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def ticks(value: float | None, *, sign: bool = False) -> str:
    """Return ticks, with decimals only where there are any; a dash for none."""
    if value is None:
        return DASH
    whole = abs(value - round(value)) < 1e-9
    return _signed(value, f"{abs(value):,.0f}" if whole else f"{abs(value):,.1f}", sign)


def share(value: float | None, decimals: int = 1) -> str:
    """Return a share of 1 in per cent; a dash for none."""
    return DASH if value is None else f"{value * 100:,.{decimals}f}\u202f%"


def span(seconds: float | None) -> str:
    """Return a duration, "1 h 05 min", "12 min 30 s" or "0.09 s"; a dash for none."""
    if seconds is None:
        return DASH
    if seconds < 10:
        return f"{seconds:.2f}\u202fs" if seconds else "0\u202fs"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}\u202fh {minutes:02d}\u202fmin"
    return f"{minutes}\u202fmin {rest:02d}\u202fs" if minutes else f"{rest}\u202fs"


def clock(instant: str | None, form: str = "%H:%M:%S") -> str:
    """Return the time of the day of an instant of the document; a dash for none."""
    return DASH if instant is None else datetime.fromisoformat(instant).strftime(form)


def day(words: str) -> str:
    """Return a date of the document in full, "Tuesday, 2 December 2025"."""
    on = date.fromisoformat(words)
    return f"{on:%A}, {on.day} {on:%B %Y}"


def tone(value: float | None) -> str:
    """Return the class of a result: its sign is written, too."""
    return "buy" if (value or 0) > 0 else "sell" if (value or 0) < 0 else "soft"


def cells(*values: str, of: str = "td", classes: Any = ()) -> str:
    """Return table cells of texts that are escaped already, each with its class."""
    told = [*classes, *[""] * (len(values) - len(classes))]
    made = (
        f'<{of} class="{name}">{value}</{of}>' if name else f"<{of}>{value}</{of}>"
        for value, name in zip(values, told, strict=True)
    )
    return "".join(made)


def _signed(value: float, digits: str, sign: bool) -> str:
    if not any(digit in "123456789" for digit in digits):
        return digits  # Never a minus before nothing.
    return f"{MINUS if value < 0 else '+' if sign else ''}{digits}"
