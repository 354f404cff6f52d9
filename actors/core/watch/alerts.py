"""When a finding is told: once, again after a while, at once when it is worse (domain 8.5).

The cooldown belongs to the code of an alert. An earlier system tied it to the text, in which the
numbers change with every look, and so had none. What was told is taken back once, when it is gone.
Told again at once is what is worse than what was told last, and what comes back critical after it
was taken back; what comes back as a warning waits for the cooldown. A finding that is told once
for a day is neither repeated nor taken back.

A heartbeat that is stale at several looks in a row is critical; this is where looks are counted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from actors.core.notices.notice import Notice, Severity
from actors.core.watch.checks import Code, Finding
from protocol.units import NANOS_PER_S
from protocol.watch_settings import WatchSettings

TITLES = {
    Code.PROCESS_GONE: "The floor does not run",
    Code.HEARTBEAT_STALE: "The floor gives no sign of life",
    Code.TICKS_STALE: "No trades arrive",
    Code.FEED_DOWN: "The feed is down",
    Code.RECONNECTS_MANY: "The connection is unsteady",
    Code.MEM_HIGH: "Memory runs short",
    Code.DISK_LOW: "The disk is almost full",
    Code.POSITION_LATE: "A position is open after the close",
    Code.CPU_HIGH: "The processor is overloaded",
    Code.DISK_FULL: "The disk fills up",
    Code.RESPONSE_SLOW: "The broker answers slowly",
    Code.ERRORS_MANY: "The venue refuses many orders",
}


class Word(StrEnum):
    """What an alert says of its finding."""

    RAISED = "raised"
    WORSE = "worse"
    STILL = "still"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was told of a code. `open`: it was not taken back since."""

    told_ns: int
    severity: Severity  # As told last.
    open: bool
    once: str = ""  # The time for which it was told for good.


@dataclass(slots=True)
class Alarms:
    """What was told, by code, and how many looks in a row found the heartbeat stale."""

    standing: dict[Code, Standing]
    stale: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something to tell now."""

    code: Code
    word: Word
    severity: Severity
    text: str
    ts_ns: int


def judge(
    alarms: Alarms, findings: Iterable[Finding], now_ns: int, settings: WatchSettings
) -> list[Alert]:
    """Return what is to be told of one look at `now_ns`, and keep that it was told."""
    found = {each.code: _hardened(alarms, each, settings) for each in findings}
    if Code.HEARTBEAT_STALE not in found:
        alarms.stale = 0
    alerts = []
    for each in found.values():
        before = alarms.standing.get(each.code)
        word = _word(before, each, now_ns, settings.cooldown_s * NANOS_PER_S)
        if word is None and before is not None and before.told_ns > now_ns:
            # The clock was set back: a cooldown that never ends would silence the code.
            alarms.standing[each.code] = replace(before, told_ns=now_ns)
        if word is not None:
            alarms.standing[each.code] = Standing(
                told_ns=now_ns, severity=each.severity, open=True, once=each.once
            )
            alerts.append(_alert(each.code, word, each.severity, each.text, now_ns))
    return alerts + _recoveries(alarms, found, now_ns)


def notice_of_alert(alert: Alert, by: str) -> Notice:
    """Return what a person is told, and by whom."""
    gone = alert.word is Word.RECOVERED
    words = {Word.RECOVERED: "over: ", Word.STILL: "still: ", Word.WORSE: "worse: "}
    return Notice(
        severity=Severity.INFO if gone else alert.severity,
        code=str(alert.code),
        title=f"{words.get(alert.word, '')}{TITLES[alert.code]}",
        ts_ns=alert.ts_ns,
        lines=(alert.text,) if alert.text else (),
        fields=(("seen by", by),),
    )


def kept(alarms: Alarms) -> dict[str, Any]:
    """Return what was told as plain values for a file."""
    standing = {str(code): asdict(each) for code, each in alarms.standing.items()}
    return {"stale": alarms.stale, "standing": standing}


def alarms_of(values: Mapping[str, Any]) -> Alarms:
    """Return what was kept; what is not that raises ValueError."""
    try:
        standing = {
            Code(code): Standing(**{**each, "severity": Severity(each["severity"])})
            for code, each in values["standing"].items()
        }
        return Alarms(standing, int(values["stale"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__} {error}"
        raise ValueError(f"{reason}: wanted what was told, by code") from None


def _hardened(alarms: Alarms, finding: Finding, settings: WatchSettings) -> Finding:
    if finding.code is not Code.HEARTBEAT_STALE:
        return finding
    alarms.stale += 1
    if alarms.stale < settings.stale_checks:
        return finding
    return replace(finding, severity=Severity.CRITICAL)


def _word(
    before: Standing | None, finding: Finding, now_ns: int, cooldown_ns: int
) -> Word | None:
    if before is None:
        return Word.RAISED
    if finding.once:
        return None if before.once == finding.once else Word.RAISED
    due = now_ns - before.told_ns >= cooldown_ns
    if before.open:
        if finding.severity.rank > before.severity.rank:
            return Word.WORSE
        return Word.STILL if due else None
    return Word.RAISED if due or finding.severity is Severity.CRITICAL else None


def _recoveries(alarms: Alarms, found: Mapping[Code, Finding], now_ns: int) -> list[Alert]:
    gone = [
        code for code, each in alarms.standing.items()
        if each.open and not each.once and code not in found
    ]  # fmt: skip
    for code in gone:
        alarms.standing[code] = replace(alarms.standing[code], open=False)
    return [
        _alert(code, Word.RECOVERED, alarms.standing[code].severity, "", now_ns) for code in gone
    ]


def _alert(code: Code, word: Word, severity: Severity, text: str, now_ns: int) -> Alert:
    return Alert(code=code, word=word, severity=severity, text=text, ts_ns=now_ns)
