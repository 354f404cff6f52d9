"""Files of lines, read from the end: every line once, over pages, rotations and torn ends."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from web.api import lines
from web.api.lines import BLOCK_BYTES, last_lines

LINES = st.lists(st.integers(0, 300), max_size=40)  # How long each is.


def write(path: Path, rows: list[dict[str, Any]], end: str = "") -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + end)
    return path


def every(files: list[Path], limit: int, **more: Any) -> list[int]:
    """Return what all pages hold, one behind the other."""
    found, cursor = [], None
    while True:
        rows, cursor = last_lines(files, limit, cursor, **more)
        assert len(rows) <= limit
        found += [row["n"] for row in rows]
        if cursor is None:
            return found


@settings(max_examples=50)
@given(st.lists(LINES, min_size=1, max_size=3), st.integers(1, 7), st.sampled_from([1, 64, 1000]))
def test_over_all_pages_every_line_comes_once_the_newest_first(
    files: list[list[int]], limit: int, block: int
) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK_BYTES", block)
        number, paths = 0, []
        for index, lengths in enumerate(files):
            rows = []
            for length in lengths:
                rows.append({"n": number, "text": "x" * length})
                number += 1
            paths.append(write(Path(name) / f"{index}", rows))
        assert every(paths[::-1], limit) == list(range(number))[::-1]


def test_a_torn_last_line_and_what_is_no_object_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text('{"n": 1}\n[1]\nnonsense\n\n' + "[" * 5_000 + '\n{"n": 2}\n{"n": 3')
    assert every([path], 1) == [2, 1]


def test_a_line_longer_than_any_of_ours_is_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path / "log", [{"n": 1}, {"n": 2, "x": "y" * (8 * BLOCK_BYTES)}, {"n": 3}])
    assert every([path], 10) == [3, 1]


def test_a_page_goes_on_where_it_was_when_the_file_was_rotated_and_written(tmp_path: Path) -> None:
    newest = write(tmp_path / "log", [{"n": n} for n in range(6)])
    rows, cursor = last_lines([newest], 2)
    newest.replace(tmp_path / "log.1")
    write(newest, [{"n": n} for n in range(6, 9)])
    files = [newest, tmp_path / "log.1"]
    more, _ = last_lines(files, 10, cursor)
    assert [row["n"] for row in rows + more] == [5, 4, 3, 2, 1, 0]


def test_of_a_file_that_is_gone_there_are_no_more_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "log", [{"n": n} for n in range(6)])
    _, cursor = last_lines([path], 2)
    other = write(tmp_path / "other", [{"n": 7}])
    assert last_lines([other, path.with_name("gone")], 5, cursor) == ([], None)


def test_only_lines_that_fit_are_taken(tmp_path: Path) -> None:
    path = write(tmp_path / "log", [{"n": n, "who": "ab"[n % 2]} for n in range(20)])
    assert every([path], 3, holding=b'"b"') == list(range(19, 0, -2))
    assert every([path], 3, fits=lambda line: line["n"] % 5 == 0) == [15, 10, 5, 0]


def test_a_page_looks_at_so_much_at_most_and_the_next_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "SCAN_BYTES_MAX", 100)
    path = write(tmp_path / "log", [{"n": n} for n in range(50)])
    rows, cursor = last_lines([path], 5, fits=lambda line: line["n"] == 0)
    assert rows == [] and cursor is not None
    assert every([path], 5, fits=lambda line: line["n"] == 0) == [0]
