"""The log of decisions: what is written, when a file is full, and what a restart knows."""

import json
import stat

import pytest

from actors.adapters.decision_log import NAME, DecisionLog, RotatedFile, read_lines
from actors.adapters.secrets import Secret
from actors.core.orders.brackets import client_id
from actors.core.risk.ledger import bracket_id
from protocol.log_settings import LogSettings
from protocol.market import Cut, CutReason
from protocol.orders import BracketEnded
from protocol.signals import SignalApproved, SignalRaised
from tests.makers import make_approved, make_bar, make_signal, make_submitted


def lines(path):
    return [json.loads(line) for line in (path / NAME).read_text().splitlines()]


def test_a_decision_is_one_line_with_its_ids_and_the_cut_behind_which_it_was_taken(tmp_path):
    log = DecisionLog(tmp_path, LogSettings(level="debug"))
    log.add("detector", 4, Cut(number=9, ts_ns=1, reason=CutReason.BAR))
    log.add("detector", 5, make_signal(id="s1"))
    log.write()
    (line,) = lines(tmp_path)
    assert (line["event"], line["level"]) == ("signal.raised", "debug")
    assert (line["actor"], line["seq"], line["cut"], line["trail"]) == ("detector", 5, 9, "s1")
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("level", "wanted"),
    [("off", 0), ("debug", 2), ("info", 1), ("warning", 0), ("error", 0)],
)
def test_what_matters_less_than_the_level_is_left_out(tmp_path, level, wanted):
    log = DecisionLog(tmp_path, LogSettings(level=level))
    log.add("bars", 1, make_bar())
    log.add("router", 1, make_approved())
    log.write()
    assert (tmp_path / NAME).exists() == bool(wanted)
    assert not wanted or len(lines(tmp_path)) == wanted


def test_nothing_is_written_before_it_is_to_be_and_nothing_twice(tmp_path):
    log = DecisionLog(tmp_path, LogSettings(level="debug"))
    log.add("detector", 1, make_signal())
    assert not (tmp_path / NAME).exists()
    log.write()
    log.write()
    assert len(lines(tmp_path)) == 1


def test_a_bracket_that_was_open_before_a_restart_keeps_its_trail(tmp_path):
    bracket = bracket_id("s1")
    before = DecisionLog(tmp_path, LogSettings(level="debug"))
    before.add("router", 1, make_approved(signal_id="s1"))
    before.add("desk", 1, make_submitted(bracket_id=bracket, client_id=client_id(bracket)))
    before.write()
    with (tmp_path / NAME).open("ab") as file:
        file.write(b'{"torn')
    after = DecisionLog(tmp_path, LogSettings(level="debug"))
    ended = BracketEnded(bracket_id=bracket, contract="ESZ5", ts_ns=1, reason="x", rejected=False)
    assert after._trails.fields("desk", 2, 1, ended)["trail"] == "s1"


def test_a_line_that_is_there_is_not_written_again_after_a_restart(tmp_path):
    for last in (2, 3):
        log = DecisionLog(tmp_path, LogSettings(level="debug"))
        for seq in range(1, last + 1):
            log.add("detector", seq, make_signal(id=f"s{seq}"))
        log.add("router", last, make_approved())
        log.write()
    found = [(line["actor"], line["seq"]) for line in lines(tmp_path)]
    wanted = [("detector", 1), ("detector", 2), ("router", 2), ("detector", 3), ("router", 3)]
    assert found == wanted


def test_a_secret_in_the_words_of_a_venue_does_not_reach_the_file(tmp_path):
    log = DecisionLog(tmp_path, LogSettings(level="debug"), [Secret("store.url", 'top "secret"')])
    reason = 'refused for top "secret" here'
    log.add("desk", 1, BracketEnded(
        bracket_id="b", contract="ESZ5", ts_ns=1, reason=reason, rejected=True,
    ))  # fmt: skip
    log.write()
    assert lines(tmp_path)[0]["reason"] == "refused for (not shown) here"


def test_a_disk_that_takes_nothing_costs_lines_and_no_failure(tmp_path):
    log = DecisionLog(tmp_path, LogSettings(level="debug"))
    (tmp_path / NAME).mkdir()
    log.add("detector", 1, make_signal())
    log.write()
    assert log.unwritten == 1


def test_a_file_is_full_at_its_limit_and_the_oldest_goes(tmp_path):
    file = RotatedFile(tmp_path / NAME, 10, 3)
    for word in (b"aaaa\n", b"bbbb\n", b"c\n", b"dddddddddddddddd\n", b"e\n", b"ffff\n", b"gggg\n"):
        file.write([word])
    found = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert found == {
        NAME: b"gggg\n", f"{NAME}.1": b"e\nffff\n", f"{NAME}.2": b"dddddddddddddddd\n",
    }  # fmt: skip


def test_where_one_file_is_kept_it_begins_anew(tmp_path):
    file = RotatedFile(tmp_path / NAME, 4, 1)
    file.write([b"aaaa"])
    file.write([b"b"])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {NAME: b"b"}


def test_a_torn_or_foreign_line_is_left_out_when_read(tmp_path):
    (tmp_path / NAME).write_bytes(b'{"a": 1}\n[2]\nnothing\n{"b": 2}\n{"torn": 3}')
    assert read_lines(tmp_path / NAME) == [{"a": 1}, {"b": 2}]


def test_what_it_takes_is_what_can_be_a_line_or_lead_to_one(tmp_path):
    assert DecisionLog(tmp_path, LogSettings(level="off")).takes == frozenset()
    assert SignalRaised in DecisionLog(tmp_path, LogSettings(level="debug")).takes
    for level in ("info", "error"):
        takes = DecisionLog(tmp_path, LogSettings(level=level)).takes
        assert (SignalRaised in takes, SignalApproved in takes) == (False, True)
