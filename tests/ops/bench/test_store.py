"""The bench of the store: what it measures is really done, and a missing server is said."""

from ops.bench.store import approval_times_us, store_rows


def test_every_approval_is_timed(tmp_path):
    times = approval_times_us(tmp_path, 5)
    assert len(times) == 5
    assert min(times) > 0
    assert list(tmp_path.iterdir()) == []


def test_without_a_server_the_row_says_how_to_give_one(tmp_path):
    sqlite, server, approval = store_rows("", tmp_path, quick=True)
    assert "bare SQLite commits" in sqlite.against
    assert server.found == "not measured: give the address of a server as store.url"
    assert "p99" in approval.found
