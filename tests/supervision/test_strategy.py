"""Strategy x restart type x kind of death, as OTP has it."""

import itertools

import pytest

from supervision.spec import ChildSpec, Restart, Strategy
from supervision.strategy import Answer, Death, after_death, restarts

ABNORMAL = (Death.CRASHED, Death.EXITED, Death.HUNG, Death.START_FAILED, Death.GAVE_UP)
LEAVES = {
    (Restart.TRANSIENT, Death.NORMAL),
    (Restart.TRANSIENT, Death.SHUTDOWN),
    *((Restart.TEMPORARY, death) for death in Death),
}
# Of the children a b c d, b being the dead one: who stops, who starts.
TOUCHED = {
    Strategy.ONE_FOR_ONE: (("",), ("b",)),
    Strategy.ONE_FOR_ALL: (("d", "c", "a"), ("a", "b", "c", "d")),
    Strategy.REST_FOR_ONE: (("d", "c"), ("b", "c", "d")),
}


def family(**restart: Restart) -> list[ChildSpec]:
    return [ChildSpec(id, "work.A", restart.get(id, Restart.PERMANENT)) for id in "abcd"]


@pytest.mark.parametrize(("restart", "death"), list(itertools.product(Restart, Death)))
def test_who_is_restarted_after_which_death(restart: Restart, death: Death) -> None:
    assert restarts(restart, death) == ((restart, death) not in LEAVES)


@pytest.mark.parametrize(
    ("strategy", "restart", "death"), list(itertools.product(Strategy, Restart, Death))
)
def test_the_strategy_touches_siblings_only_if_the_dead_one_is_restarted(
    strategy: Strategy, restart: Restart, death: Death
) -> None:
    answer = after_death(strategy, family(b=restart), "b", death)
    stop, start = TOUCHED[strategy]
    if (restart, death) in LEAVES:
        assert answer == Answer()
    else:
        assert answer == Answer(tuple(filter(None, stop)), start)


def test_exactly_normal_and_shutdown_are_not_abnormal() -> None:
    assert tuple(death for death in Death if death.abnormal) == ABNORMAL


@pytest.mark.parametrize(
    ("strategy", "dead", "stop", "start"),
    [
        (Strategy.REST_FOR_ONE, "a", ("d", "c", "b"), ("a", "b", "c", "d")),
        (Strategy.REST_FOR_ONE, "d", (), ("d",)),
        (Strategy.ONE_FOR_ALL, "a", ("d", "c", "b"), ("a", "b", "c", "d")),
        (Strategy.ONE_FOR_ALL, "d", ("c", "b", "a"), ("a", "b", "c", "d")),
        (Strategy.ONE_FOR_ONE, "d", (), ("d",)),
    ],
)
def test_the_first_and_the_last_child_are_no_exception(
    strategy: Strategy, dead: str, stop: tuple[str, ...], start: tuple[str, ...]
) -> None:
    assert after_death(strategy, family(), dead, Death.EXITED) == Answer(stop, start)


@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE])
def test_a_temporary_sibling_is_stopped_along_and_not_started_again(strategy: Strategy) -> None:
    answer = after_death(strategy, family(c=Restart.TEMPORARY), "b", Death.HUNG)
    assert "c" in answer.stop
    assert "c" not in answer.start


def test_a_transient_sibling_is_started_again() -> None:
    answer = after_death(Strategy.ONE_FOR_ALL, family(c=Restart.TRANSIENT), "b", Death.HUNG)
    assert answer.start == ("a", "b", "c", "d")
