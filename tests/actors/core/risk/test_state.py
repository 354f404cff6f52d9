"""What risk remembers: which brackets are the metrics' own, and repeats that change nothing."""

import copy
import random

from actors.core.risk.ledger import apply, bracket_id
from actors.core.risk.state import from_flow, is_of_flow
from protocol.orders import BracketDenied, BracketEnded, DenyReason
from protocol.patterns import Direction, Pattern
from tests.actors.core.risk.accounts import fold
from tests.makers import at, make_approved, make_bracket, make_closed, make_opened, make_submitted

SIGNAL = make_approved(pattern=Pattern.FLOW_SELLING, direction=Direction.SHORT)
OWN = bracket_id("signal-1")
DENIED = BracketDenied(
    signal_id="signal-1", contract="ESZ5", ts_ns=at("10:05"), direction=Direction.SHORT,
    reason=DenyReason.POSITION_OPEN, detail="",
)  # fmt: skip
BRACKET, OPENED = make_bracket(bracket_id=OWN), make_opened(bracket_id=OWN)
CLOSED = make_closed(bracket_id=OWN)
ENDED = BracketEnded(
    bracket_id=OWN, contract="ESZ5", ts_ns=at("10:06"), reason="rejected", rejected=True
)


def of_flow(*facts):
    return is_of_flow(fold(*facts), OWN)


def test_the_metrics_own_what_came_of_their_signals_alone():
    assert from_flow(SIGNAL) and not from_flow(make_approved())
    assert of_flow(SIGNAL, BRACKET) and of_flow(SIGNAL, BRACKET, OPENED)
    assert not of_flow(make_approved(), BRACKET)
    assert not of_flow(SIGNAL)  # Asked, and not answered yet.


def test_a_bracket_of_a_signal_that_was_never_seen_is_not_the_metrics_own():
    assert not of_flow(make_submitted(bracket_id=OWN), OPENED)


def test_what_is_over_is_nobodys_any_more():
    assert not of_flow(SIGNAL, DENIED)
    assert not of_flow(SIGNAL, BRACKET, ENDED)
    assert not of_flow(SIGNAL, BRACKET, OPENED, CLOSED)
    assert not of_flow(SIGNAL, BRACKET, OPENED, CLOSED, SIGNAL, BRACKET)


def test_the_denial_of_a_repeated_signal_takes_nothing_from_its_bracket():
    assert of_flow(SIGNAL, BRACKET, SIGNAL, DENIED)
    assert of_flow(SIGNAL, BRACKET, OPENED, SIGNAL, DENIED)


def test_a_repeated_fact_changes_nothing():
    dice, facts = random.Random(5), [SIGNAL, BRACKET, OPENED, CLOSED]
    for count in range(1, len(facts) + 1):
        state = fold(*facts[:count])
        before = copy.deepcopy(state)
        for fact in dice.choices(facts[:count], k=5):
            apply(state, fact)
        assert state == before, count
