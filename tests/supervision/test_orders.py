"""Orders to a supervisor: taken once, by the supervisor of the child alone."""

import pytest

from supervision.orders import RestartOrder, place, put, take

ORDER = RestartOrder("bars", 7, "anna", "it looks odd")


def test_where_nobody_has_ordered_anything_there_is_nothing_to_take(tmp_path):
    assert take(tmp_path, ["bars"]) == []
    assert list(tmp_path.iterdir()) == []


def test_an_order_is_taken_once_and_is_gone(tmp_path):
    path = put(tmp_path, ORDER)
    assert path == place(tmp_path, "bars")
    assert take(tmp_path, ["feed", "bars"]) == [ORDER]
    assert not path.exists() and take(tmp_path, ["bars"]) == []


def test_who_has_no_such_child_leaves_the_order_to_another(tmp_path):
    path = put(tmp_path, ORDER)
    assert take(tmp_path, ["feed"]) == []
    assert path.exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", "\x00", '{"pid": "x", "who": 1, "reason": 2}'])
def test_what_is_no_order_is_taken_away_and_does_nothing(tmp_path, text):
    put(tmp_path, ORDER).write_text(text)
    assert take(tmp_path, ["bars"]) == []
    assert list(place(tmp_path, "bars").parent.iterdir()) == []


def test_a_draft_is_no_order_yet(tmp_path):
    draft = put(tmp_path, ORDER).rename(place(tmp_path, "bars").with_suffix(".tmp"))
    assert take(tmp_path, ["bars"]) == []
    assert draft.exists()
