"""Where settings come from, and what is said about bad ones."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ops.config import BadSettings, read_settings, settings_json
from protocol.settings import Settings, settings_from

ROOT = Path(__file__).resolve().parents[2]
Read = Callable[..., Settings]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a file with the given text, `.env` and environment, and nothing of this machine's."""

    def read_text(
        text: str = "",
        environment: Mapping[str, str] | None = None,
        dotenv: str = "",
        overrides: dict[str, dict[str, Any]] | None = None,
    ) -> Settings:
        (tmp_path / "floor.toml").write_text(text)
        (tmp_path / ".env").write_text(dotenv)
        return read_settings(
            tmp_path / "floor.toml", overrides, environment or {}, tmp_path / ".env"
        )

    return read_text


def complaints_of(read: Read, *given: Any, **named: Any) -> list[str]:
    """Return what is said about settings that must be refused."""
    with pytest.raises(BadSettings) as refusal:
        read(*given, **named)
    return list(refusal.value.complaints)


def test_without_any_source_the_defaults_hold(read: Read) -> None:
    assert read() == Settings()


def test_each_source_wins_over_the_one_before(read: Read) -> None:
    text = "[web]\nport = 1001\n[regime]\nbars_min = 1\n[feed]\nseed = 1\nbatch_ms = 1"
    dotenv = "FLOORWATCH_REGIME__BARS_MIN=2\nFLOORWATCH_FEED__SEED=2\nFLOORWATCH_FEED__BATCH_MS=2"
    environment = {"FLOORWATCH_FEED__SEED": "3", "FLOORWATCH_FEED__BATCH_MS": "3"}
    settings = read(text, environment, dotenv, {"feed": {"batch_ms": 4}})
    feed = settings.feed
    found = (settings.web.port, settings.regime.bars_min, feed.seed, feed.batch_ms)
    assert found == (1001, 2, 3, 4)


def test_a_list_in_the_environment_is_split_at_commas(read: Read) -> None:
    pairs = "stacked_buy:volatile, stacked_buy:ranging"
    settings = read(environment={"FLOORWATCH_ROUTER__ENABLED": pairs})
    assert settings.router.enabled == ("stacked_buy:volatile", "stacked_buy:ranging")
    assert read(environment={"FLOORWATCH_ROUTER__ENABLED": ""}).router.enabled == ()


def test_an_actor_rebuilds_the_same_settings_from_json(read: Read) -> None:
    settings = read("[router]\ndisabled_patterns = ['stacked_buy']\n[regime]\nnormalize = false")
    assert settings_from(json.loads(settings_json(settings))) == settings


def test_everything_wrong_is_said_at_once(read: Read) -> None:
    text = (
        "[regime]\nbars_min = 0\n[imbalance]\nzero_policy = 'two'\n[wev]\nport = 1\n"
        "[risk]\nfirst_entry = '9:35'\n[feed]\nsymbol = 'XX'\nspede = 1"
    )
    said = complaints_of(read, text, environment={"FLOORWATCH_WEB__PORT": "70000"})
    assert len(said) == 7
    assert sorted(line.split(" ")[0].rstrip(":") for line in said) == [
        "feed.spede",
        "feed.symbol",
        "imbalance.zero_policy",
        "regime.bars_min",
        "risk.first_entry",
        "web.port",
        "wev.port",
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[regime]\nbars_min = 0", ["regime.bars_min", "floor.toml", "found 0", "greater than 0"]),
        ("[regime]\nbars_min = 'x'", ["found 'x'", "valid integer"]),
        ("[imbalance]\nstack_min = 1", ["found 1", "greater than or equal to 2"]),
        ("[risk]\nlow_quality_entries = 'ask'", ["found 'ask'", "'deny' or 'allow'"]),
        ("[risk]\ndaily_loss_dollars = inf", ["found inf", "finite"]),
        ("[risk]\nlast_entry = '09:30'", ["first_entry 09:35, last_entry 09:30", "in this order"]),
        ("[risk]\nflatten = '24:00'", ["found '24:00'", "like '09:35'"]),
        ("[router]\nenabled = ['stacked_buy']", ["found 'stacked_buy'", "pattern:regime"]),
        ("[router]\nenabled = ['stacked_buy:calm']", ["found 'stacked_buy:calm'", "ranging"]),
        ("[router]\ndisabled_patterns = ['x']", ["found 'x'", "stacked_sell"]),
        ("[feed]\nsymbol = 'QQ'", ["'QQ' is no contract", "MNQ"]),
        ("[feed]\nbatchms = 5", ["feed.batchms", "nearest known is feed.batch_ms"]),
        ("[flow]\nenabled = true\n[feed]\nsymbol = 'CL'", ["no stop is known for 'CL'", "GC"]),
        ("[flow]\nenabled = true\nliquidity = true", ["no round numbers", "'ES'", "NQ"]),
        ("[flow]\nenabled = true\nwindow_s = 3601", ["flow: ", "3601000000000 ns", "an hour"]),
        ("[flow]\nhold_min_s = -1", ["flow.hold_min_s", "found -1"]),
        ("port = 5", ["port", "wanted section and key"]),
        ("[feed", ["floor.toml", "TOML"]),
    ],
)
def test_a_complaint_names_the_key_what_was_found_and_what_is_allowed(
    read: Read, text: str, wanted: list[str]
) -> None:
    (said,) = complaints_of(read, text)
    assert [part for part in wanted if part not in said] == []


