"""The settings of risk and tiers: what is refused at the start, and what the rest becomes."""

import dataclasses

import pytest

from actors.core.risk.rule import day_margins
from actors.core.rules import risk_rule
from ops.config import BadSettings, read_settings
from protocol.instruments import INSTRUMENTS, instrument
from protocol.orders import EntryKind
from protocol.settings import PaperSettings, RiskSettings, Settings, TierSettings


def read(tmp_path, text):
    file = tmp_path / "floorwatch.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(file, environment={}, dotenv=tmp_path / ".env")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[risk]\ncurrency = 'GBP'", "risk.currency"),
        ("[risk]\npreset = 'apex'", "risk.preset"),
        ("[risk]\nquantity = 3", "risk.quantity: found 3, wanted at most 2"),
        ("[risk]\nquantity = 0", "risk.quantity"),
        ("[risk]\nsymbol_positions_max = 2", "found 2, wanted at most 1"),
        ("[risk]\nsize_ranging = 1.1", "risk.size_ranging"),
        ("[risk]\nbreaker_dollars = -1.0", "risk.breaker_dollars"),
        ("[risk]\nreduce_share = 0.8", "found 0.8 and stop_share 0.7"),
        ("[risk]\nreduce_share = 0.0", "found 0.0 and stop_share 0.7"),
        ("[risk]\nday_margins = ['ES']", "risk.day_margins: day margin 'ES'"),
        ("[risk]\nday_margins = ['SPY:1']", "day margin 'SPY:1', wanted symbol:dollars"),
        ("[risk]\nday_margins = ['ES:1', 'ES:2']", "day margin 'ES:2'"),
        ("[risk]\nday_margins = ['ES:-1']", "day margin 'ES:-1'"),
        ("[risk]\nno_trade = ['12:00']", "risk.no_trade: no-trade window '12:00'"),
        ("[risk]\nflatten = '17:00'", "found '17:00', wanted 16:59 at the latest"),
        ("[risk]\npreset = 'topstep'\nflatten = '16:11'", "wanted 16:10 at the latest"),
        ("[risk]\nbreakeven_ticks = 1", "found 1, wanted less than 1"),
        ("[risk]\ntrail_start_ticks = 4", "risk.trail_ticks: found 0"),
        ("[risk]\nentry_bars = 0", "risk.entry_bars"),
        ("[tiers]\ntable = []", "tiers.table: tiers from []"),
        ("[tiers]\ntable = ['A:1:ES:1:1:1:fixed']", "wanted rising balances from 0"),
        ("[tiers]\ntable = ['A:0:ES:1']", "tiers.table: tier 'A:0:ES:1'"),
        ("[tiers]\ndemote_share = 0.6", "tiers.demote_share"),
        (
            "[tiers]\nenabled = true\n[feed]\nsymbol = 'NQ'",
            "tiers.table: found MES in 'MES Building', wanted an instrument with the prices of"
            " feed.symbol, NQ",
        ),
    ],
)
def test_what_cannot_be_is_refused_at_the_start(tmp_path, text, said):
    with pytest.raises(BadSettings) as refused:
        read(tmp_path, text)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[feed]\nsymbol = 'NQ'",  # The table of the tiers is of ES, and off.
        "[tiers]\nenabled = true",
        "[tiers]\nenabled = true\n[feed]\nsymbol = 'MESZ5'",
        "[tiers]\nenabled = true\ntable = ['A:0:MNQ:1:1:50:fixed']\n[feed]\nsymbol = 'NQ'",
        "[risk]\npreset = 'topstep'\nno_trade = ['12:00-13:00']\nbreakeven_ticks = 2",
        "[risk]\nflatten = '16:59'\nlast_entry = '16:50'",
    ],
)
def test_what_is_allowed_makes_a_rule_for_every_instrument(tmp_path, text):
    found = read(tmp_path, text)
    for own in INSTRUMENTS.values():
        rule = risk_rule(found, own)
        assert rule.symbol == own.symbol
        assert set(rule.terms) == set(INSTRUMENTS)


