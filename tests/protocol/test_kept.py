"""Rows of a store: any change of one is seen, and a body says what it is."""

import pytest

from protocol.codec import encode, encode_fields
from protocol.kept import checksum, has_names
from protocol.market import Settled

ROW = {"seq": 7, "kind": "market.settled", "version": 1, "positions": "{}", "body": b"\x81\x01"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("seq", 8), ("kind", "market.cut"), ("version", 2), ("positions", "{ }"), ("body", b"\x81")],
)
def test_a_row_with_another_value_has_another_checksum(name, value):
    assert checksum(ROW | {name: value}) != checksum(ROW)


def test_what_stands_before_the_body_is_the_stream_where_there_are_no_positions():
    entry = {key: value for key, value in ROW.items() if key != "positions"}
    assert checksum(entry | {"stream": "{}"}) == checksum(ROW)


def test_a_body_says_whether_its_fields_have_names():
    assert has_names(encode_fields(Settled(number=1)))
    assert not has_names(encode(Settled(number=1))) and not has_names(b"")
