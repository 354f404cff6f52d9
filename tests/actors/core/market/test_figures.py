"""What a link says of itself."""

from actors.core.market.figures import Figures

S = 1_000_000_000


def test_rates_and_lags_are_those_of_the_last_whole_second():
    figures = Figures()
    figures.came(3, 10 * S)
    figures.lagged(9 * S, 10 * S + 5_000_000)
    assert figures.shown()["records_per_s"] == 3
    figures.came(1, 11 * S)
    shown = figures.shown()
    assert (shown["records"], shown["records_per_s"], shown["lag_ms"]) == (4, 3, 1_005)


def test_after_a_silent_second_the_rate_is_of_what_comes_now():
    figures = Figures()
    figures.came(50, 10 * S)
    figures.came(1, 12 * S)
    assert (figures.records_s, figures.shown()["records_per_s"]) == (0, 1)


def test_plain_values_only():
    figures = Figures(statistics={3: 5})
    assert figures.shown()["statistics"] == {"3": 5}
