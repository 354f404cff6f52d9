"""The heartbeat as it stands in the file (domain 8.4)."""

import json
import math
from dataclasses import fields
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.watch.heartbeat import BadHeartbeat, Heartbeat, heartbeat_of, plain
from tests.actors.core.watch.beats import make_beat
from tests.makers import at

NAMED = {
    "timestamp", "last_tick_time", "tick_count", "bar_count", "signal_count", "feed_connected",
    "reconnect_count", "daily_pnl", "trade_count", "open_positions", "is_halted", "halt_reason",
    "tier_name", "balance", "mode", "symbol", "schema", "pid", "trading_date", "regime",
    "regime_confidence", "fence", "unrealized_pnl", "bars_available", "clock_offset_ms",
}  # fmt: skip
KINDS = {int: st.integers(0, 10**9), bool: st.booleans(), str: st.text(max_size=20)}
BEATS = st.builds(
    make_beat,
    **{
        each.name: KINDS.get(each.type, st.none() | st.integers(0, 10**9))
        for each in fields(Heartbeat)
        if each.name not in ("timestamp_ns", "last_tick_ns", "trading_date")
    },
    timestamp_ns=st.integers(0, 4 * 10**15).map(lambda us: us * 1000),
    last_tick_ns=st.none() | st.integers(0, 4 * 10**15).map(lambda us: us * 1000),
)


def test_every_field_of_domain_8_4_is_in_the_file():
    assert set(plain(make_beat())) >= NAMED


def test_times_are_utc_with_their_offset_and_amounts_are_dollars():
    values = plain(make_beat(timestamp_ns=at("09:30", "2025-07-01") + 1_234_567))
    assert values["timestamp"] == "2025-07-01T13:30:00.001234+00:00"
    assert datetime.fromisoformat(values["timestamp"]).utcoffset() is not None
    assert (values["daily_pnl"], values["unrealized_pnl"]) == (-12.34, 12.5)
    assert plain(make_beat(last_tick_ns=None))["last_tick_time"] is None


@given(BEATS)
def test_a_heartbeat_survives_its_way_through_the_file(beat):
    assert heartbeat_of(json.loads(json.dumps(plain(beat)))) == beat


def test_keys_of_a_newer_floor_are_passed_over():
    assert heartbeat_of(plain(make_beat()) | {"moon": "full"}) == make_beat()


@pytest.mark.parametrize("missing", sorted(plain(make_beat())))
def test_a_heartbeat_without_one_of_its_fields_is_refused_by_name(missing):
    values = plain(make_beat())
    del values[missing]
    # Here nothing is a value: there was no tick yet.
    if missing == "last_tick_time":
        assert heartbeat_of(values).last_tick_ns is None
        return
    with pytest.raises(BadHeartbeat, match=missing):
        heartbeat_of(values)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("schema", 2), ("schema", "1"), ("timestamp", "2025-12-02T12:00:00"), ("timestamp", 5),
        ("timestamp", None), ("last_tick_time", "noon"), ("pid", "7"), ("pid", True),
        ("balance", math.nan), ("balance", math.inf), ("balance", "x"), ("balance", True),
        ("feed_connected", 1), ("tick_count", 1.5), ("trading_date", "today"),
        ("regime_confidence", None), ("is_halted", None),
    ],
)  # fmt: skip
def test_a_field_of_another_kind_is_refused_by_name(name, value):
    with pytest.raises(BadHeartbeat, match=name):
        heartbeat_of(plain(make_beat()) | {name: value})


@pytest.mark.parametrize("broken", [None, [], 5, "x"])
def test_what_has_no_fields_is_refused(broken):
    with pytest.raises(BadHeartbeat, match="wanted the fields"):
        heartbeat_of(broken)
