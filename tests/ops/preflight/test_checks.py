"""GO, WARN and NO-GO by a table: each check at its limit, and none that trusts what is unknown."""

import dataclasses

import pytest

from ops.preflight.checks import CHECKS, Rule, judge, payload, summary, verdict_of
from ops.preflight.evidence import Evidence
from protocol.day import Verdict
from protocol.day_settings import PreflightSettings
from protocol.units import NANOS_PER_S
from protocol.watch_settings import WatchSettings
from tests.actors.core.watch.beats import make_beat, make_readings
from tests.makers import at

NOW = at("09:25")
RULE = Rule(PreflightSettings(), WatchSettings())
S = NANOS_PER_S


def beat(**fields):
    return make_beat(**({"timestamp_ns": NOW - 10 * S, "last_tick_ns": NOW - 11 * S} | fields))


def seen(**fields):
    """Return the evidence of a floor on which all is well; a test names what is not."""
    well = Evidence(
        now_ns=NOW, contract_wanted="ESZ5", utc_offset_s=-5 * 3600, closed=None, tree="",
        beat=beat(), damage="", machine=make_readings(), server_offset_ms=3, server_trouble="",
        broker="", fence="open", differs=(), contract="ESZ5", limits=(), notified="",
        credentials=(("AWS_ACCESS_KEY_ID", True),), store="", state="", killed=None,
        upcoming=("preflight Tue 09:25",),
    )  # fmt: skip
    return dataclasses.replace(well, **fields)


def verdict(code, rule=RULE, **fields):
    (found,) = [one for one in judge(seen(**fields), rule) if one.code == code]
    assert bool(found.remedy) == (found.verdict is not Verdict.GO)
    assert found.found and found.wanted
    return str(found.verdict)


def test_a_floor_on_which_all_is_well_is_a_go():
    findings = judge(seen(), RULE)
    assert [one.code for one in findings if one.verdict is not Verdict.GO] == []
    assert [one.code for one in findings] == list(CHECKS)
    assert (verdict_of(findings), summary(findings)) == (Verdict.GO, "GO")



