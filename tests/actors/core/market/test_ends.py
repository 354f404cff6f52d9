"""Why a session ended: what lasts, and in which words."""

import pytest

from actors.core.market.ends import End, Fault, is_lasting, words_of


@pytest.mark.parametrize("code", [1, 2, 4, 5])
def test_key_symbol_and_subscription_last(code):
    assert is_lasting(Fault(End.ERROR, code))


@pytest.mark.parametrize("code", [3, 6, 7, 8, 255, 77])
def test_limits_faults_and_unknown_codes_are_tried_again(code):
    assert not is_lasting(Fault(End.ERROR, code))


@pytest.mark.parametrize("text", ["User has reached their open connection limit",
                                  "Too many connections", "Internal error", "please try again",
                                  "Service temporarily unavailable"])  # fmt: skip
def test_a_refusal_that_speaks_of_something_passing_is_tried_again(text):
    assert not is_lasting(Fault(End.DENIED, text=text))


@pytest.mark.parametrize("text", ["Authentication failed.", "", "Unknown dataset: X"])
def test_any_other_refusal_lasts(text):
    assert is_lasting(Fault(End.DENIED, text=text))


@pytest.mark.parametrize("end", [one for one in End if one is not End.ERROR])
def test_every_end_has_words_and_they_are_one_line_without_a_full_stop(end):
    words = words_of(Fault(end, text="some\nthing.  more."))
    assert words.endswith(": some thing. more")
    assert words_of(Fault(end)) in words


@pytest.mark.parametrize("code", range(1, 10))
def test_every_code_has_words(code):
    assert words_of(Fault(End.ERROR, code, "told")).endswith(": told")


def test_a_code_that_nobody_knows_is_named():
    assert words_of(Fault(End.ERROR, 99)) == "the gateway gave error 99"
