"""The setups of domain 4.4: confirmation, veto, limits, and the life of a recommendation."""

import dataclasses
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.regime.condition import AuctionContext
from actors.core.regime.setups import MOVES, TURNS, SetupRule, Setups
from protocol.patterns import DIRECTION, Direction, Pattern
from protocol.settings import SetupSettings
from protocol.signals import (
    PPM,
    FlowRegime,
    Setup,
    SetupEnd,
    SetupEnded,
    SetupRecommended,
)
from protocol.units import NANOS_PER_S
from tests.actors.core.regime.conditions import BANDS, make_condition
from tests.makers import at, make_signal

RULE = SetupRule.of(SetupSettings(), low_quality_allowed=False)
LONG, SHORT = Direction.LONG, Direction.SHORT
MINUTE = 60 * NANOS_PER_S
# A fade of the upper edge with 19 ticks to the POC, 18 to the VWAP and 2 of risk.
FADE = {"close": 20_040, "poc": 20_021, "vwap_bands": tuple(band + 2 for band in BANDS)}


def turn(direction=SHORT, strength=0.6, confidence=1.0, clock="10:05", **fields):
    pattern = Pattern.BUYING_EXHAUSTION if direction is SHORT else Pattern.SELLING_EXHAUSTION
    values = {
        "pattern": pattern,
        "direction": direction,
        "strength_ppm": round(strength * PPM),
        "confidence_ppm": round(confidence * PPM),
        "ts_ns": at(clock),
        "ref_price": 20_041 if direction is SHORT else 19_999,
    }
    return make_signal(**(values | fields))


def setups(*signals, rule=RULE):
    state = Setups(rule)
    for signal in signals:
        state.signal(signal)
    return state


def fade(*signals, rule=RULE, auction=None, **fields):
    """Return what is recommended at the upper edge of value after `signals`."""
    state = setups(*signals, rule=rule)
    judged = make_condition(**(FADE | fields))
    return state.condition(judged, auction) if auction else state.condition(judged)


def test_a_confirmed_fade_is_recommended_with_all_its_numbers():
    (made,) = fade(turn())
    assert made == SetupRecommended(
        id=made.id,
        contract="ESZ5",
        ts_ns=at("10:05"),
        setup=Setup.VA_FADE_SHORT,
        direction=SHORT,
        entry=20_040,
        stop=20_042,
        target_1=20_022,
        target_2=20_021,
        confidence_ppm=890_000,  # 0.80, and 0.15 x 0.6.
        size_ppm=750_000,
        expires_ns=at("11:05"),
        synthetic=False,
        reason="rotational at 20040, buying_exhaustion 0.60",
    )


def test_without_confirmation_nothing_is_recommended():
    assert fade() == []


@pytest.mark.parametrize(
    ("clock", "confirmed"),
    [("10:00", True), ("09:59:59.999", False), ("10:05", True), ("10:05:00.001", False)],
)
def test_confirmation_lies_at_most_five_minutes_back_and_never_ahead(clock, confirmed):
    assert bool(fade(turn(clock=clock))) is confirmed


def test_a_signal_ahead_of_a_bar_confirms_the_next_one():
    state = setups(turn(clock="10:07"))
    assert state.condition(make_condition(**FADE)) == []
    assert len(state.condition(make_condition(**FADE, ts_ns=at("10:10")))) == 1


@pytest.mark.parametrize("pattern", Pattern)
def test_a_fade_is_confirmed_by_exhaustion_absorption_and_lack_of_participation_alone(pattern):
    """Against the edge: a selling pattern at the upper one."""
    signal = turn(pattern=pattern, direction=DIRECTION[pattern], strength=0.5)
    turns = {
        Pattern.BUYING_EXHAUSTION, Pattern.UPTREND_EXHAUSTION,
        Pattern.SELLING_ABSORPTION, Pattern.TAPE_SELLING_ABSORPTION,
        Pattern.LEVEL_SELLING_ABSORPTION, Pattern.EFFORT_SELLING_ABSORPTION,
        Pattern.LACK_OF_BUYERS, Pattern.POC_WITHOUT_BUYERS,
    }  # fmt: skip
    assert bool(fade(signal)) is (pattern in turns)


