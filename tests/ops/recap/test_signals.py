"""The study of the day's signals, and the regime each was judged in."""

from tests.makers import at, make_bar, make_regime, make_signal
from tests.ops.recap.days import told, with_more, written


def test_the_study_has_every_signal_traded_or_not_with_its_moves_and_its_mark():
    study = {one["pattern"]: one for one in written()["analytics"]["signals"]}
    assert set(study) == {"stacked_buy", "buy_imbalance", "buying_absorption"}
    one = study["stacked_buy"]
    # Confirmed at 20,005; the next bar closed at 20,024; no third bar is known.
    assert (one["n"], one["low_n"], one["regime"]) == (1, True, "volatile")
    assert one["moves_ticks"] == {"1": 19.0, "3": None, "6": None, "12": None}
    assert one["known"] == {"1": 1, "3": 0, "6": 0, "12": 0}
    assert one["at_end_ticks"] == 19.0


def test_a_signal_that_nobody_judged_has_the_regime_of_its_instant():
    early = make_signal(id="early", ts_ns=at("10:04"))
    late = make_signal(id="late", ts_ns=at("10:10"))
    regimes = [make_regime(), make_regime(ts_ns=at("10:11"), regime="ranging")]
    rows = written({"detector": [late, early], "regime": regimes})["signals"]
    assert [(row["id"], row["regime"]) for row in rows] == [("early", ""), ("late", "volatile")]


def test_a_signal_in_a_contract_without_bars_is_told_and_not_studied():
    other = make_signal(id="other", contract="ESH6")
    found = written(with_more(detector=[other]))
    assert len(found["signals"]) == 4
    assert sum(one["n"] for one in found["analytics"]["signals"]) == 3


def test_a_change_of_contract_in_mid_stream_keeps_each_signal_with_its_own_bars():
    bars = [make_bar(), make_bar(contract="ESH6", low=30_000, end_ns=at("10:10"))]
    own = make_signal(id="new", contract="ESH6", ts_ns=at("10:05"), last_price=30_000)
    found = written({"bars": bars, "detector": [make_signal(), own]})
    (one,) = found["analytics"]["signals"]
    assert (one["n"], one["known"]["1"], one["moves_ticks"]["1"]) == (2, 1, 2.0)
    assert found["session"]["contracts"] == ["ESZ5", "ESH6"]
    assert told({"bars": bars}).decisive() == bars
