"""What risk remembers: which brackets are the metrics' own, and repeats that change nothing."""

import copy
import random

from actors.core.risk.state import RiskState, apply, bracket_of, from_flow
from protocol.orders import BracketDenied, BracketEnded, DenyReason
from protocol.patterns import Direction, Pattern
from tests.makers import at, make_approved, make_bracket, make_closed, make_opened

SIGNAL = make_approved(pattern=Pattern.FLOW_SELLING, direction=Direction.SHORT)
OWN = bracket_of("signal-1")
DENIED = BracketDenied(
    signal_id="signal-1", contract="ESZ5", ts_ns=at("10:05"), direction=Direction.SHORT,
    reason=DenyReason.POSITION_OPEN, detail="",
)  # fmt: skip
BRACKET, OPENED = make_bracket(bracket_id=OWN), make_opened(bracket_id=OWN)
CLOSED = make_closed(bracket_id=OWN)
ENDED = BracketEnded(bracket_id=OWN, contract="ESZ5", ts_ns=at("10:06"), reason="rejected")


def fold(*facts):
    state = RiskState()
    for fact in facts:
        apply(state, fact)
    return state


def test_the_metrics_own_what_came_of_their_signals_alone():
    assert from_flow(SIGNAL) and not from_flow(make_approved())
    assert fold(SIGNAL).by_flow == {OWN}
    assert fold(make_approved()).by_flow == set()


def test_what_is_over_is_nobodys_any_more():
    assert fold(SIGNAL, DENIED).by_flow == set()
    assert fold(SIGNAL, BRACKET, ENDED).by_flow == set()
    assert fold(SIGNAL, BRACKET, OPENED, CLOSED).by_flow == set()
    assert fold(SIGNAL, BRACKET, OPENED, CLOSED, SIGNAL).by_flow == set()


def test_the_denial_of_a_repeated_signal_takes_nothing_from_its_bracket():
    assert fold(SIGNAL, BRACKET, SIGNAL, DENIED).by_flow == {OWN}
    assert fold(SIGNAL, BRACKET, OPENED, SIGNAL, DENIED).by_flow == {OWN}


def test_a_repeated_fact_changes_nothing():
    dice, facts = random.Random(5), [SIGNAL, BRACKET, OPENED, CLOSED]
    for count in range(1, len(facts) + 1):
        state = fold(*facts[:count])
        before = copy.deepcopy(state)
        for fact in dice.choices(facts[:count], k=5):
            apply(state, fact)
        assert state == before, count