@pytest.mark.parametrize("pattern", Pattern)
def test_a_breakout_is_confirmed_by_initiative_and_stacked_imbalance_alone(pattern):
    signal = turn(pattern=pattern, direction=DIRECTION[pattern], strength=0.5, clock="10:10")
    state = setups(signal)
    up = {"flow": FlowRegime.BULLISH, "close": 20_042}
    assert state.condition(make_condition(**up)) == []
    made = state.condition(make_condition(**up, ts_ns=at("10:10")))
    wanted = [Setup.VA_BREAKOUT_LONG] if pattern in (
        Pattern.STACKED_BUY, Pattern.INITIATIVE_BUYING,
    ) else []  # fmt: skip
    assert [one.setup for one in made] == wanted


@pytest.mark.parametrize(
    ("ref_price", "atr", "confirmed"),
    [
        (20_037, 8_000, False),
        (20_038, 8_000, True),
        (20_050, 8_000, True),
        (20_037, 8_001, True),
        (20_036, 8_001, False),
    ],
)
def test_a_turn_confirms_at_the_edge_or_beyond_not_elsewhere(ref_price, atr, confirmed):
    assert bool(fade(turn(ref_price=ref_price), atr_milliticks=atr)) is confirmed


def test_of_several_signals_the_heaviest_counts():
    (made,) = fade(turn(strength=0.3), turn(strength=0.9, confidence=0.5), turn(strength=0.4))
    assert made.confidence_ppm == 800_000 + 67_500


@pytest.mark.parametrize(
    ("strength", "confidence", "boosted"),
    [(0.0, 1.0, 800_000), (1.0, 0.0, 800_000), (1.0, 1.0, 950_000), (0.5, 0.5, 837_500)],
)
def test_order_flow_adds_at_most_fifteen_hundredths(strength, confidence, boosted):
    (made,) = fade(turn(strength=strength, confidence=confidence))
    assert made.confidence_ppm == boosted


def test_confidence_never_exceeds_one():
    rule = dataclasses.replace(RULE, plan=dataclasses.replace(RULE.plan, fade_ppm=900_000))
    (made,) = fade(turn(strength=1.0), rule=rule)
    assert made.confidence_ppm == PPM


@pytest.mark.parametrize(("weight", "vetoed"), [(0.499999, False), (0.5, False), (0.500001, True)])
def test_order_flow_above_one_half_against_a_setup_forbids_it(weight, vetoed):
    against = turn(LONG, strength=weight, ref_price=20_000)
    assert bool(fade(turn(), against)) is not vetoed
    assert bool(fade(against, turn())) is not vetoed


@pytest.mark.parametrize(
    ("fields", "vetoed"),
    [
        ({"pattern": Pattern.STACKED_BUY}, True),
        ({"pattern": Pattern.INITIATIVE_BUYING}, True),
        ({"pattern": Pattern.BUY_IMBALANCE}, False),  # What could confirm nothing forbids nothing.
        ({"pattern": Pattern.UNFINISHED_HIGH}, False),
        ({"actionable": False}, False),
        ({"low_quality": True}, False),
        ({"ts_ns": at("09:59")}, False),
        ({"contract": "ESH6"}, False),
        ({"confidence_ppm": 400_000}, False),
    ],
)
def test_what_may_forbid_a_setup_is_what_could_confirm_its_opposite(fields, vetoed):
    assert bool(fade(turn(), turn(LONG, strength=1.0, **fields))) is not vetoed


ABSORBED = {"pattern": Pattern.SELLING_ABSORPTION, "strength": 0.4}
BOOK = {"pattern": Pattern.FLOW_SELLING, "strength": 0.6}


def test_the_score_of_all_order_flow_counts_where_it_is_surer_than_any_signal():
    # Absorption 0.30, and 0.25 for the edge of value itself; the heaviest signal says 0.40.
    (made,) = fade(turn(**ABSORBED))
    assert made.confidence_ppm == 800_000 + 82_500
    # The book adds 0.25, and the heaviest signal is still more than nothing: it confirmed.
    (made,) = fade(turn(**ABSORBED), turn(**BOOK))
    assert made.confidence_ppm == 800_000 + 120_000
    (made,) = fade(turn(**ABSORBED), turn(strength=0.9))
    assert made.confidence_ppm == 800_000 + 135_000


