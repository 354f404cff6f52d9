"""The back-test beside NautilusTrader: the other interpreter is asked, and its answer checked."""

import ast
import json
import sys
from pathlib import Path

import pytest

from actors.core.session.calendar import day_of, trading_day
from ops.bench.backtest import SCRIPT, Rival, Turns, in_turns, regular_session, tapes
from ops.bench.backtest import nautilus as run_nautilus
from ops.bench.floor import CONTRACT, Walk
from ops.bench.row import Row
from ops.bench.run import RECORDING, backtest_rows
from protocol.settings import Settings
from tests.actors.adapters.feeds.recordings import real
from tests.makers import at, make_trades

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


def test_both_run_as_often_as_they_have_turns(tmp_path):
    walk = tapes(WALK, None)["simulated trades"]
    turns = in_turns(Settings(), interpreter(tmp_path, volume=volume()), walk, 2)
    assert turns.rivals == [Rival("NautilusTrader 1.221.0", WALK.count / 0.5)] * 2
    assert len(turns.ours) == 2 and min(turns.ours) > 0


def test_each_turn_is_compared_with_the_rival_of_the_same_minute():
    rivals = [Rival("slow", 10.0), Rival("slow", 20.0), Rival("slow", 5.0)]
    assert Turns([300.0, 200.0, 100.0], rivals).ratios == [10.0, 20.0, 30.0]


def test_without_a_recorded_day_the_walk_is_the_only_tape():
    found = tapes(WALK, None)
    assert list(found) == ["simulated trades"]
    assert found["simulated trades"].simulated
    (chunk,) = found["simulated trades"]
    assert (len(chunk.trades), chunk.contract) == (WALK.count, CONTRACT)


def test_of_a_recording_its_last_regular_session_and_all_of_it_are_tapes_and_not_simulated():
    _, session, whole = tapes(WALK, real(RECORDING)).values()
    assert len(whole.trades) > len(session.trades) > 100_000
    assert not session.simulated and not whole.simulated


def trades_at(*times):
    return make_trades([(ts_ns, 100, "B", 1) for ts_ns in times])


def test_a_regular_session_is_that_of_the_last_date_from_its_open_to_before_its_close():
    last = trading_day(at("09:30"))
    eve = day_of(last.date).start_ns - 1
    inside = (last.rth_open_ns, last.rth_close_ns - 1)
    found = regular_session(trades_at(eve, last.rth_open_ns - 1, *inside, last.rth_close_ns))
    assert found.ts_event.tolist() == list(inside)


def test_a_recording_that_ends_before_the_open_has_no_regular_session():
    assert len(regular_session(trades_at(at("03:00"), at("09:29")))) == 0