def test_the_defaults_are_the_numbers_of_the_domain():
    rule = risk_rule(Settings(), instrument("ES"))
    assert (rule.loss_limit_cents, rule.profit_target_cents) == (30_000, 50_000)
    assert (rule.positions_max, rule.symbol_positions_max, rule.trades_max) == (1, 1, 0)
    assert (rule.size.quantity, rule.size.quantity_max) == (1, 2)
    assert (rule.size.ranging_ppm, rule.size.volatile_ppm) == (750_000, 500_000)
    assert (rule.size.families_min, rule.size.wins_min, rule.size.losses_min) == (2, 3, 2)
    assert (rule.reject_block_ns, rule.balance_cents) == (1_800 * 10**9, 250_000)
    assert (rule.tiers, rule.band, rule.entry.kind) == (None, None, EntryKind.MARKET)
    assert rule.entry == dataclasses.replace(rule.entry, breakeven_ticks=0, trail_start_ticks=0)
    es, mes = rule.terms["ES"], rule.terms["MES"]
    assert (es.margin_cents, mes.margin_cents) == (50_000, 5_000)
    assert (es.stop_ticks, es.target_ticks, es.commission_cents) == (16, 24, 225)
    assert rule.terms["NQ"].stop_ticks == 20


def test_every_default_margin_is_within_the_default_balance():
    """A trader who replays any instrument with the defaults gets entries, and not MARGIN."""
    margins = day_margins(RiskSettings().day_margins)
    assert set(margins) == set(INSTRUMENTS)
    assert max(margins.values()) <= round(PaperSettings().balance_dollars * 100)


def test_what_is_set_arrives_in_the_rule():
    risk = RiskSettings(
        preset="topstep", quantity=2, trades_max=5, reduce_band=True, entry="limit", entry_bars=3,
        breakeven_ticks=8, trail_start_ticks=12, trail_ticks=6, stop_ticks=10, target_ticks=20,
        no_trade=("12:00-13:00",), flatten_again_s=30, reject_block_s=60, size_ranging=0.5,
        size_volatile=0.25, day_margins=("ES:600",), low_quality_entries="allow",
    )  # fmt: skip
    base = Settings(risk=risk, tiers=TierSettings(enabled=True, demote_share=0.1, wins_min=4))
    calendar = dataclasses.replace(base.calendar, closed=("2025-12-25",))
    rule = risk_rule(dataclasses.replace(base, calendar=calendar), instrument("ES"))
    assert rule.locked_when_lost and rule.scaled_at_start and rule.low_quality_allowed
    assert (rule.hours.hard_stop, rule.hours.no_trade) == (970, ((720, 780),))
    assert rule.hours.schedule.closed
    assert (rule.band.halve_ppm, rule.band.stop_ppm) == (400_000, 700_000)
    assert (rule.entry.kind, rule.entry.life_ns) == (EntryKind.LIMIT, 900 * 10**9)
    assert (rule.entry.breakeven_ticks, rule.entry.breakeven_offset_ticks) == (8, 1)
    assert (rule.entry.trail_start_ticks, rule.entry.trail_ticks) == (12, 6)
    assert rule.tiers is not None and rule.tiers.demote_ppm == 100_000
    assert (rule.size.wins_min, rule.size.quantity, rule.trades_max) == (4, 2, 5)
    assert (rule.size.ranging_ppm, rule.size.volatile_ppm) == (500_000, 250_000)
    assert (rule.flatten_again_ns, rule.reject_block_ns) == (30 * 10**9, 60 * 10**9)
    for terms in rule.terms.values():
        assert (terms.stop_ticks, terms.target_ticks) == (10, 20)
    assert rule.terms["ES"].margin_cents == 60_000
    assert rule.terms["MES"].margin_cents is None