def test_the_score_forbids_what_no_single_signal_could():
    absorbed = turn(LONG, pattern=Pattern.BUYING_ABSORPTION, strength=0.4)
    book = turn(LONG, pattern=Pattern.FLOW_BUYING, strength=0.6)
    assert len(fade(turn(), absorbed)) == len(fade(turn(), book)) == 1
    # 0.30 and 0.25 against the fade are more than one half; its own 0.6 confirms in vain.
    assert fade(turn(), absorbed, book) == []
    assert len(fade(turn(), absorbed, dataclasses.replace(book, low_quality=True))) == 1


def test_the_metrics_confirm_nothing_by_themselves_and_forbid_nothing():
    assert fade(turn(**BOOK)) == []
    assert len(fade(turn(), turn(LONG, pattern=Pattern.FLOW_BUYING, strength=1.0))) == 1


def test_signals_of_low_quality_count_only_where_entries_on_them_are_allowed():
    assert fade(turn(low_quality=True)) == []
    allowed = SetupRule.of(SetupSettings(), low_quality_allowed=True)
    assert len(fade(turn(low_quality=True), rule=allowed)) == 1


def test_a_signal_too_weak_to_act_on_confirms_nothing():
    assert fade(turn(actionable=False)) == []


def test_a_setup_confirmed_by_simulated_trades_says_so():
    (made,) = fade(turn(synthetic=True))
    assert made.synthetic


@pytest.mark.parametrize(
    ("bias", "allowed"), [(Direction.NONE, True), (SHORT, True), (LONG, False)]
)
def test_setups_follow_the_bias_of_the_hypothesis_and_neutral_allows_both(bias, allowed):
    assert bool(fade(turn(), auction=AuctionContext(bias=bias))) is allowed


def test_the_context_alone_must_reach_the_floor():
    """90/10: order flow lifts no setup over it."""
    low = dataclasses.replace(RULE, plan=dataclasses.replace(RULE.plan, fade_ppm=749_999))
    assert fade(turn(strength=1.0), rule=low) == []
    at_floor = dataclasses.replace(RULE, plan=dataclasses.replace(RULE.plan, fade_ppm=750_000))
    assert len(fade(turn(strength=1.0), rule=at_floor)) == 1


def test_a_bounce_can_be_traded():
    """Seed: its confidence of 0.70 is under the floor of 0.75, so it never can."""
    state = setups(turn(LONG, ref_price=20_009))
    (made,) = state.condition(make_condition(close=20_010))
    assert (made.setup, made.entry, made.stop) == (Setup.VWAP_BOUNCE_LONG, 20_010, 20_000)
    assert (made.target_1, made.target_2) == (20_020, 20_030)
    assert made.confidence_ppm == 840_000
    assert SetupSettings().bounce == SetupSettings().confidence_min == 0.75


@pytest.mark.parametrize(
    ("close", "recommended"),
    [(20_010, True), (20_009, True), (20_008, True), (20_011, False), (20_012, False)],
)
def test_the_first_target_pays_at_least_the_risk(close, recommended):
    """Seed: reckons with the second target and trades the first. Here 10 ticks for 10 is enough."""
    state = setups(turn(LONG, ref_price=20_009))
    assert bool(state.condition(make_condition(close=close))) is recommended


def test_the_same_setup_within_a_tick_is_one_recommendation():
    state = setups(turn(LONG), turn(LONG, clock="10:10"), turn(LONG, clock="10:15"))
    level = {"value_low": None, "value_high": None, "poc": None}
    assert len(state.condition(make_condition(close=20_009, **level))) == 1
    same = make_condition(close=20_010, ts_ns=at("10:10"), **level)
    assert state.condition(same) == []
    other = make_condition(close=20_008, ts_ns=at("10:15"), vwap_bands=BANDS, **level)
    assert state.condition(other) == []
    third = make_condition(close=20_007, ts_ns=at("10:15"), **level, vwap_bands=tuple(
        band - 3 for band in BANDS
    ))  # fmt: skip
    assert [one.entry for one in state.condition(third)] == [20_007]


