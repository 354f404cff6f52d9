"""Where stores are kept in tests: in files, and on a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.actors.adapters.stores import StorePlace
from tests.venues.postgres import Line, PostgresServer, line_to, postgres_server

__all__ = ["postgres_server"]


def run_directory(tmp_path: Path) -> Path:
    directory = tmp_path / "run" / "data"
    directory.mkdir(parents=True)
    return directory


@pytest.fixture
def files(tmp_path: Path) -> Iterator[StorePlace]:
    """Return a run that keeps its stores in files."""
    place = StorePlace("", run_directory(tmp_path))
    yield place
    place.close()


@pytest.fixture
def server(tmp_path: Path, postgres_server: PostgresServer) -> Iterator[StorePlace]:
    """Return a run that keeps its stores on a server."""
    place = StorePlace(postgres_server.url(), run_directory(tmp_path))
    yield place
    place.close()


@pytest.fixture(params=["files", "server"])
def place(request: pytest.FixtureRequest) -> StorePlace:
    """Return a run of either kind: what is promised holds for both."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def line(postgres_server: PostgresServer) -> Iterator[Line]:
    """Return a line to the server that a test can cut, silence or deafen."""
    with line_to(postgres_server) as line:
        yield line


@pytest.fixture
def far(server: StorePlace, postgres_server: PostgresServer, line: Line) -> Iterator[StorePlace]:
    """Return the same run, reached by a line that a test can cut."""
    far = StorePlace(postgres_server.url(line.port), server.directory)
    yield far
    far.close()
