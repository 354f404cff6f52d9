"""What the notifier keeps comes back whole; what is none of it is refused."""

import json

import pytest

from actors.adapters.notify.follow import Place
from actors.adapters.notify.memory import Memory, memory_of, started_ns, values_of
from actors.core.notices import outbox
from actors.core.notices.outbox import Outbox
from actors.core.notices.teller import Known


def test_all_that_is_kept_comes_back():
    memory = Memory(
        Known(balance_cents=5), Outbox(9, number=3), {"desk": 7}, {"alarms": Place(1, 2)}, 11
    )
    values = json.loads(json.dumps(values_of(memory, outbox.kept(memory.box))))
    assert memory_of(values, 9) == memory


@pytest.mark.parametrize("broken", [{}, [], {"known": {}}, None])
def test_what_is_none_of_ours_is_refused(broken):
    with pytest.raises((ValueError, KeyError, TypeError)):
        memory_of(broken, 9)


def test_the_start_of_a_run_is_known_where_a_host_says_it(tmp_path):
    assert started_ns(tmp_path) == 0
    (tmp_path / "run.json").write_text('{"started_ns": 5}')
    assert started_ns(tmp_path) == 5
    (tmp_path / "run.json").write_text("{")
    assert started_ns(tmp_path) == 0
