"""Refusals in words."""

import pytest

from actors.adapters.history.errors import explained


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 409, 422, 429, 500, 503, 504])
def test_every_code_of_the_facts_has_words_of_its_own(status):
    others = {explained(other, None, {}).partition(": ")[2] for other in (418, 599)}
    assert explained(status, None, {}).partition(": ")[2] not in others - {explained(
        500, None, {}).partition(": ")[2]}  # fmt: skip


def test_the_vendors_words_stand_in_one_line_behind_ours():
    body = {"detail": {"message": "Bad\n  start. "}}
    assert explained(400, body, {}).endswith("its settings (Databento: Bad start.)")


@pytest.mark.parametrize(("wait", "text"), [
    ("5", "try again in 5 s"), ("Sat, 21 Nov 2026 10:00:00 GMT", "try again at Sat, 21 Nov"),
])  # fmt: skip
def test_when_to_ask_again_is_said_as_it_came(wait, text):
    assert text in explained(429, None, {"Retry-After": wait})


@pytest.mark.parametrize("body", [None, [], "x", {}, {"detail": None}, {"detail": {"message": 3}}])
def test_a_body_without_words_adds_none(body):
    assert "Databento:" not in explained(422, body, {})
