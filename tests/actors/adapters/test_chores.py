"""Chores as real children: input, words, codes, limits, and never an orphan."""

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from actors.adapters.chores import (
    LOST,
    ROOT,
    SAID_MAX,
    Command,
    FakeChores,
    ProcessChores,
    command_of,
)
from actors.core.session.chores import Outcome
from protocol.day import Chore

DAY = "2025-12-02"


def doing(code, given=b"", limit_s=20.0, niceness=3):
    command = Command((sys.executable, "-S", "-c", code), given)
    return ProcessChores(lambda chore, on: command, niceness, limit_s)


def done(chores):
    chores.start(Chore.EXPORT, DAY)
    until_s = time.monotonic() + 20
    while (outcome := chores.poll()) is None:
        assert time.monotonic() < until_s
        select.select([], [], [], 0.005)
    return outcome


def test_a_chore_reads_its_input_and_what_it_says_comes_back_with_its_code():
    code = "import sys; print(len(sys.stdin.read())); sys.exit(75)"
    given = b"x" * 300_000  # More than a pipe holds.
    assert done(doing(code, given)) == Outcome(75, "300000\n")


def test_words_on_the_error_output_come_back_too_and_only_their_end():
    outcome = done(doing("import sys; sys.stderr.write('x' * 200_000 + 'the end')"))
    assert outcome.code == 0
    assert len(outcome.said) == SAID_MAX
    assert outcome.said.endswith("the end")


def test_whoever_trades_goes_before_a_chore():
    outcome = done(doing("import os; print(os.nice(0))"))
    assert int(outcome.said) == min(os.nice(0) + 3, 19)


def test_a_chore_that_takes_too_long_is_ended():
    outcome = done(doing("import time; time.sleep(60)", limit_s=0.05))
    assert outcome.code == -9


def test_looking_at_a_chore_does_not_wait_for_it():
    chores = doing("import sys; sys.stdin.read(); import time; time.sleep(60)")
    chores.start(Chore.EXPORT, DAY)
    began_s = time.monotonic()
    assert chores.poll() is None
    assert time.monotonic() - began_s < 1
    with pytest.raises(ValueError, match="one at a time"):
        chores.start(Chore.RECAP, DAY)
    chores.stop()
    assert chores.poll() == LOST


def test_a_chore_dies_with_whoever_started_it():
    code = (
        "import os, sys\n"
        "from actors.adapters.chores import Command, ProcessChores\n"
        "command = Command((sys.executable, '-S', '-c', 'import time; time.sleep(60)'))\n"
        "chores = ProcessChores(lambda chore, on: command, 0, 60.0)\n"
        "chores.start('export', '2025-12-02')\n"
        "print(chores._child.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    pid = int(found.stdout)
    until_s = time.monotonic() + 10
    while Path(f"/proc/{pid}/stat").exists():
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        if state in "ZX":
            break
        assert time.monotonic() < until_s
        select.select([], [], [], 0.005)


def test_each_chore_has_its_command_and_no_setting_stands_in_an_argument(tmp_path):
    settings = {"export": '{"export": {"host": "secret"}}', "preflight": '{"feed": {}}'}
    for chore in Chore:
        command = command_of(chore, DAY, tmp_path, settings)
        assert command.arguments[0] == sys.executable
        assert str(tmp_path) in " ".join(command.arguments)
        assert "secret" not in " ".join(command.arguments)
        if chore is Chore.RECAP:
            assert command.arguments[-4:] == ("--date", DAY, "--no-export", "--wait")
        else:
            assert json.loads(command.input) == json.loads(settings[chore])


def test_an_export_of_nothing_is_really_done(tmp_path):
    (tmp_path / "data").mkdir()
    command = command_of(
        Chore.EXPORT, DAY, tmp_path, {"export": '{"recorder": {}, "export": {}}'}
    )
    outcome = done(ProcessChores(lambda chore, on: command, 0, 30.0))
    assert outcome.code == 0, outcome.said
    assert json.loads(outcome.said)["code"] == 0


def test_the_fake_forgets_what_ran_when_its_starter_dies():
    fake = FakeChores()
    fake.start(Chore.RECAP, DAY)
    assert fake.life().poll() == LOST
    assert fake.poll() == Outcome(0, "")
    assert fake.done == [(Chore.RECAP, DAY)]
