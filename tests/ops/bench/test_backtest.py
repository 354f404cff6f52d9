"""The back-test beside NautilusTrader: the other interpreter is asked, and its answer checked."""

import ast
import json
import sys
from pathlib import Path

import pytest

from ops.bench.backtest import SCRIPT, Rival, tapes
from ops.bench.backtest import nautilus as run_nautilus
from ops.bench.floor import CONTRACT, Walk
from ops.bench.row import Row
from ops.bench.run import RECORDING, backtest_rows
from protocol.settings import Settings
from tests.actors.adapters.feeds.recordings import real

WALK = Walk(rate=5, seconds=1_200, seed=4)


def interpreter(directory: Path, *, code: int = 0, **answer: object) -> Path:
    """Return a program that takes a script and a file and answers like the script."""
    path = directory / "python"
    said = json.dumps({"version": "1.221.0", "trades": WALK.count, "seconds": 0.5} | answer)
    path.write_text(f'#!/bin/sh\ntest -f "$2" || exit 3\necho \'{said}\'\nexit {code}\n')
    path.chmod(0o700)
    return path


def volume() -> int:
    return int(WALK.trades().size.sum())


def test_without_an_interpreter_the_row_says_how_to_give_one():
    (row,) = backtest_rows(Settings(), None, quick=True)
    assert row == Row(
        "back-test beside NautilusTrader", "not measured: give --nautilus PYTHON", "30 x"
    )


def test_an_answer_with_every_contract_gives_trades_by_its_own_seconds(tmp_path):
    python = interpreter(tmp_path, volume=volume())
    assert run_nautilus(python, WALK.trades()) == Rival("NautilusTrader 1.221.0", WALK.count / 0.5)


@pytest.mark.parametrize(("trades", "contracts"), [(WALK.count, -1), (WALK.count - 1, 0)])
def test_an_answer_that_lacks_a_trade_or_a_contract_is_refused(trades, contracts, tmp_path):
    python = interpreter(tmp_path, trades=trades, volume=volume() + contracts)
    with pytest.raises(RuntimeError, match=f"wanted {WALK.count} and {volume()}"):
        run_nautilus(python, WALK.trades())


def test_an_interpreter_that_fails_is_told_with_its_code(tmp_path):
    python = interpreter(tmp_path, code=7, volume=volume())
    with pytest.raises(RuntimeError, match="ended with 7"):
        run_nautilus(python, WALK.trades())


def test_the_script_imports_nothing_of_ours():
    tree = ast.parse(SCRIPT.read_text())
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names}
    outside = {name.split(".")[0] for name in names} - sys.stdlib_module_names
    assert outside == {"numpy", "nautilus_trader"}


def test_without_a_recorded_day_the_walk_is_the_only_tape():
    found = tapes(WALK, None)
    assert list(found) == ["simulated"]
    assert found["simulated"].simulated
    (chunk,) = found["simulated"]
    assert (len(chunk.trades), chunk.contract) == (WALK.count, CONTRACT)


def test_with_a_recorded_day_its_trades_are_a_second_tape_and_not_simulated():
    found = tapes(WALK, real(RECORDING))
    (chunk,) = found["recorded"]
    assert len(chunk.trades) > 100_000
    assert not chunk.simulated
