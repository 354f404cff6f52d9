"""What follows when the venue corrects an execution, or takes it back (quantity 0).

The execution that corrects takes the place of the one it corrects, and the trip is computed again
from all of them. A round trip that is over is told again, as a PositionClosed of the same bracket
with other figures: whoever sums results keeps the last of each bracket and takes the difference.
If something is held again it is told as held, the fence is closed, and as it has no stop it is
left like every position without one.
"""

from actors.core.orders.booking import Cause, booking, told
from actors.core.orders.brackets import Bracket, executions_after
from actors.core.orders.desk_state import DeskState, Fact
from actors.core.orders.fence import closing
from actors.core.orders.round_trip import trip_of
from protocol.fence import FenceCause
from protocol.reports import OrderFilled


def corrected(state: DeskState, bracket: Bracket, fill: OrderFilled) -> list[Fact]:
    """Return what follows from the correction of an execution in the books."""
    order = bracket.submitted
    booked = booking(state, bracket, fill)
    trip = trip_of(executions_after(bracket, booked).values(), order.direction)
    cause = Cause(fill.ts_ns, fill.exec_id)
    facts: list[Fact] = [booked]
    facts += told(bracket, trip, bracket.rest, bracket.unfinished, cause)
    if trip.held < 0 or trip.entered > order.quantity or (bracket.over and trip.held):
        detail = (
            f"execution {fill.corrects} was corrected: bracket {order.bracket_id} comes to"
            f" {trip.entered} entered and {trip.exited} left"
        )
        facts += closing(state, FenceCause.MISMATCH, fill.ts_ns, detail)
    return facts
