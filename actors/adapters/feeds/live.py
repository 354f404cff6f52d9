"""A live feed at work: its link, the records that come, and the stream that grows of them.

The stream says that the feed is lost (`FeedLost`) as soon as a session ends, for whatever reason,
and in the first moment of every new life; that it is back (`FeedRestored`), when what was missed
has been sent again in full. In between no entry is sent. What cannot be had again is said by a
loss of its own that names the stretch, so it stands in the stream, in the books and in the recap.
A reason that lasts is said once, and then nothing more is tried until the next start.

A schema of ten levels tells the book beside its trades (`LiveBook`); behind every loss it begins
anew.

Trades that come too late by the clock of this machine are a loss, too: what is read too slowly is
not dropped by the gateway, it comes later and later.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from actors.adapters.feeds.databento import Connection
from actors.adapters.feeds.databento_wire import Ended, Received
from actors.adapters.feeds.live_log import LiveLog
from actors.adapters.feeds.live_rows import rows_of
from actors.adapters.feeds.live_session import Session, begun, plan_for
from actors.adapters.feeds.port import Reason, Refusals
from actors.core.market.ends import End, Fault
from actors.core.market.figures import Figures
from actors.core.market.gaps import is_gap
from actors.core.market.intake import Fresh
from actors.core.market.link import Link, Phase, Step
from actors.core.market.live_tape import LiveTape, end_of, lost_in
from actors.core.market.records import (
    SYSTEM,
    TRADE_KINDS,
    Records,
    clock_of,
    prints_of,
    runs_of,
)
from actors.core.market.rules import link_rule, live_book, live_rule
from actors.core.market.words import Turn, utc_words
from actors.core.session.calendar import trading_date
from protocol.instruments import instrument_of
from protocol.market import FeedLost, FeedRestored
from protocol.message import Message
from protocol.settings import Settings
from protocol.units import NANOS_PER_MS, NANOS_PER_S

SYNC_NS = 100 * NANOS_PER_MS
Jitter = Callable[[], int]  # Parts per million, by chance.


class LiveFeed:
    """Drives a connection and lets the stream in `log` grow; `at` does all that is due."""

    def __init__(
        self, settings: Settings, directory: Path, connection: Connection, key: str, jitter: Jitter
    ) -> None:
        self.settings, self.chosen = settings, settings.databento
        self.log = LiveLog(directory)
        self.figures = Figures()
        self.link = Link(link_rule(settings))
        self.refusals = Refusals(directory.parent / "quarantine")
        self.held: dict[str, str] = {}  # Contracts of open positions, by bracket.
        self.clock_ns = 0  # The gateway's.
        self.lost = ""  # The contract that the stream says is lost.
        self._connection, self._key, self._jitter = connection, key, jitter
        self._tick = instrument_of(settings.feed.symbol).tick_billionths
        self._kind = TRADE_KINDS[self.chosen.schema]
        self._all = False  # Everything there is must be sent again: what we want is too old.
        self._late = False
        # Before the first trade: since when there may be one; else since a session was live.
        self._since_ns = self.log.since_ns
        self._synced_ns = 0
        self.tape = LiveTape(live_rule(settings))
        self.book = live_book(settings)
        self._session = self._begun()
        self._resume()

    def at(self, now_ns: int) -> None:
        """Take in what has come, do what is due; `now_ns` is a monotonic clock's.

        What cannot be written nobody may read, and the tape is ahead of it: then it is folded
        anew from what is on file, and what came since is asked for again when there is room.
        """
        try:
            self._work(now_ns)
        except OSError as error:
            self._connection.close()
            self.link.ended(now_ns, Fault(End.DISK, text=str(error)), self._jitter())
            self.tape, self.lost = LiveTape(self.tape.rule), ""
            self._fold_end()

    def _work(self, now_ns: int) -> None:
        for frame in self._connection.read():
            if isinstance(frame, Received):
                self._received(now_ns, frame)
            elif isinstance(frame, Ended):
                self._ended(now_ns, frame.fault)
        if self.link.phase is Phase.LIVE:
            self._append(self.book.among(self.tape.clock(self.clock_ns)))
            self._renew(now_ns)
        self._append(self.book.due(now_ns, self.tape))
        match self.link.step(now_ns):
            case Step.OPEN:
                self._open(now_ns)
            case Step.CLOSE:
                self._hang_up(now_ns, Fault(End.SILENT))
        if now_ns - self._synced_ns >= SYNC_NS:
            self._synced_ns = now_ns
            self.log.sync()

    def close(self) -> None:
        """Hang up and release the files."""
        self._connection.stop()
        self.log.close()

    def inspect(self) -> dict[str, Any]:
        """Return the state for a screen: plain values only."""
        return {
            "link": str(self.link.phase),
            "why": self.link.why,
            "reconnects": self.link.reconnects,
            "lost": self.lost,
            "contract": self.tape.contract,
            "cut": self.tape.cut,
            "others": self._session.intake.others,
            "spreads": self._session.intake.months.spreads,
            "late": self.refusals.counts[Reason.TIME_BACKWARDS],
            "refused": {str(reason): count for reason, count in self.refusals.counts.items()},
            "book": self.book.shown(),
            **self.figures.shown(),
        }

    # ---- sessions -----------------------------------------------------------------------------

    def _resume(self) -> None:
        """Go on behind the end of the stream, and say that nothing is known of now."""
        lost = lost_in(self._fold_end())
        wanted = self.settings.feed.symbol if self._since_ns else ""
        contract = self.tape.contract or next(iter(lost), wanted)
        if contract:
            self._lose("the feed begins anew", contract)
        # A change of contract that was cut short may have left another one lost.
        self._append(FeedRestored(contract=one) for one in lost if one != contract)

    def _fold_end(self) -> list[Message]:
        told = end_of(self.log.backwards(), self.tape.rule)
        self.tape.resume(told)
        self.book.resume(told)
        return told

    def _begun(self) -> Session:
        known_ns = self.tape.last_ns or self._since_ns
        held = next(iter(self.held.values()), "")
        return begun(
            self.settings, self.tape, self.log.backwards(), known_ns, held, self.clock_ns,
            self.refusals,
        )  # fmt: skip

    def _open(self, now_ns: int) -> None:
        self._session = session = self._begun()
        start = None
        if session.from_ns:
            since_ns = self.book.asked_ns(session.from_ns, session.intake.seam.from_ns)
            start = 0 if self._all else since_ns
        self.link.opened(now_ns, replays=0 if start is None else 1)
        if self.tape.contract:  # After a full disk this may not have been said yet.
            self._lose(self.link.why, self.tape.contract)
        self._connection.open(
            plan_for(self.settings, self.link.sessions, self._key, session.intake.held, start)
        )

    def _hang_up(self, now_ns: int, fault: Fault) -> None:
        self._connection.close()
        self._ended(now_ns, fault)

    def _ended(self, now_ns: int, fault: Fault) -> None:
        self.link.ended(now_ns, fault, self._jitter())
        if self.link.phase is Phase.REFUSED and self.lost:
            self._append((FeedLost(contract=self.lost, reason=self.link.why),))
        self._lose(self.link.why, self.tape.contract or self.settings.feed.symbol)

    def _renew(self, now_ns: int) -> None:
        """Subscribe anew with a new trading date, so that the month can change; never if held."""
        if not self.clock_ns or self.held:
            return
        today, intake = trading_date(self.clock_ns), self._session.intake
        intake.on = intake.on or today
        if today > intake.on:
            self._hang_up(now_ns, Fault(End.RENEWED))

    def _went_live(self) -> None:
        session, seam = self._session, self._session.intake.seam
        self.figures.repeated += seam.repeated
        came_ns = seam.came_ns or 0
        if self._all and came_ns > session.from_ns and is_gap(session.from_ns, came_ns):
            self.figures.gaps += 1
            self._restore()
            stretch = f"{utc_words(session.from_ns)} and {utc_words(came_ns)}"
            self._lose(f"no trade between {stretch} can be had again", self.tape.contract)
        self._all, self._late = False, False
        self._since_ns = self._since_ns or self.clock_ns
        seam.close()
        self._restore()

    # ---- records ------------------------------------------------------------------------------

    def _received(self, now_ns: int, frame: Received) -> None:
        try:
            runs = list(runs_of(frame.raw))
        except ValueError as error:
            self._hang_up(now_ns, Fault(End.GARBLED, text=str(error)))
            return
        for records in runs:
            if not self.link.is_open:
                return
            self.link.heard(now_ns)
            self.figures.came(len(records.rows), frame.at_ns)
            if records.rtype == self._kind:
                self._traded(records, frame.at_ns)
            else:
                self._told(now_ns, records)

    def _traded(self, records: Records, at_ns: int) -> None:
        clock_ns, prints = clock_of(records), prints_of(records)
        if prints is not None:
            self.figures.lagged(int(prints.ts_event[-1]), at_ns)
        self._take([] if prints is None else self._session.intake.add(prints), records)
        self.clock_ns = max(self.clock_ns, clock_ns)
        lag_max_ns = self.chosen.lag_max_s * NANOS_PER_S
        if not lag_max_ns or self.link.phase is not Phase.LIVE:
            return
        lag_ns = at_ns - clock_ns
        if lag_ns > lag_max_ns:
            self._late = True
            self._lose(f"trades come {lag_ns // NANOS_PER_S} s late", self.tape.contract)
        elif self._late and lag_ns <= lag_max_ns // 2:
            self._late = False
            self._restore()

    def _take(self, found: Iterable[Fresh], records: Records | None = None) -> None:
        """Lay what is new, and among it what `records` tell of the book."""
        intake, gate = self._session.intake, self._session.gate
        for fresh in found:
            same = fresh.contract == self.tape.contract
            gate.last_ticks = self.tape.last_ticks if same else None
            trades = gate.passed(rows_of(fresh, self._tick), "live")
            if trades is None:
                continue
            if self.lost not in ("", fresh.contract):
                self._restore()
                self._lose("another contract", fresh.contract)
            self.book.add(records, intake.months, fresh.contract)
            self._append(self.book.among(self.tape.add(trades, fresh.contract)))
            records = None
        if intake.contract == self.tape.contract:  # A stream begins with trades.
            self.book.add(records, intake.months, intake.contract)

    def _told(self, now_ns: int, records: Records) -> None:
        """Do what the gateway's own words ask for."""
        session = self._session
        for turn, fault in session.words.add(records, self.figures, session.intake.contract):
            before = self.link.phase
            match turn:
                case Turn.NAMED:
                    self._take(session.intake.named())
                case Turn.ALL:
                    self._all = True
                case Turn.ACKNOWLEDGED:
                    self.link.acknowledged()
                case Turn.REPLAYED:
                    self.link.replayed()
            if fault is not None:
                self._hang_up(now_ns, fault)
                return
            if self.link.phase is Phase.LIVE and records.rtype == SYSTEM:
                # Before that it would be ahead of what is still to be sent again.
                self.clock_ns = max(self.clock_ns, clock_of(records))
            if self.link.phase is Phase.LIVE and before is not Phase.LIVE:
                self._went_live()

    # ---- the stream ---------------------------------------------------------------------------

    def _append(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.log.append(message)
            if isinstance(message, FeedLost):  # Whatever the reason: readers forget theirs, too.
                self.book.begin_anew()

    def _lose(self, reason: str, contract: str) -> None:
        if not self.lost:
            self.lost = contract
            self._append((FeedLost(contract=contract, reason=reason),))

    def _restore(self) -> None:
        if self.lost:
            contract, self.lost = self.lost, ""
            self._append((FeedRestored(contract=contract),))
