"""What a run left behind, read beside whoever still writes it."""

import dataclasses
import json
import os
from datetime import date

import pytest

from actors.adapters.books import MemoryBooks
from actors.adapters.fault import StoreFault
from actors.adapters.frames import FrameLog
from actors.adapters.store import SqlBooks, database_for
from actors.core.columns import batch_of
from actors.core.orders.excursions import Extremes
from ops.recap.sources import (
    Away,
    alarms_of,
    away_of,
    books_of_run,
    downtime_s,
    extremes_of,
    heartbeat_of,
    is_replay,
    mode_of,
    run_of,
)
from ops.recap.told import told_of
from protocol.codec import encode
from protocol.market import Cut, CutReason
from protocol.settings import RunSettings, Settings, StoreSettings
from supervision.report import Reporter
from tests.makers import CONTRACT, at, make_bar, make_closed, make_trades
from tests.ops.recap.days import keep, streams
from tests.venues.postgres import PostgresServer, postgres_server

__all__ = ["postgres_server"]  # A fixture.
TUESDAY = date(2025, 12, 2)


@pytest.fixture
def run_dir(tmp_path):
    (tmp_path / "floor" / "data").mkdir(parents=True)
    return tmp_path / "floor"


def writer(run_dir, url=""):
    return SqlBooks(database_for(url, str(run_dir / "data"), "books"))


def trips_in(run_dir, settings=None):
    with books_of_run(run_dir, settings or Settings()) as books:
        return [trip.pnl_cents for trip in told_of(books, TUESDAY, "time:300").of_date()]


def test_the_books_are_read_beside_their_writer_who_goes_on_writing(run_dir):
    books = writer(run_dir)
    keep(books, streams())
    with books_of_run(run_dir, Settings()) as found:
        books.add("desk", 9, make_closed(bracket_id="b", pnl_cents=-1))
        books.commit()  # Nobody stands in the way.
        assert len(told_of(found, TUESDAY, "time:300").of_date()) == 1
    assert trips_in(run_dir) == [29_550, -1]
    books.close()
    assert trips_in(run_dir) == [29_550, -1]


def test_reading_leaves_the_books_as_they_are(run_dir):
    books = writer(run_dir)
    keep(books, streams())
    books.close()
    path = run_dir / "data" / "books.sqlite"
    before = path.read_bytes()
    trips_in(run_dir)
    assert path.read_bytes() == before


def test_what_is_no_store_is_a_fault_that_names_the_file(run_dir):
    (run_dir / "data" / "books.sqlite").write_bytes(b"no store at all" * 100)
    with pytest.raises(StoreFault, match="books.sqlite"):
        trips_in(run_dir)


def test_a_run_without_books_and_no_run_at_all_have_empty_ones(run_dir):
    for place in (run_dir, None):
        with books_of_run(place, Settings()) as books:
            assert isinstance(books, MemoryBooks)
            assert list(books.entries("bars")) == []


def test_on_a_server_the_books_are_read_beside_their_writer(
    run_dir, postgres_server: PostgresServer
):
    url = postgres_server.url()
    books = writer(run_dir, url)
    keep(books, streams())
    settings = dataclasses.replace(Settings(), store=StoreSettings(url=url))
    assert trips_in(run_dir, settings) == [29_550]
    books.add("desk", 9, make_closed(bracket_id="b", pnl_cents=-1))
    books.commit()
    assert trips_in(run_dir, settings) == [29_550, -1]
    with books_of_run(run_dir, settings) as found:
        found.add("desk", 10, make_closed())
        with pytest.raises(StoreFault, match="only reads"):
            found.commit()
    books.close()


def test_alarms_are_read_up_to_a_line_that_is_still_being_written(run_dir):
    assert alarms_of(run_dir) == alarms_of(None) == []
    reporter = Reporter(str(run_dir), "market")
    reporter.alarm("child_restarted", "feed\nexited")
    with (run_dir / "alarms.jsonl").open("a") as file:
        file.write('{"source": "mark')
    (alarm,) = alarms_of(run_dir)
    assert (alarm.source, alarm.code, alarm.text) == ("market", "child_restarted", "feed\nexited")


def child(**fields):
    failure = {"death": "exited", "reason": "killed", "traceback": "", "ts_ns": 5_000_000_000}
    values = {"id": "feed", "restarts": 1, "started_ns": 5_250_000_000, "failure": failure}
    return values | fields


def test_absences_are_those_of_the_status_documents(run_dir):
    (run_dir / "status").mkdir()
    children = [child(), child(id="web", started_ns=4), child(id="well", failure=None)]
    document = {"id": "market", "children": children}
    (run_dir / "status" / "market.json").write_text(json.dumps(document))
    feed, web = away_of(run_dir)
    assert feed == Away("feed", 1, 5_000_000_000, 5_250_000_000, "killed")
    assert (web.id, web.back_ns) == ("web", None)
    assert downtime_s([feed, web]) == 0.25
    assert away_of(None) == []


def test_the_heartbeat_is_what_its_file_says(run_dir):
    assert heartbeat_of(run_dir) == heartbeat_of(None) == {}
    (run_dir / "data" / "heartbeat.json").write_text('{"tick_count": 5}')
    assert heartbeat_of(run_dir) == {"tick_count": 5}
    (run_dir / "data" / "heartbeat.json").write_text("[]")
    assert heartbeat_of(run_dir) == {}


def test_the_mode_is_that_of_the_broker_in_the_tree(run_dir):
    assert mode_of(run_dir) == mode_of(None) == ""
    (run_dir / "tree.json").write_text('{"start": "actors.broker.PaperBrokerShell"}')
    assert mode_of(run_dir) == "paper"
    (run_dir / "tree.json").write_text('{"start": "actors.rithmic.RithmicShell"}')
    assert mode_of(run_dir) == "live"


def test_without_a_running_floor_the_run_written_last_is_told_of(tmp_path):
    settings = dataclasses.replace(Settings(), run=RunSettings(directory=str(tmp_path)))
    assert run_of(settings) is None
    for age, name in enumerate(("new", "old", "older")):
        data = tmp_path / name / "data"
        data.mkdir(parents=True)
        (data / "books.sqlite").touch()
        os.utime(data / "books.sqlite", (1_000 - age, 1_000 - age))
    assert run_of(settings) == tmp_path / "new"


def test_excursions_are_those_of_the_trades_that_were_recorded(run_dir):
    trip = make_closed()
    assert extremes_of(run_dir, [trip]) == extremes_of(None, [trip]) == {}
    rows = [("10:04", 10), ("10:05:01", 20_000), ("10:06", 19_991), ("10:20", 20_024)]
    trades = make_trades([(at(clock), price, "B", 1) for clock, price in rows])
    tape = [
        batch_of(trades, CONTRACT, simulated=False), make_bar(),
        Cut(number=1, ts_ns=at("10:25"), reason=CutReason.BAR),
    ]  # fmt: skip
    log = FrameLog.open(run_dir / "data" / "tape.frames")
    for message in tape:
        log.append(encode(message))
    log.sync()
    log.close()
    assert is_replay(run_dir) and not is_replay(None)
    assert extremes_of(run_dir, [trip]) == {"bracket-1": Extremes(19_991, 20_024)}
    assert extremes_of(run_dir, []) == {}
