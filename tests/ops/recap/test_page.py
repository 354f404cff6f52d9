"""The page: whole, self-contained, escaped, and saying what the document says."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.session.calendar import Schedule
from ops.recap.charts import PRICE, WIDTH, day_chart
from ops.recap.page import page
from ops.recap.sources import Away
from ops.recap.timeline import absences, gaps
from protocol.account import TradingHalted
from protocol.fence import FenceCause, FenceClosed
from protocol.patterns import Pattern
from protocol.reports import LinkChanged
from protocol.system import Alarm
from tests.makers import at, make_bar, make_closed, make_opened, make_signal
from tests.ops.recap.days import make_dropped, streams, with_more, written

VOID = {"meta", "path", "rect", "line", "br"}
EVIL = "<script>alert('1')</script>&\""


class Whole(HTMLParser):
    """Holds that every tag that is opened is closed, in order."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.texts = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def parsed(html):
    reader = Whole()
    reader.feed(html)
    assert reader.open == []
    return reader


def busy():
    """A day with everything on it."""
    halt = TradingHalted(ts_ns=at("11:00"), reason=EVIL, day_pnl_cents=-1, limit_cents=1)
    fence = FenceClosed(ts_ns=at("09:50"), cause=FenceCause.MISMATCH, detail=EVIL)
    link = [LinkChanged(ts_ns=at("10:01"), up=False, reason=EVIL),
            LinkChanged(ts_ns=at("10:02"), up=True, reason="")]  # fmt: skip
    alarms = [
        Alarm(source="market", code=code, ts_ns=at("10:00"), text=EVIL)
        for code in ("child_restarted", "odd")
    ]
    aways = [Away("feed", 1, at("10:00"), at("10:00:00.250"), EVIL),
             Away("web", 1, at("10:03"), None, EVIL)]  # fmt: skip
    lost = make_closed(bracket_id="b", pnl_cents=-21_700, ts_ns=at("10:19"), exit_sum=19_983)
    messages = with_more(
        risk=[halt], desk=[fence, make_opened(bracket_id="c"), lost], broker=link,
        router=[make_dropped(signal_id="x", detail=EVIL)],
    )  # fmt: skip
    return written(messages, alarms=alarms, aways=aways, server=EVIL)


@pytest.mark.parametrize(
    "document", [written(), busy(), written({}), written({"bars": [make_bar()]})]
)
def test_the_page_is_whole_and_needs_neither_network_nor_script(document):
    html = page(document)
    found = parsed(html)
    assert {tag for tag, _ in found.tags}.isdisjoint({"script", "link", "img", "iframe"})
    assert not any(name in attrs for _, attrs in found.tags for name in ("src", "href", "onclick"))
    assert "http" not in html and "url(" not in html and "@import" not in html
    assert "@media print" in html and "nan" not in html.lower()


def test_texts_are_escaped_wherever_they_come_from():
    html = page(busy())
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 7


def test_the_result_its_status_and_the_fill_model_are_said_plainly():
    words = " ".join(parsed(page(written())).texts)
    assert "+295.50" in words and "✓ COMPLETED" in words and "PAPER" in words
    assert "no order reached a market" in words and "50 ms after a decision" in words
    assert "tick/through" in words and "Tuesday, 2 December 2025" in words


def test_a_halted_day_says_why_and_a_held_position_is_not_kept_quiet():
    words = " ".join(parsed(page(busy())).texts)
    assert "■ HALTED" in words and "Halted:" in words
    assert "1 position when the books end" in words


@pytest.mark.parametrize(
    ("count", "wanted"),
    [(1, ("1 restart, away", "1 position when", "slip 1 tick,")),
     (2, ("2 restarts, away", "2 positions when", "slip 2 ticks,"))],
)  # fmt: skip
def test_one_of_a_thing_is_told_in_the_singular_and_two_in_the_plural(count, wanted):
    told = busy()
    told["summary"]["restarts"] = told["session"]["open_positions"] = count
    told["session"]["fills"]["slippage_ticks"] = count
    words = " ".join(" ".join(parsed(page(told)).texts).split())
    assert [each for each in wanted if each not in words] == []


@pytest.mark.parametrize(("end", "said"), [("15:59:59", True), ("16:00", False)])
def test_bars_that_end_before_the_regular_close_are_not_the_whole_day(end, said):
    bars = [make_bar(start_ns=at("10:00"), end_ns=at(end))]
    told = written(streams() | {"bars": bars})
    words = " ".join(parsed(page(told)).texts)
    assert ("Not the whole day:" in words) is said
    assert told["session"]["whole"] is not said


