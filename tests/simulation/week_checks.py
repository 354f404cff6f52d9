"""What must hold of a week when it is over, counted slowly and by another way than ours.

Dates are told by the clock of New York in words of their own, money is counted from the fills of
the broker, and files are read by their readers as anybody would.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from pyarrow import parquet

from actors.adapters.books import Books
from actors.core.columns import Trades
from actors.core.notices.codes import Told
from actors.core.notices.notice import Notice
from protocol.account import BalanceReported
from protocol.day import ActionMissed, ActionTaken, ChoreEnded, ChoreResult
from protocol.market import Cut, Settled
from protocol.message import Message
from protocol.orders import BracketDenied, Leg, PositionClosed
from protocol.reports import OrderFilled
from protocol.signals import SignalApproved, SignalDropped, SignalRaised
from protocol.units import NANOS_PER_S
from tests.simulation.week_market import NEW_YORK, SATURDAY, MarketWeek, walk

LATE_S = 2  # Of the session's own life: after a restart, a look and a write.
TICK_CENTS = 1_250  # ES.
SIGN = {"long": 1, "short": -1}
WORDS = ("unknown", "buy", "sell")
Tally = dict[str, Any]


def date_of(ts_ns: int) -> date:
    """Return the trading date of an instant: from 17:00 on the next weekday's."""
    local = datetime.fromtimestamp(ts_ns // NANOS_PER_S, UTC).astimezone(NEW_YORK)
    day = local.date() + timedelta(days=local.hour >= 17)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return day


def of(messages: Iterable[Message], *kinds: type) -> list[Any]:
    """Return the messages of some kinds."""
    return [message for message in messages if isinstance(message, kinds)]


# ---- The session -------------------------------------------------------------------------------

def check_actions(facts: list[Message], week: MarketWeek, up_ns: list[tuple[int, int]]) -> None:
    """Hold that every action was answered once, never early, and as soon as the session lived."""
    answers = of(facts, ActionTaken, ActionMissed)
    due = week.due()
    keys = Counter((answer.action.value, answer.trading_date) for answer in answers)
    assert keys == dict.fromkeys(due, 1)
    for answer in answers:
        due_ns, until_ns = due[answer.action.value, answer.trading_date]
        assert answer.due_ns == due_ns <= answer.ts_ns, f"{answer} before its time"
        lived = sum(
            max(0, min(end, answer.ts_ns) - max(start, due_ns)) for start, end in up_ns
        )
        assert lived <= LATE_S * NANOS_PER_S, f"{answer} was not answered at once"
        late = until_ns is not None and answer.ts_ns >= until_ns
        assert isinstance(answer, ActionMissed) == late, f"{answer}"


def check_actions_of_events(
    facts: list[Message], week: MarketWeek, cuts_ns: Sequence[int]
) -> None:
    """Hold that on the market's own clock each action falls on the first cut that allows it."""
    answers = of(facts, ActionTaken, ActionMissed)
    due = week.due()
    found = [((one.action.value, one.trading_date), one.due_ns, one.ts_ns) for one in answers]
    assert sorted(found) == sorted(
        (key, due_ns, min(ts_ns for ts_ns in cuts_ns if ts_ns >= due_ns))
        for key, (due_ns, _) in due.items()
    )


def check_chores(facts: list[Message], week: MarketWeek) -> None:
    """Hold that recap and export were done once for each date, and nothing needs a person."""
    ended = of(facts, ChoreEnded)
    done = Counter(
        (fact.chore.value, fact.trading_date) for fact in ended if fact.result is ChoreResult.DONE
    )
    wanted = {(chore, str(day)) for chore in ("recap", "export") for day in week.dates}
    taken = {
        ("preflight", fact.trading_date)
        for fact in of(facts, ActionTaken)
        if fact.action == "preflight"
    }
    failed = {
        (fact.chore.value, fact.trading_date)
        for fact in ended
        if fact.result is ChoreResult.FAILED
    }
    # A preflight that did not come to its end before the open has no sense any more.
    assert {chore for chore, _ in failed} <= {"preflight"}, failed
    assert done == dict.fromkeys(wanted | (taken - failed), 1)


# ---- The files ---------------------------------------------------------------------------------

def check_day_files(week_name: str, week: MarketWeek, place: Path) -> None:
    """Hold that each date has one file with every trade of the tape, once and in order."""
    trades = walk(week_name)
    dates = np.array([date_of(ts_ns).toordinal() for ts_ns in trades.ts_event.tolist()])
    assert sorted(path.name for path in (place / "ES").glob("*.parquet")) == [
        f"{day}.parquet" for day in week.dates
    ]
    for day in week.dates:
        rows = parquet.read_table(place / "ES" / f"{day}.parquet").to_pydict()
        own = dates == day.toordinal()
        times = [int(moment.value) for moment in rows["ts_event"]]
        assert times == trades.ts_event[own].tolist(), f"{day}: other trades than the tape's"
        assert rows["ticks"] == trades.price[own].tolist()
        assert rows["size"] == trades.size[own].tolist()
        assert rows["side"] == [WORDS[side] for side in trades.aggressor[own].tolist()]
        assert len(set(zip(rows["seq"], rows["row"], strict=True))) == len(times)


def check_destination(week: MarketWeek, data: Path, place: Path) -> None:
    """Hold that whole files arrived, each once, and nothing else."""
    names = [f"ES/{day}.parquet" for day in week.dates]
    names += [f"recaps/{day}_recap.json" for day in week.dates]
    found = {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}
    assert found == {*names, *(f"{name}.sha256" for name in names)}
    ledger = [json.loads(line) for line in (data / "export.jsonl").read_text().splitlines()]
    assert Counter(fact["name"] for fact in ledger) == dict.fromkeys(names, 1)
    for fact in ledger:
        path = place / fact["name"]
        summed = hashlib.sha256(path.read_bytes()).hexdigest()
        assert summed == fact["sha256"], f"{path} is not what was sent"
        assert (place / f"{fact['name']}.sha256").read_text() == f"{summed}  {path.name}\n"
    assert not list(data.rglob("*.part")) and not list(data.rglob("*damaged*"))


# ---- The recaps --------------------------------------------------------------------------------

def counted(books: Books, day: date) -> Tally:
    """Return the totals of a date from the rows of the books, one by one."""
    trips = round_trips(books, day)
    raised = decided(books, "detector", SignalRaised, day)
    return {
        "trades": len(trips),
        "wins": sum(gross > fees for gross, fees in trips),
        "losses": sum(gross < fees for gross, fees in trips),
        "gross": sum(gross for gross, _ in trips),
        "commission": sum(fees for _, fees in trips),
        "net": sum(gross - fees for gross, fees in trips),
        "signals": len(raised),
        "by_pattern": Counter(signal.pattern.value for signal in raised),
        "approved": len(decided(books, "router", SignalApproved, day)),
        "dropped": Counter(
            drop.reason.value for drop in decided(books, "router", SignalDropped, day)
        ),
        "denied": Counter(no.reason.value for no in decided(books, "risk", BracketDenied, day)),
    }


def decided(books: Books, stream: str, kind: type, day: date) -> list[Any]:
    """Return what was decided at the ends of a date's bars; that of 17:00 is of the day before."""
    return [one for one in of(books.entries(stream), kind) if date_of(one.ts_ns - 1) == day]


def round_trips(books: Books, day: date) -> list[tuple[int, int]]:
    """Return gross and fees in cents of what the broker filled on a date, entry to flat."""
    held: Counter[str] = Counter()
    gross, fees = Counter[str](), Counter[str]()
    for fill in of(books.entries("broker"), OrderFilled):
        if date_of(fill.ts_ns) != day:
            continue
        way = SIGN[fill.direction] * (1 if fill.leg is Leg.ENTRY else -1) * fill.quantity
        held[fill.client_id] += way
        gross[fill.client_id] -= way * fill.price * TICK_CENTS
        fees[fill.client_id] += fill.commission_cents
    assert set(held.values()) <= {0}, f"{day}: held over the line"
    return [(gross[id], fees[id]) for id in held]


def recap_of(data: Path, day: date) -> Tally:
    """Return the recap of a date as it was written."""
    found: Tally = json.loads((data / "recaps" / f"{day}_recap.json").read_text())
    return found


def told(recap: Tally) -> Tally:
    """Return the same totals as a recap tells them, its rows counted beside its sums."""
    summary, rows = recap["summary"], recap["signals"]
    names = ("trades", "wins", "losses", "signals", "approved")
    rejected = [
        Counter(row["reject_reason"] for row in rows if row["rejected_by"] == who)
        for who in ("router", "risk")
    ]
    assert summary["denied"] == rejected[1].total()
    assert summary["trades"] == len(recap["trades"])
    return {
        **{name: summary[name] for name in names},
        **{name: round(summary[name] * 100) for name in ("gross", "commission", "net")},
        "by_pattern": Counter(row["pattern"] for row in rows),
        "dropped": rejected[0],
        "denied": rejected[1],
    }


def check_journals(journals: Mapping[str, Iterable[Message]], books: Books) -> None:
    """Hold that the books tell what was decided, all of it, once and in its order."""
    for actor, facts in journals.items():
        told = [one for one in books.entries(actor) if not isinstance(one, Cut | Settled)]
        assert told == [one for one in facts if not isinstance(one, Cut | Settled)], actor


def check_recaps(books: Books, data: Path, week: MarketWeek, first_cents: int) -> None:
    """Hold that each recap tells what the books count, and all together the balance's change."""
    balance = first_cents
    for day in week.dates:
        recap = recap_of(data, day)
        assert recap["trading_date"] == str(day)
        assert told(recap) == counted(books, day), f"{day}"
        session = recap["session"]
        assert round(session["start_balance"] * 100) == balance, f"{day}"
        balance += round(recap["summary"]["net"] * 100)
        assert round(session["end_balance"] * 100) == balance, f"{day}"
    assert balance == last_balance(books, first_cents)


def check_excursions(week_name: str, books: Books, data: Path, week: MarketWeek) -> None:
    """Hold that each recap knows how far the market went, on its date and on those before it."""
    trades, so_far = walk(week_name), list[tuple[int, int]]()
    for day in week.dates:
        trips = of(books.entries("desk"), PositionClosed)
        own = [trip for trip in trips if date_of(trip.ts_ns) == day]
        reaches = {trip.bracket_id: _reach(trades, trip) for trip in own}
        recap = recap_of(data, day)
        found = {row["bracket_id"]: (row["mae"], row["mfe"]) for row in recap["trades"]}
        assert found == reaches, f"{day}"
        so_far += reaches.values()
        if so_far:
            told = recap["analytics"]["to_date"]["activity"]
            for name, column in zip(("mae", "mfe"), zip(*so_far, strict=True), strict=True):
                mean = sum(column) / len(column)
                assert abs(told[f"{name}_ticks"] - mean) < 1e-5, f"{day}"


def _reach(trades: Trades, trip: PositionClosed) -> tuple[int, int]:
    """Return how many ticks the market went against and for one contract, at most."""
    inside = (trades.ts_event >= trip.opened_ns) & (trades.ts_event <= trip.ts_ns)
    ways = SIGN[trip.direction] * (trades.price[inside].astype(int) - trip.entry_sum)
    assert trip.quantity == 1
    return max(0, int(-ways.min())), max(0, int(ways.max()))


def untimed(recap: Tally) -> Tally:
    """Return a recap without what differs each time it is written."""
    return {key: value for key, value in recap.items() if key != "generated_at"}


def last_balance(books: Books, first_cents: int) -> int:
    """Return the account at the end, from the last that risk reported."""
    reported = of(books.entries("risk"), BalanceReported)
    return reported[-1].balance_cents if reported else first_cents


def check_digests(notices: list[Notice], books: Books, week: MarketWeek) -> None:
    """Hold that each date was digested, with its round trips; who died may say it once more."""
    digests = [notice for notice in notices if notice.code == Told.DAILY_DIGEST]
    assert {notice.title[:10] for notice in digests} == {str(day) for day in week.dates}
    for day in week.dates:
        own = [notice for notice in digests if notice.title.startswith(str(day))]
        said = {(one.title, tuple(map(tuple, one.fields)), tuple(one.lines)) for one in own}
        assert len(own) <= 2 and len(said) == 1, f"{day}: {len(own)} digests"
        total, fields = counted(books, day), dict(own[0].fields)
        won_lost = f"{total['wins']}, {total['losses']}"
        assert (fields["trades"], fields["won, lost"]) == (str(total["trades"]), won_lost), f"{day}"
