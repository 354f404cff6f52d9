"""What a screen shows of the desk's state: plain values, every position and every doubt."""

from typing import Any

from actors.core.orders.desk_state import DeskState, held
from actors.core.orders.fence import fenced


def shown(state: DeskState) -> dict[str, Any]:
    """Return what is open, held, being left, fenced, asked and doubted."""
    return {
        "brackets": len(state.brackets),
        "open": {
            key: f"{' '.join(bracket.orders.values())} {bracket.trip.signed:+}"
            for key, bracket in state.open.items()
        },
        "held": held(state),
        "flattens": {contract: last.attempt for contract, last in state.leaving.items()},
        "fence": fenced(state) or "open",
        "silent": sorted(state.silent),
        "asked": None if state.question is None else state.question.request_id,
        "differs": sorted(state.differing),
    }
