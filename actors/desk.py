"""The order desk: journal first, then the broker; round trips and their results."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from actors.adapters.kill_file import LOOK_S, NAME, KillFile, KillSwitch, KillWatch
from actors.adapters.open import open_journal
from actors.core.orders.commands import Heard, Senseless, killed, opens_kill
from actors.core.orders.desk import Input, decide_all
from actors.core.orders.desk_shown import shown
from actors.core.orders.desk_state import DeskState, apply
from actors.core.orders.notices import Notice, Noticed
from actors.core.risk.changes import refusal
from actors.core.rules import desk_rule, outermost
from protocol.commands import CommandGiven, LimitsGiven
from protocol.fence import FenceOrdered
from protocol.market import Cut, FeedLost, FeedRestored, Settled
from protocol.message import Message
from protocol.orders import BracketApproved, FlattenOrdered
from protocol.reports import (
    AccountReported,
    LinkChanged,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderModified,
    OrderRejected,
    OrderReported,
)
from protocol.settings import Settings
from supervision.journal import Journal
from supervision.shell import OUTSIDE, JournaledShell, Refused, handles


class DeskShell(JournaledShell):
    """Turns approvals into orders and fills into positions. Its state is the fold of its journal.

    What it publishes has been recorded before, so the broker never sees an order that a restart
    could forget. A repeated approval or fill is recognised by its id and changes nothing.

    While a cut is being settled, what risk orders waits for the end of its decisions: so the
    broker's answers cannot come between them, and the same tape gives the same stream. Something
    that waits was not recorded as read, so a restart reads it again.
    """

    echoes = {"broker": Settled}  # The broker settles what was settled here.

    def __init__(self, switch: KillSwitch | None = None) -> None:
        self._given = switch

    def configure(self, settings: Settings, directory: str) -> None:
        self.rule = desk_rule(settings.desk)
        self.outermost = outermost(settings)
        self.state = DeskState()
        self.waiting: list[Input] | None = None  # None: nothing needs to wait.
        self.now_ns = 0  # Of the market, at the last cut.
        self.kill = KillWatch(self._given or KillFile(Path(directory).parent))

    def open_journal(self, settings: Settings, directory: str) -> Journal:
        return open_journal(settings, directory, "desk")

    @handles(BracketApproved)
    @handles(FlattenOrdered)
    def on_order(self, order: BracketApproved | FlattenOrdered | Noticed) -> Iterable[Message]:
        """Take what risk orders; at a cut it is decided with the rest of the cut."""
        if self.waiting is None:
            return decide_all(self.state, [order], self.rule)
        self.waiting.append(order)
        return ()

    @handles(OrderAccepted)
    @handles(OrderRejected)
    @handles(OrderFilled)
    @handles(OrderModified)
    @handles(OrderCancelled)
    @handles(OrderExpired)
    @handles(OrderReported)
    @handles(AccountReported)
    @handles(LinkChanged)
    def on_broker_message(self, message: Any) -> Iterable[Message]:
        """Record what follows from what the broker reports, behind what was ordered before."""
        facts = decide_all(self.state, [*(self.waiting or ()), message], self.rule)
        if facts:
            # They are recorded together with how far risk was read: nothing may wait now.
            self.waiting = None
        return facts

    @handles(FeedLost, source="broker")
    @handles(FeedRestored, source="broker")
    @handles(FenceOrdered, source=OUTSIDE)
    def on_notice(self, notice: Notice) -> Iterable[Message]:
        """Record what a silent feed, or a preflight that says NO-GO, means."""
        return self.on_broker_message(Noticed(notice, self.now_ns))

    @handles(FenceOrdered)
    def on_fence_ordered(self, order: FenceOrdered) -> Iterable[Message]:
        """Close the fence as risk orders, before what it orders behind that."""
        return self.on_order(Noticed(order, self.now_ns))

    @handles(Cut, source="broker")
    def on_broker_cut(self, cut: Cut) -> Iterable[Message]:
        """All fills before the cut are known: tell risk."""
        return (cut,)

    @handles(Cut, source="risk")
    def on_risk_cut(self, cut: Cut) -> Iterable[Message]:
        """Send the orders of the cut and what time demands, then tell the broker that is all."""
        facts = decide_all(self.state, [*(self.waiting or ()), cut], self.rule)
        return (*facts, Settled(number=cut.number))

    @handles(CommandGiven, source=OUTSIDE)
    @handles(LimitsGiven, source=OUTSIDE)
    def on_command(self, command: CommandGiven | LimitsGiven) -> Iterable[Message]:
        """Record a command and do it, behind what risk has ordered before."""
        if isinstance(command, LimitsGiven) and (why := refusal(command, self.outermost)):
            raise Refused(why)
        if self.kill.on and opens_kill(command):
            raise Refused(f"the file {NAME} is still there: remove it first")
        told = [*(self.waiting or ()), Heard(command, self.now_ns)]
        try:
            facts = decide_all(self.state, told, self.rule)
        except Senseless as refused:
            raise Refused(str(refused)) from None
        if facts:
            self.waiting = None
        return facts

    def on_time(self, now_ns: int) -> Iterable[Message]:
        """Obey the kill file when it appears."""
        words = self.kill.appeared(now_ns)
        if words is None:
            return ()
        return self.on_command(killed(self.state, now_ns, words, f"the file {NAME}"))

    def tick_s(self) -> float:
        return LOOK_S

    def apply(self, fact: Any) -> None:
        match fact:
            case Cut():
                self.waiting, self.now_ns = [], fact.ts_ns
            case Settled():
                self.waiting = None
            case _:
                apply(self.state, fact)

    def inspect(self) -> dict[str, Any]:
        return {**shown(self.state), "kill_file": self.kill.on}
