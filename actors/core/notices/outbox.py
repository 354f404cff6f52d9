"""What waits to be sent, in its order: what is important is never dropped (domain 8.9).

Beyond its size the outbox drops the oldest piece of information, then the oldest warning; where
only what is worse waits, what comes is dropped itself. A critical notice is never dropped, so only
those can make it larger. What was dropped is counted and said once, when there is room again.
Where nothing can be sent any more only critical notices are kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from actors.core.notices.codes import Told
from actors.core.notices.notice import Notice, Severity, notice_of, plain


@dataclass(slots=True)
class Outbox:
    """Notices by number, 1, 2, 3 ...: `notices` is in order and of rising numbers."""

    size_max: int
    number: int = 0  # The last that was given.
    notices: dict[int, Notice] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)  # Not said yet, by severity.
    saying: dict[str, int] = field(default_factory=dict)  # In a notice that is on its way.
    refused: list[Notice] = field(default_factory=list)  # Critical ones that were not accepted.
    shut: bool = False  # Nothing can be sent.


def put(outbox: Outbox, notice: Notice) -> None:
    """Let a notice wait at the end, and make room for it."""
    if outbox.shut and notice.severity is not Severity.CRITICAL:
        _drop(outbox, notice)
        return
    outbox.number += 1
    outbox.notices[outbox.number] = notice
    if len(outbox.notices) > outbox.size_max:
        for severity in (Severity.INFO, Severity.WARNING):
            oldest = next((n for n, one in outbox.notices.items() if one.severity is severity), 0)
            if oldest:
                _drop(outbox, outbox.notices.pop(oldest))
                return


def waiting(outbox: Outbox, upto: int, most: int) -> tuple[list[int], list[Notice]]:
    """Return the first notices numbered up to `upto`; what was dropped is said before them.

    The notice about what was dropped has no number of its own, so it comes first and with 0.
    """
    numbers = [number for number in outbox.notices if number <= upto][:most]
    notices = [outbox.notices[number] for number in numbers]
    if notices:
        outbox.saying, outbox.dropped = _sum(outbox.saying, outbox.dropped), {}
    if notices and outbox.saying:
        numbers = [0, *numbers[: most - 1]]
        notices = [_of_dropped(outbox.saying, notices[0].ts_ns), *notices[: most - 1]]
    return numbers, notices


def sent(outbox: Outbox, numbers: list[int]) -> None:
    """Forget what was sent; a number that is gone already changes nothing."""
    for number in numbers:
        if number == 0:
            outbox.saying = {}
        outbox.notices.pop(number, None)


def refuse(outbox: Outbox, number: int) -> None:
    """Take out a notice that is not accepted as it is; a critical one is kept aside."""
    notice = outbox.notices.pop(number, None)
    if notice is None:
        return
    if notice.severity is Severity.CRITICAL:
        outbox.refused.append(notice)
    else:
        _drop(outbox, notice)


def shut(outbox: Outbox) -> None:
    """Keep only what is critical from now on: nothing can be sent."""
    outbox.shut = True
    for number, notice in list(outbox.notices.items()):
        if notice.severity is not Severity.CRITICAL:
            _drop(outbox, outbox.notices.pop(number))


def kept(outbox: Outbox) -> dict[str, Any]:
    """Return the outbox as plain values for a file; that it is shut is not kept: a new start
    tries again, for the address may be another."""
    return {
        "number": outbox.number,
        "notices": [[number, plain(notice)] for number, notice in outbox.notices.items()],
        "dropped": _sum(outbox.saying, outbox.dropped),
        "refused": [plain(notice) for notice in outbox.refused],
    }


def outbox_of(values: Mapping[str, Any], size_max: int) -> Outbox:
    """Return the outbox that was kept; what is none raises ValueError."""
    try:
        return Outbox(
            size_max,
            int(values["number"]),
            {int(number): notice_of(notice) for number, notice in values["notices"]},
            {str(key): int(count) for key, count in values["dropped"].items()},
            {},
            [notice_of(notice) for notice in values["refused"]],
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{type(error).__name__} {error}: wanted an outbox") from None


def _drop(outbox: Outbox, notice: Notice) -> None:
    key = str(notice.severity)
    outbox.dropped[key] = outbox.dropped.get(key, 0) + 1


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}


def _of_dropped(dropped: Mapping[str, int], ts_ns: int) -> Notice:
    counts = " and ".join(f"{count} of {severity}" for severity, count in dropped.items())
    return Notice(
        severity=Severity.WARNING,
        code=Told.NOTICES_DROPPED,
        title="Some notices were dropped",
        ts_ns=ts_ns,
        lines=(f"{counts}: more was to be told than could be sent.",),
    )
