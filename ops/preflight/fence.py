"""What a NO-GO brings about: the desk closes its fence, and a person opens it again.

A clock that is off is a cause of its own, all else is one together, each in the words of its check.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from protocol.day import Verdict
from protocol.fence import FenceCause, FenceOrdered
from protocol.units import Nanos
from supervision.inspection import tell

DESK = "desk"
CAUSES = {"clock": FenceCause.CLOCK_SKEW}  # By the code of the check.


def close_fence(run_dir: Path, document: Mapping[str, Any], now_ns: int) -> None:
    """Have the desk of a run close its fence as a preflight demands.

    Raises `NoAnswer` where the desk does not answer, `NotTaken` where it refuses.
    """
    for order in orders_of(document["checks"], now_ns):
        tell(run_dir, DESK, order)


def orders_of(checks: Sequence[Mapping[str, str]], now_ns: int) -> list[FenceOrdered]:
    """Return what the desk is to be told of the checks of a preflight, a cause each."""
    found: dict[FenceCause, list[str]] = {}
    for one in checks:
        if Verdict(one["verdict"]) is Verdict.NO_GO:
            cause = CAUSES.get(one["code"], FenceCause.PREFLIGHT)
            found.setdefault(cause, []).append(f"{one['code']}: {one['found']}")
    return [
        FenceOrdered(ts_ns=Nanos(now_ns), cause=cause, detail="; ".join(words))
        for cause, words in found.items()
    ]
