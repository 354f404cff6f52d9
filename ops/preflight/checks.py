"""GO, WARN or NO-GO: a table of checks over what was found, none of which looks at anything itself.

Without its process, a heartbeat, room on the disk, the broker, an account, books that agree, the
right contract, a believable clock, limits and an open exchange nothing may be traded. What is
only less comfortable is a warning. A check that could not measure never says GO.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actors.core.watch.heartbeat import Heartbeat
from ops.preflight.evidence import Evidence
from protocol.day import Verdict
from protocol.day_settings import PreflightSettings
from protocol.fence import FenceCause
from protocol.signals import PPM
from protocol.units import NANOS_PER_S
from protocol.watch_settings import WatchSettings

MEGABYTE = 1_000_000
HOUR_S = 3_600
NEW_YORK_HOURS = (-5, -4)  # Winter and summer.
BOOKS = (FenceCause.MISMATCH, FenceCause.FOREIGN, FenceCause.UNCONFIRMED)
ORDER = (Verdict.GO, Verdict.WARN, Verdict.NO_GO)


@dataclass(frozen=True, slots=True)
class Rule:
    """The limits."""

    own: PreflightSettings
    watch: WatchSettings


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was found, what was wanted, and what to do about it."""

    code: str
    verdict: Verdict
    found: str
    wanted: str
    remedy: str


def judge(seen: Evidence, rule: Rule) -> tuple[Finding, ...]:
    """Return every check in the order of the table."""
    found = []
    for code, (severity, wanted, remedy, look) in CHECKS.items():
        well, words = look(seen, rule)
        verdict = Verdict.GO if well else Verdict.WARN if well is None else severity
        remedy = "" if well else remedy
        found.append(Finding(code, verdict, words, wanted.format(**_limits(rule)), remedy))
    return tuple(found)


def verdict_of(findings: tuple[Finding, ...]) -> Verdict:
    """Return the worst of all."""
    return max((one.verdict for one in findings), key=ORDER.index, default=Verdict.NO_GO)


def summary(findings: tuple[Finding, ...]) -> str:
    """Return the verdict and what is not well, in one line."""
    verdict = verdict_of(findings)
    bad = [f"{one.code}: {one.found}" for one in findings if one.verdict is not Verdict.GO]
    return "; ".join([str(verdict).upper().replace("_", "-"), *bad])


def payload(beat: Heartbeat | None) -> dict[str, Any]:
    """Return what a person wants to see beside the verdict (domain 8.6)."""
    if beat is None:
        return {}
    return {
        "mode": beat.mode,
        "symbol": beat.symbol,
        "tier": beat.tier_name,
        "balance": beat.balance_cents / 100,
        "ticks": beat.tick_count,
        "bars": beat.bar_count,
        "signals": beat.signal_count,
        "regime": beat.regime,
    }


# Whether it is well, None where nobody can tell; and what was found, in words.
Looked = tuple[bool | None, str]


def _limits(rule: Rule) -> dict[str, object]:
    return {
        "age": rule.watch.heartbeat_age_s,
        "disk": rule.watch.disk_free_mb,
        "memory": round(rule.watch.memory_share * 100),
        "offset": rule.own.clock_offset_ms,
        "bars": rule.own.bars_min,
        "tick": rule.watch.tick_age_s,
    }


def _tree(seen: Evidence, rule: Rule) -> Looked:
    if seen.tree is None:
        return False, "no floor runs"
    return not seen.tree, seen.tree or "all green"


def _heartbeat(seen: Evidence, rule: Rule) -> Looked:
    if seen.beat is None:
        return False, seen.damage
    if seen.beat.stopped:
        return False, "the floor was stopped"
    age_s = (seen.now_ns - seen.beat.timestamp_ns) / NANOS_PER_S
    return abs(age_s) <= rule.watch.heartbeat_age_s, f"{age_s:.0f} s old"


def _disk(seen: Evidence, rule: Rule) -> Looked:
    free = seen.machine.disk_free_bytes
    if free is None:
        return False, "not measured"
    return free >= rule.watch.disk_free_mb * MEGABYTE, f"{free / MEGABYTE:.0f} MB"


def _memory(seen: Evidence, rule: Rule) -> Looked:
    used = seen.machine.memory_ppm
    if used is None:
        return None, "not measured"
    return used <= round(rule.watch.memory_share * PPM), f"{used / 10_000:.1f} %"


def _broker(seen: Evidence, rule: Rule) -> Looked:
    if seen.broker:
        return False, seen.broker
    if seen.fence is None:
        return False, "the desk, which holds the link, does not answer"
    lost = FenceCause.LINK in _causes(seen.fence)
    return not lost, "the link is lost" if lost else "connected"


def _account(seen: Evidence, rule: Rule) -> Looked:
    if seen.beat is None:
        return False, "not read"
    cents = seen.beat.balance_cents
    return cents > 0, f"{cents / 100:.2f} dollars"


def _books(seen: Evidence, rule: Rule) -> Looked:
    if seen.fence is None:
        return False, "the desk does not answer"
    causes = [str(cause) for cause in BOOKS if cause in _causes(seen.fence)]
    bad = [*causes, *(f"{contract} differs" for contract in seen.differs)]
    return not bad, ", ".join(bad) or "flat, or held and known"


def _fence(seen: Evidence, rule: Rule) -> Looked:
    if seen.fence is None:
        return None, "the desk does not answer"
    return seen.fence == "open", seen.fence


