"""Lines that others append: each once, whole, in order, across restarts and new files."""

import os
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from actors.adapters.notify.follow import READ_MAX, Follower, Place


def test_each_line_comes_once_and_only_when_its_end_is_there(tmp_path):
    path = tmp_path / "a.jsonl"
    follower = Follower(path)
    assert follower.lines() == []
    path.write_bytes(b"one\ntw")
    assert follower.lines() == [b"one"]
    assert follower.lines() == []
    with path.open("ab") as file:
        file.write(b"o\n")
    assert follower.lines() == [b"two"]


def test_a_follower_goes_on_where_another_stood(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"one\n")
    first = Follower(path)
    first.lines()
    with path.open("ab") as file:
        file.write(b"two\n")
    assert Follower(path, Place(first.place.inode, first.place.offset)).lines() == [b"two"]


def test_another_file_of_that_name_and_one_that_was_cut_are_read_from_their_start(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"one\ntwo\n")
    follower = Follower(path)
    follower.lines()
    (tmp_path / "b").write_bytes(b"longer than before\n")
    os.replace(tmp_path / "b", path)
    assert follower.lines() == [b"longer than before"]
    path.write_bytes(b"cut\n")
    assert follower.lines() == [b"cut"]


def test_a_line_longer_than_any_is_passed_over(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"x" * (READ_MAX + 10) + b"\nnext\n")
    follower = Follower(path)
    found = follower.lines() + follower.lines()
    assert found[-1] == b"next"


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=30))
def test_whatever_the_pieces_in_which_it_is_written_every_line_is_read_once(pieces):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "a"
        follower, found = Follower(path), []
        for piece in [*pieces, b"\n"]:
            with path.open("ab") as file:
                file.write(piece)
            found += follower.lines()
        assert found == b"".join([*pieces, b"\n"]).split(b"\n")[:-1]
