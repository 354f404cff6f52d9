"""`start.py run --feed databento` and all that keeps it from the market: one sentence each."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actors.adapters.feeds.databento import KEY_VARIABLE
from actors.adapters.segments import recorded_frames
from actors.core.columns import trades_of
from protocol.codec import decode
from protocol.market import FeedLost, FeedRestored, TradeBatch
from protocol.message import Message
from supervision.inspection import NoAnswer, ask
from tests.makers import at
from tests.system.running import ROOT, until
from tests.venues.databento.depth import book_in, made_ten
from tests.venues.databento.gateway import KEY, Gateway, gateway
from tests.venues.databento.records import Market, columns, made, wanted

PYTHON = "import sys; from ops.commands import main; sys.exit(main(sys.argv[1:]))"
# The command, at an instant of the test's choice: whether the market is open depends on it.
AT = (
    "import sys; from ops import market; from ops.options import console, settings_of;"
    " sys.exit(market.run_market(settings_of(None), console, int(sys.argv[1])))"
)
REFUSED = 64
OPEN, WEEKEND = at("10:00", "2023-12-26"), at("12:00", "2025-12-06")

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(120)]


def environment(base: Path, port: int, key: str = KEY, **values: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FLOORWATCH", "DATABENTO"))}
    own = {
        "RUN__DIRECTORY": str(base), "WEB__PORT": "0", "FEED__SOURCE": "databento",
        "DATABENTO__GATEWAY": "127.0.0.1", "DATABENTO__PORT": str(port),
        "DATABENTO__STALL_S": "15", "DATABENTO__BACKOFF_MS": "50",
        "DATABENTO__BACKOFF_MAX_S": "1", "DATABENTO__LAG_MAX_S": "0", **values,
    }  # fmt: skip
    ours = {f"FLOORWATCH_{name}": value for name, value in own.items()}
    return kept | {KEY_VARIABLE: key} | ours


@pytest.fixture
def market() -> Iterator[Gateway]:
    with gateway(Market(made(20))) as one:
        yield one


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"key": ""},
         "Databento: there is no key: set databento.key_file, or DATABENTO_API_KEY."),
        ({"key": "db-wrong"}, "the gateway refuses the key or the data set"),
        ({"DATABENTO__GATEWAY": "", "DATABENTO__DATASET": "GLBX.NONE"},
         "Databento: there is no such data set: GLBX.NONE."),
        ({"FEED__SYMBOL": "ESU9"}, "the gateway does not know the symbol"),
    ],
    ids=["no-key", "wrong-key", "unknown-dataset", "unknown-symbol"],
)  # fmt: skip
def test_what_would_never_come_right_is_one_sentence_and_starts_nothing(
    market, tmp_path, values, words
):
    done = subprocess.run(
        [sys.executable, "-c", PYTHON, "run", "--feed", "databento"], cwd=ROOT,
        env=environment(tmp_path, market.port, **values), capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert (done.returncode, len(said.splitlines())) == (REFUSED, 1), said
    assert words in said
    assert "db-wrong" not in said
    assert not (tmp_path / "floor" / "run.json").exists()
    assert len(market.lines) <= 1  # It was tried once at most.


def test_a_closed_market_is_a_sentence_and_an_orderly_end(market, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", AT, str(WEEKEND)], cwd=ROOT,
        env=environment(tmp_path, market.port), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    first, second = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert first.startswith("Databento GLBX.MDP3 sends trades of ES")
    assert second == "it is the weekend; it opens next on Sun 2025-12-07 18:00:00 New York"


@contextmanager
def started(base: Path, port: int, **values: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Start the floor while the market is open; yield it and what it says, and end it."""
    said = base / "said"
    with said.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", AT, str(OPEN)], cwd=ROOT, stdout=output, stderr=output,
            text=True, env=environment(base, port, **values),
        )  # fmt: skip
    try:
        yield process, said
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert process.returncode == 0, said.read_text()
    assert "Traceback" not in said.read_text()


@pytest.fixture
def base() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fw-") as directory:  # A short path, for sockets.
        yield Path(directory)


def state(base: Path) -> dict:
    try:
        return dict(ask(base / "floor", "feed", 0.5)["state"])
    except NoAnswer:
        return {}