def _contract(seen: Evidence, rule: Rule) -> Looked:
    wanted = seen.contract_wanted
    if seen.contract is None:
        return None, f"no trades yet; the front month is {wanted}"
    if seen.beat is not None and seen.beat.market == "tape":
        return True, f"{seen.contract}, of a tape"
    return seen.contract == wanted, f"{seen.contract}, while {wanted} is the front month"


def _clock(seen: Evidence, rule: Rule) -> Looked:
    offset = seen.server_offset_ms
    source = "the time server"
    if offset is None:
        offset, source = seen.machine.clock_offset_ms, "the kernel"
    trouble = f" ({seen.server_trouble})" if seen.server_trouble else ""
    if offset is None:
        return None, f"not measured{trouble}"
    well = abs(offset) < rule.own.clock_offset_ms
    # The kernel can only say what it still corrects: where a server was wanted that is less.
    return None if well and trouble else well, f"{offset} ms by {source}{trouble}"


def _zone(seen: Evidence, rule: Rule) -> Looked:
    hours, rest = divmod(seen.utc_offset_s, HOUR_S)
    return not rest and hours in NEW_YORK_HOURS, f"{seen.utc_offset_s / HOUR_S:+g} h"


def _limit(seen: Evidence, rule: Rule) -> Looked:
    return not seen.limits, ", ".join(seen.limits) or "above 0"


def _open(seen: Evidence, rule: Rule) -> Looked:
    return seen.closed is None, seen.closed or "open"


def _killed(seen: Evidence, rule: Rule) -> Looked:
    return seen.killed is None, "absent" if seen.killed is None else f"there: {seen.killed}"


def _store(seen: Evidence, rule: Rule) -> Looked:
    return not seen.store, seen.store or "written and read"


def _state(seen: Evidence, rule: Rule) -> Looked:
    return not seen.state, seen.state or "saved and loaded"


def _credentials(seen: Evidence, rule: Rule) -> Looked:
    lacking = [name for name, there in seen.credentials if not there]
    if lacking:
        return False, f"lacking: {', '.join(lacking)}"
    return True, ", ".join(name for name, _ in seen.credentials) or "none needed"


def _bars(seen: Evidence, rule: Rule) -> Looked:
    if seen.beat is None:
        return None, "not known"
    bars = seen.beat.bars_available
    return bars >= rule.own.bars_min, f"{bars} bars"


def _feed(seen: Evidence, rule: Rule) -> Looked:
    beat = seen.beat
    if beat is None:
        return None, "not known"
    if beat.market != "live":
        return True, "a tape"
    if not beat.feed_connected or beat.last_tick_ns is None:
        return False, "not connected" if not beat.feed_connected else "no trade yet"
    age_s = (beat.timestamp_ns - beat.last_tick_ns) / NANOS_PER_S
    return age_s <= rule.watch.tick_age_s, f"last trade {age_s:.0f} s old"


def _notify(seen: Evidence, rule: Rule) -> Looked:
    if seen.notified is None:
        return True, "nobody is to be told"
    return not seen.notified, seen.notified or "a test notice arrived"


def _upcoming(seen: Evidence, rule: Rule) -> Looked:
    return bool(seen.upcoming), ", ".join(seen.upcoming) or "none"


def _causes(fence: str) -> tuple[str, ...]:
    return tuple(fence.replace(",", " ").split())


STOP, WARN = Verdict.NO_GO, Verdict.WARN
CHECKS: dict[str, tuple[Verdict, str, str, Callable[[Evidence, Rule], Looked]]] = {
    "tree": (STOP, "every process green", "start it; `start.py tree` shows what ails", _tree),
    "heartbeat": (STOP, "at most {age} s old", "look after the watchdog", _heartbeat),
    "disk": (STOP, "at least {disk} MB free", "make room: recorder.days_kept", _disk),
    "broker": (STOP, "answers, link up", "look after the broker and its login", _broker),
    "account": (STOP, "a balance above 0", "look at the account at the broker", _account),
    "books": (STOP, "flat or known", "compare with the broker, then tell force_sync", _books),
    "contract": (STOP, "the front month", "set feed.symbol to the root or that month", _contract),
    "clock": (STOP, "less than {offset} ms off", "let chrony or timesyncd set it", _clock),
    "limits": (STOP, "above 0", "mend the section risk or tiers", _limit),
    "exchange": (STOP, "open today", "wait for the next open day", _open),
    "kill_file": (STOP, "absent", "remove it when its reason is gone", _killed),
    "store": (STOP, "keeps what is written", "look at the disk or at store.url", _store),
    "state": (STOP, "keeps what is written", "look at the disk and its permissions", _state),
    "credentials": (STOP, "present", "set them in the environment or as files", _credentials),
    "time_zone": (STOP, "-4 or -5 h", "install tzdata anew", _zone),
    "fence": (WARN, "open", "see why; `start.py tell open_fence` opens it", _fence),
    "memory": (WARN, "at most {memory} % in use", "end what else runs here", _memory),
    "bars": (WARN, "at least {bars}", "NO_TRADE lasts until they are there", _bars),
    "feed": (WARN, "last trade at most {tick} s old", "look after the feed", _feed),
    "notify": (WARN, "arrives", "look at the webhook", _notify),
    "schedule": (WARN, "something ahead", "look at the calendar's dates", _upcoming),
}