@pytest.mark.parametrize(("end", "whole"), [("13:14", False), ("13:15", True)])
def test_a_day_that_closes_early_is_whole_when_it_has_closed(end, whole):
    half = Schedule.of((), ("2025-12-02 13:15",))
    bars = [make_bar(start_ns=at("10:00"), end_ns=at(end))]
    session = written(streams() | {"bars": bars}, schedule=half)["session"]
    assert session["whole"] is whole
    assert session["hours"]["rth_close"] == "2025-12-02T13:15:00.000000-05:00"


def test_a_date_that_ends_before_the_regular_open_has_the_usual_hours_on_its_drawing():
    night = Schedule.of((), ("2025-12-02 09:15",))
    bars = [make_bar(start_ns=at("08:00"), end_ns=at("09:15"))]
    told = written(streams() | {"bars": bars}, schedule=night)
    assert told["session"]["whole"] is True
    assert "Not the whole day:" not in " ".join(parsed(page(told)).texts)


def test_a_day_without_data_says_so():
    words = " ".join(parsed(page(written({}))).texts)
    assert "NO SESSION" in words and "No bar belongs to Tuesday, 2 December 2025" in words


def test_simulated_and_low_quality_days_are_marked():
    bars = [make_bar(simulated=True, unknowns=(10, 10, 10), inferred_volume=30)]
    words = " ".join(parsed(page(written(streams() | {"bars": bars}))).texts)
    assert "SIMULATED" in words and "no claim rests on them" in words and "Quality low" in words


@pytest.mark.parametrize(("inferred", "loud"), [(12, False), (13, True)])
def test_the_quality_is_low_above_a_fifth_of_the_volume(inferred, loud):
    messages = {"bars": [make_bar(inferred_volume=inferred)]}  # Of 60.
    assert ("Quality low" in page(written(messages))) is loud


def test_live_fills_are_said_to_be_the_venues():
    assert "venue" in page(written(mode="live"))


def test_rejections_stand_in_the_table_by_reason_and_every_few_is_marked():
    html = page(written())
    assert "low strength\u00a01" in html and "position open\u00a01" in html
    assert "low n" in html


def test_a_ratio_of_days_is_withheld_and_not_a_zero():
    html = page(written())
    assert re.search(r"Sharpe, of days</td><td>–<span class=\"low\"", html)


def test_colour_is_never_the_only_sign():
    html = page(busy())
    assert "▲ long" in html and "+295.50" in html and "−217.00" in html


@given(st.lists(st.tuples(st.integers(0, 275), st.integers(-40, 40)), min_size=1, max_size=20))
def test_everything_on_the_chart_lies_on_the_chart_and_candles_within_their_pane(rows):
    start = at("18:00", "2025-12-01")
    bars = []
    for number, move in sorted(dict(rows).items()):
        begin = start + number * 300_000_000_000
        end = begin + 300_000_000_000
        bars.append(make_bar(start_ns=begin, end_ns=end, low=20_000 + move))
    svg = day_chart(written({"bars": bars, "detector": [make_signal(ts_ns=bars[-1].end_ns)]}))
    place = " ".join(rf'{name}="([-\d.e+]+)"' for name in ("x", "y", "width", "height"))
    for found in re.findall(f'class="body" {place}', svg):
        x, y, wide, tall = map(float, found)
        assert 0 <= x <= x + wide <= WIDTH
        assert PRICE[0] <= y <= y + tall <= PRICE[1] + 1
    assert len(re.findall('class="body"', svg)) == len(bars)


def test_the_hours_on_the_axis_keep_their_distance():
    bars = [
        make_bar(start_ns=at(f"{hour:02d}:00"), end_ns=at(f"{hour:02d}:05")) for hour in range(17)
    ]
    svg = day_chart(written({"bars": bars}))
    places = [float(x) for x in re.findall(r'<text x="([\d.]+)" y="694" class="" text-an', svg)]
    assert len(places) > 5
    assert all(b - a >= 46 for a, b in zip(places, places[1:], strict=False))


def test_the_time_line_shows_absences_and_gaps_and_is_empty_without_any():
    found = busy()["restarts"]
    assert absences(found).count('class="gap"') == 2 and 'class="alarm"' in absences(found)
    assert gaps(found).count('class="gap"') == 2
    assert "not ended" in gaps(found)
    none = written()["restarts"]
    assert absences(none) == gaps(none) == ""
    assert "No restart, no gap." in page(written())


def test_every_pattern_has_its_row():
    signals = [make_signal(id=pattern, pattern=pattern) for pattern in Pattern]
    html = page(written({"bars": [make_bar()], "detector": signals}))
    for pattern in Pattern:
        assert f"</span> {pattern.replace('_', ' ')}</td>" in html
