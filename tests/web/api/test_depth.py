"""The ladder for programs."""

from pathlib import Path

import pytest

from tests.web.books import twenty
from tests.web.rooms import asked, make_run
from web.depth import depth_now
from web.replica import Replica


@pytest.fixture
def replica() -> Replica:
    made = Replica()
    made.fold(twenty())
    return made


@pytest.mark.parametrize("query", ["", "?contract=ESZ5"])
def test_the_ladder_is_told_with_and_without_naming_it(
    tmp_path: Path, replica: Replica, query: str
) -> None:
    told = asked(make_run(tmp_path), f"/api/depth{query}", replica=replica)
    assert told == depth_now(replica)


def test_where_there_is_none_it_is_said_and_of_which_there_is_one(
    tmp_path: Path, replica: Replica
) -> None:
    run_dir = make_run(tmp_path)
    assert "no depth here" in asked(run_dir, "/api/depth", 404)["detail"]
    refused = asked(run_dir, "/api/depth?contract=ESH6", 404, replica=replica)
    assert refused["detail"] == "no depth of ESH6, the feed tells that of ESZ5"


@pytest.mark.parametrize("contract", ["", "ES%20Z5", "x" * 33, "<b>"])
def test_what_is_no_contract_is_refused(tmp_path: Path, contract: str) -> None:
    refused = asked(make_run(tmp_path), f"/api/depth?contract={contract}", 400)
    assert refused["detail"].startswith("contract: found ")
