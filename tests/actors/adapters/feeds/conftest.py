"""A gateway on loopback, and feeds that are connected with it."""

from collections.abc import Callable, Iterator

import pytest

from tests.actors.adapters.feeds.live_floor import Floor
from tests.venues.databento.gateway import Gateway, gateway
from tests.venues.databento.records import Market, made
from tests.venues.databento.shared import SharedConnection, shared


@pytest.fixture(scope="module")
def connection() -> Iterator[SharedConnection]:
    with shared() as one:
        yield one


@pytest.fixture
def venue() -> Iterator[Gateway]:
    with gateway(Market(made(400))) as one:
        yield one


@pytest.fixture
def floor_of(tmp_path, connection, venue) -> Iterator[Callable[..., Floor]]:
    made_floors: list[Floor] = []

    def one(**chosen) -> Floor:
        floor = Floor(tmp_path, connection, venue.port, **chosen)
        made_floors.append(floor)
        return floor

    yield one
    for floor in made_floors:
        floor.feed.close()
