"""What the bench says of a peer that is silent, and of something of ours that is."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from ops.bench.backtest import SCRIPT
from ops.bench.row import Row
from ops.bench.run import backtest_rows, report, wire_rows
from protocol.settings import Settings

TOO_SHORT_S = 0.01  # No interpreter starts in that.


def printed(*rows: Row) -> tuple[int, str]:
    console = Console(file=io.StringIO(), width=200)
    code = report([lambda row=row: iter([row]) for row in rows], console)
    assert isinstance(console.file, io.StringIO)
    return code, console.file.getvalue()


def test_a_silent_thespian_ends_no_row_and_fails_the_bench_only_where_it_is_ours():
    control, *streams = wire_rows(quick=True, limit_s=TOO_SHORT_S)
    silent = f"not measured: it did not come back within {TOO_SHORT_S} s"
    assert (control.found, control.failed) == (silent, True)
    assert len(streams) == 2
    for row in (control, *streams):
        assert row.against.startswith("Thespian as it comes")
        assert row.against.endswith(silent)
    assert not any(row.failed or "not measured" in row.found for row in streams)


def test_a_peer_that_fails_has_its_row_with_its_word_and_the_bench_does_not_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FLOORWATCH_DATA", str(tmp_path))  # No recorded day: one tape is enough.
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\ntest $1 = {SCRIPT} && echo 'no such engine' >&2\nexit 3\n")
    python.chmod(0o700)
    (row,) = backtest_rows(Settings(), python, quick=True)
    assert row.found == "not measured: NautilusTrader ended with 3: no such engine"
    assert (row.reached, row.failed) == (None, False)


def test_what_failed_is_said_again_at_the_end_with_a_code_and_the_other_rows_still_come():
    silent = Row("ours", "not measured: [/x] broke", "", failed=True)
    code, text = printed(silent, Row("later", "7 ms", ""))
    assert code == 1
    assert "later: 7 ms" in text
    assert text.splitlines()[-1] == "FAILED: ours: not measured: [/x] broke"


@pytest.mark.parametrize("reached", [True, False, None])
def test_a_figure_that_was_measured_is_no_failure_reached_or_not(reached: bool | None):
    code, text = printed(Row("ours", "9 ms", "8 ms", reached))
    assert code == 0
    assert "FAILED" not in text
    assert ("NOT reached" in text) is (reached is False)
