"""The shell of a live feed: its window, its settled cuts, and the positions it heeds."""

from collections.abc import Iterator

import pytest

from actors.adapters.feeds.databento import KEY_VARIABLE, Connection
from actors.adapters.feeds.databento_wire import Frame, Plan
from actors.adapters.history.spent import PURCHASES
from actors.adapters.ledger import Ledger
from actors.live_feed import LiveFeedShell
from protocol.codec import decode
from protocol.market import FeedLost, Settled
from protocol.settings import Settings
from tests.makers import make_closed, make_opened


class Nobody(Connection):
    """A gateway that never answers."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []
        self.stopped = False

    def open(self, plan: Plan) -> None:
        self.plans.append(plan)

    def close(self) -> None:
        pass

    def read(self) -> Iterator[Frame]:
        return iter(())

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture
def shell(tmp_path, monkeypatch) -> LiveFeedShell:
    (tmp_path / "data").mkdir()
    one = LiveFeedShell(Nobody())
    monkeypatch.setenv(KEY_VARIABLE, "db-key")
    one.configure(Settings(), str(tmp_path / "data"))
    return one


def test_it_opens_a_session_when_it_is_first_told_the_time_and_its_window_is_its_log(shell):
    shell.at(10)
    (plan,) = shell.feed._connection.plans
    assert (plan.key, plan.dataset, plan.subscriptions[0].symbol) == (
        "db-key", "GLBX.MDP3", "ES.FUT",
    )  # fmt: skip
    assert (shell.window().first, shell.window().last) == (1, 0)
    shell.at(10 + 15_000_000_000)
    assert isinstance(decode(shell.window().get(1)), FeedLost)
    assert shell.inspect()["why"] == "the gateway has fallen silent"


def test_an_old_settlement_changes_nothing(shell):
    for number in (5, 3):
        assert shell.on_settled(Settled(number=number)) == ()
    assert shell.inspect()["settled"] == 5


def test_what_was_spent_on_history_is_shown(shell, tmp_path):
    assert shell.inspect()["spent_cents"] == 0
    shell.bought = tmp_path
    for cents in (30, 12):
        Ledger(tmp_path / PURCHASES).add({"name": f"{cents}", "cost_cents": cents})
    assert shell.inspect()["spent_cents"] == 42


def test_a_position_is_heeded_as_long_as_it_is_open_and_a_repeat_changes_nothing(shell):
    opened = make_opened()
    for _ in range(2):
        shell.on_position_opened(opened)
    assert shell.feed.held == {opened.bracket_id: opened.contract}
    closed = make_closed(bracket_id=opened.bracket_id)
    for _ in range(2):
        shell.on_position_closed(closed)
    assert shell.feed.held == {}


def test_it_looks_often_enough_for_a_batch_to_leave_in_time(shell):
    assert shell.tick_s() <= Settings().feed.batch_ms / 1000


def test_closing_ends_the_connection(shell):
    connection = shell.feed._connection
    shell.close()
    assert connection.stopped