STANDING = {
    "close": 20_030, "value_low": None, "value_high": None, "poc": None, "vwap_bands": (),
}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"high": 20_041}, None),
        ({"high": 20_042}, SetupEnd.STOPPED),
        ({"low": 20_022}, None),  # The first target ends nothing.
        ({"low": 20_021}, SetupEnd.TARGET_REACHED),
        ({"low": 20_021, "high": 20_042}, SetupEnd.STOPPED),
        ({"ts_ns": at("11:04:59")}, None),
        ({"ts_ns": at("11:05")}, SetupEnd.EXPIRED),
        ({"ts_ns": at("11:05"), "high": 20_042}, SetupEnd.STOPPED),
        ({"ts_ns": at("11:05"), "low": 20_021}, SetupEnd.TARGET_REACHED),
        ({"ts_ns": at("11:06"), "high": 20_042}, SetupEnd.EXPIRED),
        ({"contract": "ESH6"}, SetupEnd.CONTRACT_CHANGED),
        ({"contract": "ESH6", "ts_ns": at("09:00")}, SetupEnd.CONTRACT_CHANGED),
    ],
)
def test_a_short_ends_at_its_stop_its_second_target_or_its_time(fields, reason):
    state = setups(turn())
    (made,) = state.condition(make_condition(**FADE))
    later = make_condition(**(STANDING | {"ts_ns": at("10:10")} | fields))
    answers = state.condition(later)
    assert [one.reason for one in answers] == ([reason] if reason else [])
    if reason:
        assert answers[0] == SetupEnded(
            id=made.id, contract="ESZ5", ts_ns=later.ts_ns, setup=made.setup, reason=reason
        )
        assert state.standing == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"low": 19_999}, None),
        ({"low": 19_998}, SetupEnd.STOPPED),
        ({"high": 20_019}, None),
        ({"high": 20_020}, SetupEnd.TARGET_REACHED),
        ({"high": 20_020, "low": 19_998}, SetupEnd.STOPPED),
    ],
)
def test_a_long_ends_as_the_mirror_of_a_short(fields, reason):
    state = setups(turn(LONG))
    state.condition(make_condition(close=20_000, poc=20_010))
    answers = state.condition(
        make_condition(**(STANDING | {"close": 20_005, "ts_ns": at("10:10")} | fields))
    )
    assert [one.reason for one in answers] == ([reason] if reason else [])


def test_the_bar_that_makes_a_recommendation_never_ends_it():
    made = fade(turn(), high=20_060, low=19_990)
    assert [type(one) for one in made] == [SetupRecommended]


def test_at_most_five_stand_and_the_oldest_is_crowded_out():
    state = Setups(RULE)
    made = []
    for number in range(7):
        clock = f"10:{5 + 5 * number:02}"
        shift = 2 * number
        state.signal(turn(clock=clock, ref_price=20_100))
        made.append(
            state.condition(
                make_condition(
                    ts_ns=at(clock), close=20_040 + shift, value_high=20_040 + shift,
                    atr_milliticks=400_000, poc=19_900, vwap_bands=(19_800,) * 7,
                )  # fmt: skip
            )
        )
    assert [len(answers) for answers in made] == [1, 1, 1, 1, 1, 2, 2]
    crowded, newest = made[5]
    assert (crowded.id, crowded.reason) == (made[0][0].id, SetupEnd.CROWDED_OUT)
    assert state.standing[-1].id == made[6][1].id
    assert len(state.standing) == 5


def test_a_new_day_knows_nothing_of_an_edge_broken_the_day_before():
    up = {"flow": FlowRegime.BULLISH, "close": 20_042}
    move = {"pattern": Pattern.STACKED_BUY, "direction": LONG}
    state = setups(turn(clock="09:35", **move, contract="ESZ5"))
    state.condition(make_condition(**up, ts_ns=at("17:00", "2025-12-01")))
    assert state.condition(make_condition(**up, ts_ns=at("09:35"))) == []
    assert len(state.condition(make_condition(**up, ts_ns=at("09:40")))) == 1