def says(process: subprocess.Popen[str], said: Path, words: str) -> None:
    def there() -> bool:
        assert process.poll() is None, said.read_text()
        return words in said.read_text()

    until(there, words, 60)


def test_without_a_network_the_floor_waits_and_goes_live_when_it_is_there(market, base):
    market.down()
    with started(base, market.port) as (process, said):
        says(process, said, "the gateway cannot be reached")
        says(process, said, "floor is green")
        assert state(base).get("link") != "live"
        market.up()
        says(process, said, "the feed is live")
        market.release()
        says(process, said, "the feed is live: ESH4")
    assert [line["code"] for line in alarms(base)] == []


def test_a_first_start_takes_in_the_trades_of_the_day_and_trades_only_behind_them(market, base):
    market.release(12)  # Before anybody is there.
    with started(base, market.port) as (process, said):
        says(process, said, "the feed is live: ESH4")
        market.release()
        all_rows = [row[:3] for row in wanted(market.market.sent)]

        def recorded() -> list[Message]:
            return [decode(frame) for frame in recorded_frames(base / "floor" / "data")]

        def rows(messages: list[Message]) -> list[tuple[int, ...]]:
            batches = [trades_of(m) for m in messages if isinstance(m, TradeBatch)]
            return [row[:3] for trades in batches for row in columns(trades)]

        until(lambda: rows(recorded()) == all_rows, "every trade on file", 30)
        told = [m for m in recorded() if isinstance(m, FeedLost | FeedRestored | TradeBatch)]
    first = next(n for n, m in enumerate(told) if isinstance(m, TradeBatch))
    back = max(n for n, m in enumerate(told) if isinstance(m, FeedRestored))
    assert isinstance(told[first - 1], FeedLost)
    assert sum(len(m) for m in told[first:back] if isinstance(m, TradeBatch)) == 12


def test_a_key_that_is_withdrawn_while_it_runs_is_said_once_and_ends_the_attempts(market, base):
    with started(base, market.port) as (process, said):
        says(process, said, "the feed is live")
        market.habits.answers = "Authentication failed."
        market.hang_up("fin")
        says(process, said, "the feed stays away, mend it and start again")
        tried = len(market.lines)
        market.habits.answers = ""  # It would be let in now, if it tried.
        until(lambda: state(base).get("link") == "refused", "an answer")
        assert len(market.lines) == tried
    assert said.read_text().count("the feed stays away") == 1
    assert [line["code"] for line in alarms(base)] == []


def ladder(base: Path) -> dict:
    """The ladder for programs, {} while there is none."""
    url = json.loads((base / "floor" / "web.json").read_text())["url"]
    try:
        with urllib.request.urlopen(f"{url}/api/depth", timeout=5) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as refused:
        assert refused.code == 404
        return {}


def levels(told: dict) -> tuple[list, ...]:
    return tuple([(row["ticks"], row["size"], row["orders"]) for row in told.get(side, ())]
                 for side in ("bids", "asks"))  # fmt: skip


def test_the_page_shows_the_book_of_a_live_feed_none_while_it_is_lost_and_then_again(base):
    sent = made_ten(20)
    with gateway(Market(sent, schema="mbp-10")) as market:
        with started(base, market.port, DATABENTO__SCHEMA="mbp-10") as (process, said):
            says(process, said, "the feed is live")
            assert ladder(base) == {}
            market.release(20)
            until(lambda: levels(ladder(base)) == book_in(sent[:20]), "the book", 30)
            assert (ladder(base)["contract"], ladder(base)["stale"]) == ("ESH4", None)
            market.down()
            market.release(10)
            until(lambda: levels(ladder(base)) == ([], []), "no book", 30)
            assert ladder(base)["stale"].startswith("the connection broke")
            market.up()
            until(lambda: levels(ladder(base)) == book_in(sent[:30]), "the book again", 30)
            market.release()
            until(lambda: levels(ladder(base)) == book_in(sent), "the book as it is now", 30)
            until(lambda: ladder(base)["stale"] is None, "a book to be trusted", 30)


def alarms(base: Path) -> list[dict]:
    path = base / "floor" / "alarms.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

