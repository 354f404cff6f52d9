"""Green, yellow, red."""

import pytest

from protocol.system import Health
from supervision.liveness import AWAY_NS, away_ns, health

S = 10**9


@pytest.mark.parametrize(
    ("silent_ns", "wanted"),
    [
        (-S, Health.GREEN),  # Forgiven more than it was silent.
        (0, Health.GREEN),
        (S - 1, Health.GREEN),
        (S, Health.YELLOW),
        (3 * S - 1, Health.YELLOW),
        (3 * S, Health.RED),
    ],
)
def test_two_missed_beats_are_yellow_and_six_are_red(silent_ns: int, wanted: Health) -> None:
    assert health(silent_ns, 0.5) is wanted


@pytest.mark.parametrize(
    ("gap_ns", "away"), [(0, 0), (AWAY_NS, 0), (AWAY_NS + 1, AWAY_NS + 1), (9 * S, 9 * S)]
)
def test_a_supervisor_was_away_if_it_slept_longer_than_it_ever_means_to(
    gap_ns: int, away: int
) -> None:
    assert away_ns(5 * S, 5 * S + gap_ns) == away
