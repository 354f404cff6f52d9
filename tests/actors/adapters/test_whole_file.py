"""Files that are replaced as a whole, states that are put aside, heartbeats that are refused."""

import json
import os
import stat

import pytest

from actors.adapters.heartbeat import HEARTBEAT_FILE, read_heartbeat, write_heartbeat
from actors.adapters.kept_state import load_state, save_state
from actors.adapters.whole_file import append_line, replace_file
from actors.core.watch.heartbeat import BadHeartbeat
from tests.actors.core.watch.beats import make_beat


def test_a_file_is_replaced_as_a_whole_and_is_the_owners_alone(tmp_path):
    path = tmp_path / "a.json"
    replace_file(path, b"old and longer")
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_write_that_fails_leaves_the_old_file_and_no_draft(tmp_path):
    path = tmp_path / "a.json"
    replace_file(path, b"old")
    with pytest.raises(TypeError):
        replace_file(path, "no bytes")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_draft_that_a_crash_left_behind_is_overwritten(tmp_path):
    (tmp_path / "a.json.tmp").write_bytes(b"half of something longer")
    replace_file(tmp_path / "a.json", b"new")
    assert (tmp_path / "a.json").read_bytes() == b"new"


def test_lines_are_appended_whole(tmp_path):
    path = tmp_path / "a.jsonl"
    append_line(path, b"one")
    append_line(path, b"two")
    assert path.read_bytes() == b"one\ntwo\n"
    with pytest.raises(ValueError, match="one line"):
        append_line(path, b"a\nb")


def test_a_state_comes_back_and_a_damaged_one_is_put_aside_and_said(tmp_path):
    path = tmp_path / "state.json"
    assert load_state(path, dict, {"fresh": 1}) == ({"fresh": 1}, "")
    save_state(path, {"a": [1, 2]})
    assert load_state(path, dict, {}) == ({"a": [1, 2]}, "")
    path.write_text('{"a": [1')
    found, fault = load_state(path, dict, {"fresh": 1})
    assert found == {"fresh": 1}
    assert "put aside as state.json.damaged" in fault
    assert not path.exists()


def test_a_heartbeat_comes_back(tmp_path):
    write_heartbeat(tmp_path, make_beat())
    assert read_heartbeat(tmp_path) == make_beat()


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "No such file"), (b"", "wanted JSON"), (b'{"schema": 1, "pid"', "wanted JSON"),
     (b"[" * 60_000, "wanted JSON"), (b"{}", "schema None"), (b"x" * 70_000, "more than"),
     (b"\xff\xfe", "wanted JSON"), (json.dumps({"schema": 9}).encode(), "schema 9")],
)  # fmt: skip
def test_a_missing_or_damaged_heartbeat_is_refused_with_its_path(tmp_path, content, words):
    if content is not None:
        (tmp_path / HEARTBEAT_FILE).write_bytes(content)
    with pytest.raises(BadHeartbeat, match=words) as refusal:
        read_heartbeat(tmp_path)
    assert HEARTBEAT_FILE in str(refusal.value)
