"""The journal of facts about files: what was added is there, a torn line never was."""

import os
import resource
import signal

import pytest

from actors.adapters.ledger import Ledger, LedgerError


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "facts.jsonl")


def test_a_ledger_that_was_never_written_has_no_facts(ledger):
    assert ledger.facts() == []


def test_facts_come_back_in_their_order(ledger):
    for number in range(3):
        ledger.add({"n": number, "name": "ES/\n\"x\""})
    assert [fact["n"] for fact in Ledger(ledger.path).facts()] == [0, 1, 2]


def test_a_line_torn_at_any_byte_was_never_a_fact_and_the_next_one_is(ledger):
    ledger.add({"n": 1})
    whole = ledger.path.read_bytes()
    ledger.add({"n": 2})
    both = ledger.path.read_bytes()
    for size in range(len(whole), len(both)):
        ledger.path.write_bytes(both[:size])
        assert ledger.facts() == [{"n": 1}]
        ledger.add({"n": 3})
        assert ledger.facts() == [{"n": 1}, {"n": 3}]


@pytest.mark.parametrize("line", [b"rubbish", b"[1]", b"\0\0\0", b""])
def test_a_line_in_the_middle_that_is_no_fact_is_an_error(ledger, line):
    ledger.path.write_bytes(b'{"n": 1}\n' + line + b'\n{"n": 2}\n')
    with pytest.raises(LedgerError, match="line 2 is"):
        ledger.facts()


def test_a_fact_that_does_not_fit_on_the_disk_leaves_those_before(ledger):
    ledger.add({"n": 1})
    size = ledger.path.stat().st_size
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5, size + 5))
        try:
            ledger.add({"n": 2})
        except OSError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    assert ledger.facts() == [{"n": 1}]
    assert ledger.path.stat().st_size == size