def test_a_bar_that_ends_at_17_belongs_to_the_day_that_it_ends():
    up = {"flow": FlowRegime.BULLISH, "close": 20_042}
    signal = turn(pattern=Pattern.STACKED_BUY, direction=LONG, clock="17:00")
    state = setups(signal)
    assert state.condition(make_condition(**up, ts_ns=at("16:55"))) == []
    assert len(state.condition(make_condition(**up, ts_ns=at("17:00")))) == 1


def test_after_a_change_of_contract_edges_and_signals_count_anew():
    up = {"flow": FlowRegime.BULLISH, "close": 20_042}
    state = setups(turn(pattern=Pattern.STACKED_BUY, direction=LONG))
    state.condition(make_condition(**up, ts_ns=at("10:00")))
    new = make_condition(**up, contract="ESH6")
    assert state.condition(new) == []
    assert state.condition(dataclasses.replace(new, ts_ns=at("10:10"))) == []
    assert not state.signals


def test_a_condition_from_the_past_is_refused():
    state = setups()
    state.condition(make_condition())
    assert state.condition(make_condition()) == []  # In the same instant another bar may end.
    with pytest.raises(ValueError, match="a condition at .* wanted .* or later"):
        state.condition(make_condition(ts_ns=at("10:04")))


def test_switched_off_it_recommends_nothing():
    assert fade(turn(), rule=dataclasses.replace(RULE, enabled=False)) == []


def test_turns_and_moves_have_nothing_in_common_and_all_point_somewhere():
    assert not TURNS & MOVES
    assert all(DIRECTION[pattern] in (LONG, SHORT) for pattern in TURNS | MOVES)


def story(seed, bars=120):
    """Return conditions and signals of a wandering market, in order of time."""
    source = random.Random(seed)
    price, told = 20_020, []
    for number in range(bars):
        ts = at("09:35") + number * 5 * MINUTE
        price += source.randint(-12, 12)
        for pattern in source.sample(sorted(TURNS | MOVES), 3):
            told.append(
                make_signal(
                    id=f"{number}{pattern}", ts_ns=ts, pattern=pattern,
                    direction=DIRECTION[pattern], strength_ppm=source.randint(0, PPM // 2),
                    ref_price=price + source.randint(-6, 6),
                )  # fmt: skip
            )
        low = 20_000 + source.randint(-4, 4)
        told.append(
            make_condition(
                ts_ns=ts, close=price, high=price + source.randint(0, 9),
                low=price - source.randint(0, 9), value_low=low, value_high=low + 40,
                poc=low + source.randint(5, 35), flow=source.choice(list(FlowRegime)),
                vwap_bands=tuple(20_020 + 8 * k for k in range(-3, 4)),
            )  # fmt: skip
        )
    return told


def told_to(state, messages):
    answers = []
    for message in messages:
        if message.KIND == "signal.raised":
            state.signal(message)
        else:
            answers.append(state.condition(message))
    return answers


@given(st.integers(0, 10_000), st.integers(0, 480))
def test_a_state_that_read_the_same_goes_on_alike_and_every_recommendation_is_sound(seed, cut):
    messages = story(seed)
    answers = told_to(Setups(RULE), messages)
    again = Setups(RULE)
    assert told_to(again, messages[:cut]) + told_to(again, messages[cut:]) == answers
    standing: dict[str, SetupRecommended] = {}
    for one in (answer for several in answers for answer in several):
        if isinstance(one, SetupEnded):
            del standing[one.id]  # Ends only what stands, and only once.
            continue
        assert one.id not in standing
        standing[one.id] = one
        sign = 1 if one.direction is LONG else -1
        risk, reward = sign * (one.entry - one.stop), sign * (one.target_1 - one.entry)
        assert 0 < risk <= reward <= sign * (one.target_2 - one.entry)
        assert 750_000 <= one.confidence_ppm <= PPM
        assert len(standing) <= 5
    assert list(standing.values()) == again.standing
