"""A copy of the desk's state to try facts on, so that several messages are decided as one."""

from collections.abc import Set
from dataclasses import replace

from actors.core.orders.desk_state import DeskState


def draft(state: DeskState, told: Set[str]) -> DeskState:
    """Return a copy to try facts on.

    Of the brackets that are over only those `told` of are copied, by client id; the others cannot
    change and may be many.
    """
    changing = {key: state.brackets[key] for key in told if key in state.brackets} | state.open
    copies = {
        key: replace(
            bracket,
            orders=dict(bracket.orders),
            executions=dict(bracket.executions),
            moved_ns=dict(bracket.moved_ns),
        )
        for key, bracket in changing.items()
    }
    return replace(
        state,
        brackets=state.brackets | copies,
        open={key: copies[key] for key in state.open},
        refused=dict(state.refused),
        flattens=dict(state.flattens),
        leaving=dict(state.leaving),
        seen=dict(state.seen),
        fence=dict(state.fence),
        adopted=dict(state.adopted),
        commands=dict(state.commands),
    )