@pytest.mark.parametrize(
    ("code", "fields", "wanted"),
    [
        ("tree", {"tree": None}, "no_go"),
        ("tree", {"tree": "risk is red"}, "no_go"),
        ("heartbeat", {"beat": None, "damage": "missing"}, "no_go"),
        ("heartbeat", {"beat": beat(timestamp_ns=NOW - 300 * S)}, "go"),
        ("heartbeat", {"beat": beat(timestamp_ns=NOW - 301 * S)}, "no_go"),
        ("heartbeat", {"beat": beat(timestamp_ns=NOW + 301 * S)}, "no_go"),
        ("heartbeat", {"beat": beat(stopped=True)}, "no_go"),
        ("disk", {"machine": make_readings(disk_free_bytes=500_000_000)}, "go"),
        ("disk", {"machine": make_readings(disk_free_bytes=499_999_999)}, "no_go"),
        ("disk", {"machine": make_readings(disk_free_bytes=None)}, "no_go"),
        ("memory", {"machine": make_readings(memory_ppm=850_000)}, "go"),
        ("memory", {"machine": make_readings(memory_ppm=850_001)}, "warn"),
        ("memory", {"machine": make_readings(memory_ppm=None)}, "warn"),
        ("broker", {"broker": "did not answer"}, "no_go"),
        ("broker", {"fence": "kill, link"}, "no_go"),
        ("broker", {"fence": "silent_feed"}, "go"),
        ("broker", {"fence": None}, "no_go"),
        ("account", {"beat": None}, "no_go"),
        ("account", {"beat": beat(balance_cents=1)}, "go"),
        ("account", {"beat": beat(balance_cents=0)}, "no_go"),
        ("books", {"differs": ("ESZ5",)}, "no_go"),
        ("books", {"fence": "mismatch"}, "no_go"),
        ("books", {"fence": "foreign"}, "no_go"),
        ("books", {"fence": None}, "no_go"),
        ("contract", {"contract": "ESU5"}, "no_go"),
        ("contract", {"contract": None}, "warn"),
        ("contract", {"contract": "ESU5", "beat": beat(market="tape")}, "go"),
        ("clock", {"server_offset_ms": 1_999}, "go"),
        ("clock", {"server_offset_ms": 2_000}, "no_go"),
        ("clock", {"server_offset_ms": -2_000}, "no_go"),
        ("clock", {"server_offset_ms": None, "server_trouble": "no answer"}, "warn"),
        ("limits", {"limits": ("daily loss 0",)}, "no_go"),
        ("exchange", {"closed": "closed on 2025-12-25"}, "no_go"),
        ("kill_file", {"killed": "no reason given"}, "no_go"),
        ("store", {"store": "disk full"}, "no_go"),
        ("state", {"state": "disk full"}, "no_go"),
        ("credentials", {"credentials": (("A", True), ("B", False))}, "no_go"),
        ("credentials", {"credentials": ()}, "go"),
        ("time_zone", {"utc_offset_s": -4 * 3600}, "go"),
        ("time_zone", {"utc_offset_s": -5 * 3600}, "go"),
        ("time_zone", {"utc_offset_s": 0}, "no_go"),
        ("time_zone", {"utc_offset_s": -4 * 3600 - 1800}, "no_go"),
        ("fence", {"fence": "kill"}, "warn"),
        ("bars", {"beat": beat(bars_available=28)}, "go"),
        ("bars", {"beat": beat(bars_available=27)}, "warn"),
        ("bars", {"beat": None}, "warn"),
        ("feed", {"beat": beat(feed_connected=False)}, "warn"),
        ("feed", {"beat": beat(last_tick_ns=NOW - 70 * S)}, "go"),
        ("feed", {"beat": beat(last_tick_ns=NOW - 71 * S)}, "warn"),
        ("feed", {"beat": beat(last_tick_ns=None)}, "warn"),
        ("feed", {"beat": beat(market="tape", last_tick_ns=None)}, "go"),
        ("notify", {"notified": "401"}, "warn"),
        ("notify", {"notified": None}, "go"),
        ("schedule", {"upcoming": ()}, "warn"),
    ],
)
def test_each_check_at_its_limit(code, fields, wanted):
    assert verdict(code, **fields) == wanted


@pytest.mark.parametrize(("kernel_ms", "wanted"), [(None, "warn"), (5, "go"), (2_000, "no_go")])
def test_without_a_time_server_the_kernel_is_believed_as_far_as_it_knows(kernel_ms, wanted):
    machine = make_readings(clock_offset_ms=kernel_ms)
    assert verdict("clock", server_offset_ms=None, machine=machine) == wanted


def test_the_worst_check_is_the_verdict_and_the_line_names_what_is_not_well():
    warned = judge(seen(beat=beat(bars_available=3)), RULE)
    assert verdict_of(warned) is Verdict.WARN
    assert summary(warned) == "WARN; bars: 3 bars"
    stopped = judge(seen(beat=beat(bars_available=3), killed="fire"), RULE)
    assert verdict_of(stopped) is Verdict.NO_GO
    assert summary(stopped).startswith("NO-GO; kill_file: there: fire; bars")


def test_a_floor_of_which_nothing_is_known_is_never_a_go():
    blind = seen(
        tree=None, beat=None, damage="none", machine=make_readings(
            disk_free_bytes=None, memory_ppm=None, clock_offset_ms=None),
        server_offset_ms=None, broker="silent", fence=None, contract=None,
    )  # fmt: skip
    found = {one.code: str(one.verdict) for one in judge(blind, RULE)}
    well = {code for code, verdict in found.items() if verdict == "go"}
    assert well == {"limits", "exchange", "kill_file", "store", "state", "credentials",
                    "time_zone", "notify", "schedule"}  # fmt: skip
    assert verdict_of(()) is Verdict.NO_GO


def test_what_a_person_wants_to_see_comes_from_the_heartbeat():
    assert payload(None) == {}
    assert payload(beat()) == {
        "mode": "paper", "symbol": "ES", "tier": "", "balance": 2_500.0, "ticks": 9, "bars": 3,
        "signals": 2, "regime": "ranging",
    }  # fmt: skip
