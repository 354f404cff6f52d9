"""Work in a child: its answer comes back, its memory and its death do not."""

import os

import psutil
import pytest

from actors.adapters.apart import Died, apart


def test_the_answer_comes_back_and_the_work_was_done_elsewhere():
    assert apart(lambda: {"pid": os.getpid()})["pid"] != os.getpid()
    assert len(apart(lambda: b"x" * 1_000_000)) == 1_000_000  # More than a pipe holds.


def test_a_child_that_raises_or_dies_is_an_error_and_leaves_nothing(capfd):
    before = psutil.Process().children()
    with pytest.raises(Died):
        apart(lambda: 1 // 0)
    assert "ZeroDivisionError" in capfd.readouterr().err
    with pytest.raises(Died):
        apart(lambda: os._exit(3))
    assert psutil.Process().children() == before