@pytest.mark.parametrize("symbol", ["ES", "MNQ", "ESH4", "6EZ25"])
def test_a_symbol_is_a_root_or_a_contract(read: Read, symbol: str) -> None:
    assert read(f"[feed]\nsymbol = '{symbol}'").feed.symbol == symbol


@pytest.mark.parametrize(
    "text",
    ["[flow]\nenabled = true", "[flow]\nliquidity = true", "[feed]\nsymbol = 'MES'",
     "[flow]\nenabled = true\nliquidity = true\n[feed]\nsymbol = 'GCZ5'"],
)  # fmt: skip
def test_the_metrics_are_checked_against_the_symbol_only_where_they_are_on(
    read: Read, text: str
) -> None:
    read(text)


PER_SYMBOL = """
[exhaustion]
decline_min = 0.2
[symbol.ES.exhaustion]
decline_min = 0.4
[symbol.NQ.exhaustion]
decline_min = 0.5
"""


@pytest.mark.parametrize(("symbol", "decline"), [("ES", 0.4), ("NQZ5", 0.5), ("GC", 0.2)])
def test_what_is_said_for_the_symbol_traded_wins_over_what_holds_for_all(
    read: Read, symbol: str, decline: float
) -> None:
    settings = read(PER_SYMBOL, overrides={"feed": {"symbol": symbol}})
    assert settings.exhaustion.decline_min == decline


def test_the_environment_wins_over_what_is_said_for_a_symbol(read: Read) -> None:
    settings = read(PER_SYMBOL, {"FLOORWATCH_EXHAUSTION__DECLINE_MIN": "0.6"})
    assert settings.exhaustion.decline_min == 0.6


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("symbol = 5", ["found 5", "[symbol.ES.exhaustion]"]),
        ("[symbol.QQ.exhaustion]\ndecline_min = 0.4", ["symbol.QQ", "no such symbol", "MNQ"]),
        ("[symbol.NQ.exhaustion]\ndecline = 0.4", ["exhaustion.decline", "symbol.NQ"]),
        ("[symbol.NQ.feed]\nseed = 1", ["symbol.NQ.feed", "alike for all symbols"]),
        ("[bars]\nseries = []", ["found ()", "at least one"]),
        ("[bars]\nseries = ['time:300', 'time:300']", ["each once"]),
        ("[bars]\nseries = ['renko:4']", ["'renko:4'", "kind:size"]),
        ("[exhaustion]\nlevels_max = 2", ["found 2", "at least levels_min, 3"]),
        ("[tape_absorption]\nwindows_min = 20", ["found 19", "at least windows_min, 20"]),
    ],
)
def test_what_does_not_fit_together_is_refused(read: Read, text: str, wanted: list[str]) -> None:
    (said,) = complaints_of(read, text)
    assert [part for part in wanted if part not in said] == []


def test_an_underscore_too_few_in_the_environment_is_seen(read: Read) -> None:
    (said,) = complaints_of(read, environment={"FLOORWATCH_WEB_PORT": "1"})
    assert "FLOORWATCH_WEB_PORT" in said
    assert "web.port" in said


def test_names_that_are_no_settings_are_left_alone(read: Read) -> None:
    assert read(environment={"FLOORWATCH_DATA": "x", "HOME": "y"}) == Settings()


def test_a_secret_is_never_repeated(read: Read) -> None:
    for line in ("url = 'hunter2'", "url = ['hunter2']", "urls = 'hunter2'"):
        assert "hunter2" not in str(complaints_of(read, f"[store]\n{line}"))


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="none.toml: No such file"):
        read_settings(tmp_path / "none.toml", {}, {}, tmp_path / ".env")


def test_the_example_of_the_environment_holds_only_valid_settings(read: Read) -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = [line.removeprefix("#") for line in lines if "FLOORWATCH_" in line and "=" in line]
    assert len(named) > 5
    assert read(dotenv="\n".join(named)) != Settings()


def test_a_gateway_must_be_given_longer_than_its_own_silence(read: Read):
    said = complaints_of(read, "[databento]\nheartbeat_s = 4\nstall_s = 4")
    assert said == [
        "databento.heartbeat_s: 4, wanted at least 5",
        "databento.stall_s: 4, wanted above the 4 of heartbeat_s",
    ]
    assert read("[databento]\nheartbeat_s = 5\nstall_s = 6").databento.stall_s == 6
