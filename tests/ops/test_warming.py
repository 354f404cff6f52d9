"""Bars of an earlier run before a tape: found in a child, put first, told of."""

import dataclasses
import io
import os
from datetime import date

import pytest
from rich.console import Console

from actors.adapters.feeds.port import FeedError
from actors.adapters.feeds.simulated import SimulatedSession
from actors.adapters.feeds.tape import TapeRule, tape, write_tape
from actors.adapters.store import SqlBooks, database_for
from actors.adapters.tape import Tape
from ops.warming import run_dirs_of, warming
from protocol.day_settings import WarmupSettings
from protocol.history_settings import HistorySettings
from protocol.market import BarWarm
from protocol.settings import Settings
from tests.makers import at, make_bar

SETTINGS = Settings()
FIVE = 300 * 10**9


def messages():
    session = SimulatedSession("ES", 3, 2_000, date(2025, 12, 2))
    return list(tape(session, TapeRule.of(SETTINGS.feed, SETTINGS.bars)))


def run_with_bars(run_dir, count=30):
    """A run that has kept the bars up to the first trade of the tape."""
    (run_dir / "data").mkdir(parents=True)
    books = SqlBooks(database_for("", str(run_dir / "data"), "books"))
    end = at("18:00", "2025-12-01")
    for n in range(count):
        start = end - (count - n) * FIVE - 3_600 * 10**9  # Up to the halt at 17:00.
        bar = make_bar(start_ns=start, end_ns=start + FIVE, simulated=True)
        books.add("bars", n + 1, bar)
    books.close()
    return run_dir


def led(run_dirs, settings=SETTINGS, tape_=None, **more):
    """What stands on the tape, and what was said."""
    told = Console(file=io.StringIO(), width=300)
    with warming(settings, run_dirs, told, **more) as lead:
        found = list(lead(iter(messages() if tape_ is None else tape_)))
    return found, told.file.getvalue()


def test_a_tape_without_an_earlier_run_is_left_as_it_is():
    assert led([]) == (messages(), "")


def test_zero_bars_switch_it_off(tmp_path):
    off = dataclasses.replace(SETTINGS, warmup=WarmupSettings(bars=0))
    assert led([run_with_bars(tmp_path / "one")], off) == (messages(), "")


def test_the_last_bars_of_a_run_stand_before_the_first_trade_and_it_is_said(tmp_path):
    found, said = led([run_with_bars(tmp_path / "one")])
    assert [type(m) for m in found[:30]] == [BarWarm] * 30
    assert found[30:] == messages()
    assert said == "warm-up: 30 bars, bars of one\n"


def test_why_there_are_none_is_said(tmp_path):
    found, said = led([run_with_bars(tmp_path / "one", count=5)])
    assert found == messages()
    assert "no warm-up by bars of one: 5 bars, wanted at least 21" in said
    assert said.endswith("warm-up: 0 bars\n")


def test_a_search_that_dies_is_an_error_that_says_how_to_go_without(tmp_path, monkeypatch):
    monkeypatch.setattr("ops.warming._found", lambda *_: os._exit(9))  # In the child.
    with pytest.raises(FeedError, match="warmup.bars = 0 does without"):
        led([tmp_path])


def test_bars_of_the_past_are_due_at_once_however_slow_the_tape(tmp_path):
    found, _ = led([run_with_bars(tmp_path / "one")])
    write_tape(tmp_path / "tape.frames", found)
    tape_ = Tape.open(tmp_path / "tape.frames", speed=1.0)
    tape_.pace(0)
    assert tape_.last == 31  # The bars and the first batch.
    tape_.close()


def without_a_key(monkeypatch):
    monkeypatch.delenv("DATABENTO_API_KEY", raising=False)
    return dataclasses.replace(SETTINGS, history=HistorySettings(warmup=True))


def recorded():
    """The tape of a market that is not made up."""
    first, *rest = messages()
    return [dataclasses.replace(first, simulated=False), *rest]


def test_a_floor_that_may_buy_and_cannot_starts_cold_and_says_why(monkeypatch):
    found, said = led([], without_a_key(monkeypatch), recorded(), paid=True)
    assert found == recorded()
    assert said == (
        "no warm-up by bought history: no key for Databento; set databento.key_file, or"
        " DATABENTO_API_KEY\nwarm-up: 0 bars\n"
    )


def test_a_replay_never_buys_whatever_the_settings_say(monkeypatch):
    assert led([], without_a_key(monkeypatch), recorded()) == (recorded(), "")


def test_a_floor_whose_settings_do_not_say_so_never_buys():
    assert led([], SETTINGS, recorded(), paid=True) == (recorded(), "")


def test_nothing_is_bought_for_a_market_that_is_made_up(monkeypatch):
    found, said = led([], without_a_key(monkeypatch), paid=True)
    assert (found, said) == (messages(), "warm-up: 0 bars\n")


def test_runs_are_asked_from_the_newest_on(tmp_path):
    run = dataclasses.replace(SETTINGS.run, directory=str(tmp_path))
    for age, name in enumerate(("a", "b", "c")):
        (tmp_path / name / "data").mkdir(parents=True)
        os.utime(tmp_path / name / "data", (1_000 + age, 1_000 + age))
    found = run_dirs_of(dataclasses.replace(SETTINGS, run=run))
    assert [path.name for path in found] == ["c", "b", "a"]
