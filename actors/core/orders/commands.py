"""What the desk does when it is told to: by a person, a program of his, or the kill file.

A command is a fact of the desk's journal before anything follows from it, so the journal says who
told what, when and why, and a command that comes twice is done once. Leaving is always possible;
what lets entries pass again takes away one cause and no other.
"""

from dataclasses import dataclass

from actors.core.ids import derived_id
from actors.core.orders import booking
from actors.core.orders.desk_state import DeskState, Fact, exposed
from actors.core.orders.fence import closing, open_fence
from actors.core.orders.reconcile import account_asked
from protocol.account import LimitsChanged, TradingHalted, TradingResumed
from protocol.commands import Action, CommandGiven, LimitsGiven
from protocol.fence import FenceCause
from protocol.orders import ExitReason
from protocol.units import Cents, Nanos


class Senseless(ValueError):
    """A command that cannot be meant; the text says what was found and what was wanted."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A command, and the time of the market when it was heard."""

    command: CommandGiven | LimitsGiven
    now_ns: int


def obey(state: DeskState, heard: Heard) -> list[Fact]:
    """Return what follows from a command; nothing if it is a repeat."""
    command, now_ns = heard.command, heard.now_ns
    if command.id in state.commands:
        return []
    if not command.id or not command.who or not command.reason:
        raise Senseless(f"found {command}, wanted an id, who tells it and a reason")
    said = f"by {command.who}: {command.reason}"
    of_the_day = isinstance(command, LimitsGiven) or command.action is Action.HALT
    if of_the_day and now_ns == 0:
        # It stands for a day of the market: without one it would stand for none.
        raise Senseless("no decision point has passed yet: tell it after the first, or kill")
    if isinstance(command, LimitsGiven):
        return [_changed(command, now_ns)]
    match command.action:
        case Action.HALT:
            # Without a limit: entries stop, brackets stay where they are.
            halted = TradingHalted(
                ts_ns=Nanos(now_ns), reason=said, day_pnl_cents=Cents(0), limit_cents=Cents(0)
            )
            return [command, halted]
        case Action.RESUME:
            return [command, TradingResumed(ts_ns=Nanos(now_ns), reason=said)]
        case Action.FLATTEN:
            return [command, *_flatten(state, command, now_ns)]
        case Action.KILL:
            fence = closing(state, FenceCause.KILL, now_ns, said)
            return [command, *fence, *_flatten(state, command, now_ns)]
        case Action.OPEN_FENCE:
            return [command, *_opened(state, command, now_ns)]
        case Action.FORCE_SYNC:
            return [command, account_asked(state, now_ns)]


def _changed(given: LimitsGiven, now_ns: int) -> LimitsChanged:
    return LimitsChanged(
        id=given.id,
        ts_ns=Nanos(now_ns),
        who=given.who,
        reason=given.reason,
        loss_limit_cents=given.loss_limit_cents,
        profit_target_cents=given.profit_target_cents,
        trades_max=given.trades_max,
        quantity_max=given.quantity_max,
    )


def opens_kill(command: CommandGiven | LimitsGiven) -> bool:
    """Say whether a command lets entries pass again after a kill."""
    return isinstance(command, CommandGiven) and (command.action, command.cause) == (
        Action.OPEN_FENCE, FenceCause.KILL,
    )  # fmt: skip


def killed(state: DeskState, ts_ns: int, words: str, who: str) -> CommandGiven:
    """Return the command that the kill file gives when it appears."""
    return CommandGiven(
        id=derived_id("kill-file", state.kills + 1),
        ts_ns=Nanos(ts_ns),
        action=Action.KILL,
        cause="",
        who=who,
        reason=words,
    )


def _flatten(state: DeskState, command: CommandGiven, now_ns: int) -> list[Fact]:
    contracts = {bracket.submitted.contract for bracket in state.open.values()}
    contracts |= {contract for contract, (quantity, _) in state.adopted.items() if quantity}
    return [
        # Named by the command and the contract: a repeat is the same flatten.
        booking.flatten(contract, f"{command.id} {contract}", now_ns, ExitReason.MANUAL)
        for contract in sorted(contracts - state.leaving.keys())
        if exposed(state, contract)
    ]


def _opened(state: DeskState, command: CommandGiven, now_ns: int) -> list[Fact]:
    causes = [cause.value for cause in FenceCause]
    if command.cause not in causes:
        raise Senseless(f"no cause {command.cause!r}, wanted one of {', '.join(causes)}")
    cause = FenceCause(command.cause)
    if cause not in state.fence:
        standing = ", ".join(sorted(state.fence)) or "none: it is open"
        raise Senseless(f"the fence is not closed by {cause}; its causes are {standing}")
    return [*open_fence(state, cause, now_ns, command.who, command.reason)]
