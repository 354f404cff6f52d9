"""How values are written: signs, thousands, dashes, and nothing unescaped."""

import pytest

from ops.recap.words import (
    cells,
    clock,
    counted,
    day,
    money,
    named,
    number,
    share,
    span,
    text,
    ticks,
    tone,
)


@pytest.mark.parametrize(
    ("value", "sign", "wanted"),
    [(1_234.5, False, "1,234.50"), (-60.0, False, "−60.00"), (60.0, True, "+60.00"),
     (0.0, True, "0.00"), (-0.001, True, "0.00"), (None, True, "–")],
)  # fmt: skip
def test_money_has_thousands_cents_and_a_sign_where_one_is_wanted(value, sign, wanted):
    assert money(value, sign=sign) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"), [(9.0, "9"), (12.5, "12.5"), (-16.0, "−16"), (0.0, "0"), (None, "–")]
)
def test_ticks_have_decimals_only_where_there_are_any(value, wanted):
    assert ticks(value) == wanted


@pytest.mark.parametrize(
    ("count", "wanted"),
    [(0, "0 restarts"), (1, "1 restart"), (2, "2 restarts"), (1_001, "1,001 restarts")],
)
def test_one_of_a_thing_is_told_in_the_singular(count, wanted):
    assert counted(count, "restart") == wanted


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [(0, "0 s"), (0.091, "0.09 s"), (45, "45 s"), (60, "1 min 00 s"), (3_599.6, "1 h 00 min"),
     (5_355, "1 h 29 min"), (None, "–")],
)  # fmt: skip
def test_a_span_is_told_in_what_fits_it(seconds, wanted):
    assert span(seconds).replace("\u202f", " ") == wanted


def test_shares_numbers_clocks_dates_and_names():
    assert (share(0.391), share(None)) == ("39.1\u202f%", "–")
    assert number(2.687143, 3) == "2.687"
    assert clock("2025-12-02T10:05:01.250000-05:00") == "10:05:01"
    assert clock(None) == "–"
    assert day("2025-12-02") == "Tuesday, 2 December 2025"
    assert (named("stacked_buy"), named(None), named("")) == ("stacked buy", "–", "–")
    assert [tone(value) for value in (1, -1, 0, None)] == ["buy", "sell", "soft", "soft"]


def test_texts_are_escaped():
    assert text("<b a=\"1\" b='2'>&") == "&lt;b a=&quot;1&quot; b=&#x27;2&#x27;&gt;&amp;"
    assert named("<i>_x") == "&lt;i&gt; x"


def test_cells_have_their_classes_and_those_left_out_none():
    assert cells("a", "b", "c", classes=("", "l")) == '<td>a</td><td class="l">b</td><td>c</td>'
