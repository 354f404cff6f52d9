"""One authority and one service a module; each test begins with nothing asked and no fault."""

import pytest

from protocol.history_settings import HistorySettings
from tests.venues.databento.authority import make_authority
from tests.venues.databento.historical import KEY, historical_server
from tests.venues.databento.shelves import stocked


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def running(authority):
    with historical_server(authority) as server:
        yield server


@pytest.fixture
def server(running):
    return stocked(running)


@pytest.fixture
def settings(server, authority, tmp_path):
    return HistorySettings(
        gateway=server.address, ca_file=str(authority.ca), directory=str(tmp_path / "history"),
        timeout_s=5,
    )  # fmt: skip


@pytest.fixture
def key():
    return KEY
