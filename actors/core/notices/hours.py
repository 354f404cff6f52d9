"""The notices of the day: its preflight, its open, and the chores that failed (domain 8.2, 8.9)."""

from actors.core.notices.codes import Told
from actors.core.notices.notice import Notice, Severity
from actors.core.notices.words import clock, dollars
from protocol.day import ActionTaken, ChoreEnded, PreflightJudged, Verdict

SEVERITIES = {
    Verdict.GO: Severity.INFO,
    Verdict.WARN: Severity.WARNING,
    Verdict.NO_GO: Severity.CRITICAL,
}


def session_started(fact: ActionTaken, balance_cents: int) -> Notice:
    """Return that the regular session has opened."""
    return Notice(
        severity=Severity.INFO,
        code=Told.SESSION_STARTED,
        title=f"The session of {fact.trading_date} has opened",
        ts_ns=fact.ts_ns,
        fields=(("balance", dollars(balance_cents)), ("at", clock(fact.ts_ns))),
    )


def preflight_judged(fact: PreflightJudged) -> Notice:
    """Return the verdict before the open; a NO-GO has closed the fence."""
    verdict = str(fact.verdict).upper().replace("_", "-")
    return Notice(
        severity=SEVERITIES[fact.verdict],
        code=Told.PREFLIGHT,
        title=f"Preflight of {fact.trading_date}: {verdict}",
        ts_ns=fact.ts_ns,
        lines=(fact.detail,) if fact.detail else (),
        fields=(("at", clock(fact.ts_ns)),),
    )


def chore_failed(fact: ChoreEnded) -> Notice:
    """Return that a chore was given up; the next one makes up for a recap or an export."""
    code = "lost" if fact.code is None else str(fact.code)
    return Notice(
        severity=Severity.WARNING,
        code=Told.CHORE_FAILED,
        title=f"The {fact.chore} of {fact.trading_date} failed",
        ts_ns=fact.ts_ns,
        lines=(fact.detail,) if fact.detail else (),
        fields=(("attempts", str(fact.attempt)), ("exit", code), ("at", clock(fact.ts_ns))),
    )
