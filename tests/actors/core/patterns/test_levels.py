"""What is refused as no footprint."""

import pytest

from actors.core.patterns.levels import refuse_negative, refuse_unsound


def test_no_levels_and_empty_levels_are_sound():
    refuse_unsound((), ())
    refuse_unsound((0, 0), (0, 0))
    refuse_negative(())


@pytest.mark.parametrize(
    ("sells", "buys", "words"),
    [
        ((1, 2), (1,), "2 sell and 1 buy levels"),
        ((), (1,), "0 sell and 1 buy levels"),
        ((3, -1), (0, 0), "-1 contracts at level 1"),
        ((0, 0), (-7, 5), "-7 contracts at level 0"),
    ],
)
def test_unequal_columns_and_negative_volumes_are_refused_by_name(sells, buys, words):
    with pytest.raises(ValueError, match=words):
        refuse_unsound(sells, buys)
