"""What a try before the start says: one clear sentence, and whether it is any use to go on."""

import dataclasses
from collections.abc import Iterator

import pytest

from actors.adapters.feeds.databento import KEY_VARIABLE
from actors.adapters.feeds.databento_probe import probe
from protocol.settings import Settings
from tests.venues.databento.gateway import KEY, Gateway, gateway
from tests.venues.databento.records import START_NS, Market

SUNDAY_NS = START_NS - 2 * 86_400 * 1_000_000_000  # 23 December 2023, a Saturday.


@pytest.fixture(scope="module")
def venue() -> Iterator[Gateway]:
    with gateway(Market([])) as one:
        yield one


@pytest.fixture(autouse=True)
def the_key_of_the_gateway(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, KEY)


def settings_for(port: int, symbol: str = "ES", **chosen) -> Settings:
    settings = Settings()
    values = {"gateway": "127.0.0.1", "port": port, "stall_s": 10} | chosen
    return dataclasses.replace(
        settings,
        databento=dataclasses.replace(settings.databento, **values),
        feed=dataclasses.replace(settings.feed, symbol=symbol),
    )


def test_a_gateway_that_answers_works(venue):
    found = probe(settings_for(venue.port), START_NS)
    assert (found.works, found.lasting) == (True, False)
    assert found.words == "Databento GLBX.MDP3 sends trades of ES.FUT."


def test_a_closed_market_is_said_and_works(venue):
    found = probe(settings_for(venue.port), SUNDAY_NS)
    assert found.works and found.words.endswith(
        "; the market is closed, the floor waits for its open."
    )


def test_without_a_key_nothing_is_tried(monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE)
    found = probe(settings_for(1), START_NS)
    assert (found.works, found.lasting) == (False, True)
    assert found.words == (
        "Databento: there is no key: set databento.key_file, or DATABENTO_API_KEY."
    )


@pytest.mark.parametrize(("chosen", "words"), [
    ({"symbol": "ESZ9"},
     "Databento: the gateway does not know the symbol: Failed to resolve symbol: ESZ9."),
    ({"gateway": "", "dataset": "GLBX.MDP9"},
     "Databento: there is no such data set: GLBX.MDP9."),
])  # fmt: skip
def test_what_lasts_is_one_sentence_and_no_reason_to_start(venue, chosen, words):
    found = probe(settings_for(venue.port, **chosen), START_NS)
    assert (found.works, found.lasting, found.words) == (False, True, words)


def test_a_wrong_key_is_one_sentence_and_does_not_tell_it(venue, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "db-wrong")
    found = probe(settings_for(venue.port), START_NS)
    assert (found.works, found.lasting) == (False, True)
    assert found.words == (
        "Databento: the gateway refuses the key or the data set: Authentication failed."
    )


def test_no_network_is_one_sentence_and_the_floor_may_start(venue):
    venue.down()
    found = probe(settings_for(venue.port), START_NS)
    venue.up()
    assert (found.works, found.lasting) == (False, False)
    assert found.words.startswith("Databento: the gateway cannot be reached: 127.0.0.1:")
    assert found.words.endswith("; the floor tries again and again.")
    assert "\n" not in found.words


def test_a_gateway_that_never_answers_is_given_up(venue):
    venue.habits.greets = False
    found = probe(settings_for(venue.port, stall_s=1), START_NS)
    venue.habits.greets = True
    assert "has fallen silent" in found.words and not found.lasting
