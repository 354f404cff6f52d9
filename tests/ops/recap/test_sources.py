"""What a run left behind, read beside whoever still writes it."""

import dataclasses
import json
import os
from datetime import date

import pytest

from actors.adapters.books import STREAMS, MemoryBooks
from actors.adapters.day_files import roll
from actors.adapters.fault import StoreFault
from actors.adapters.frames import FrameLog
from actors.adapters.segments import SegmentedLog
from actors.adapters.store import SqlBooks, database_for
from actors.books import SETTLING
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
    is_settled,
    mode_of,
    run_of,
)
from ops.recap.told import told_of
from protocol.codec import encode
from protocol.market import Cut, CutReason, Settled
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


def traded(day):
    """Return what a day's recording holds around the trip of `make_closed` on that day."""
    rows = [("10:04", 10), ("10:05:01", 20_000), ("10:06", 19_991), ("10:20", 20_024)]
    trades = make_trades([(at(clock, day), price, "B", 1) for clock, price in rows])
    return [
        batch_of(trades, CONTRACT, simulated=False), make_bar(),
        Cut(number=1, ts_ns=at("10:25", day), reason=CutReason.BAR),
    ]  # fmt: skip


def trip_of(day):
    times = {"opened_ns": at("10:05:01", day), "ts_ns": at("10:20", day)}
    return make_closed(bracket_id=f"bracket-{day}", **times)


def recorded(data, *days):
    log = SegmentedLog.open(data)
    for day in days:
        log.begin_segment()
        for message in traded(day):
            log.append(encode(message))
    log.sync()
    log.close()


def test_excursions_of_a_replay_are_those_of_the_trades_of_its_tape(run_dir):
    trip = trip_of("2025-12-02")
    assert extremes_of(run_dir, [trip]) == {trip.bracket_id: None}
    assert extremes_of(None, [trip]) == {}
    log = FrameLog.open(run_dir / "data" / "tape.frames")
    for message in traded("2025-12-02"):
        log.append(encode(message))
    log.sync()
    log.close()
    assert is_replay(run_dir) and not is_replay(None)
    assert extremes_of(run_dir, [trip]) == {trip.bracket_id: Extremes(19_991, 20_024)}
    assert extremes_of(run_dir, []) == {}


def test_excursions_of_a_live_run_are_those_of_its_recorded_segments(run_dir):
    days = ["2025-12-02", "2025-12-03"]
    recorded(run_dir / "data", *days)
    trips = [trip_of(day) for day in days]
    wanted = dict.fromkeys((trip.bracket_id for trip in trips), Extremes(19_991, 20_024))
    assert not is_replay(run_dir)
    assert extremes_of(run_dir, trips) == wanted


def test_excursions_of_a_date_whose_frames_are_gone_are_those_of_its_day_file(run_dir):
    days, data = ["2025-12-02", "2025-12-03"], run_dir / "data"
    recorded(data, *days)
    assert roll(data, depth=False, now_ns=at("17:01", days[1])).removed
    trips = [trip_of(day) for day in days]
    assert set(extremes_of(run_dir, trips).values()) == {Extremes(19_991, 20_024)}
    (data / "days" / "ES" / f"{days[0]}.parquet").write_bytes(b"damaged")
    assert extremes_of(run_dir, trips) == {
        trips[0].bracket_id: None, trips[1].bracket_id: Extremes(19_991, 20_024)
    }  # fmt: skip


def test_a_damaged_recording_costs_excursions_and_no_recap(run_dir):
    recorded(run_dir / "data", "2025-12-02", "2025-12-03")
    (first, _) = sorted((run_dir / "data").glob("ticks-*.frames"))
    first.write_bytes(b"damaged")
    trips = [trip_of("2025-12-02"), trip_of("2025-12-03")]
    assert [*extremes_of(run_dir, trips).values()].count(None) == 1


def cut(number, clock, reason=CutReason.SESSION):
    return Cut(number=number, ts_ns=at(clock), reason=reason)


def kept_up_to(*marks, but=()):
    """Return books in which every stream but some has come to `marks`, one for each cut."""
    books = MemoryBooks()
    for stream in STREAMS:
        for seq, mark in enumerate(marks if stream not in but else (), 1):
            books.add(stream, seq, mark)
            if stream in SETTLING:
                books.add(stream, seq, Settled(number=mark.number))
    books.commit()
    return books


def test_a_date_is_settled_once_every_stream_has_passed_its_end():
    assert not is_settled(MemoryBooks(), TUESDAY)
    assert not is_settled(kept_up_to(cut(7, "16:59:30")), TUESDAY)
    assert is_settled(kept_up_to(cut(8, "17:00")), TUESDAY)
    assert is_settled(kept_up_to(cut(7, "16:59:30"), cut(9, "18:00")), TUESDAY)


@pytest.mark.parametrize("stream", STREAMS)
def test_a_stream_that_is_behind_leaves_a_date_unsettled(stream):
    assert not is_settled(kept_up_to(cut(8, "17:00"), but=(stream,)), TUESDAY)


def test_desk_and_broker_are_behind_until_they_have_settled_the_end_itself():
    books = kept_up_to(cut(8, "17:00"), but=("desk",))
    books.add("desk", 1, cut(7, "16:55"))
    books.add("desk", 2, Settled(number=7))
    books.add("desk", 3, cut(8, "17:00"))
    books.commit()
    assert not is_settled(books, TUESDAY)
    books.add("desk", 4, Settled(number=8))
    books.commit()
    assert is_settled(books, TUESDAY)


def test_a_tape_that_ends_in_mid_day_settles_the_date_at_its_end():
    assert is_settled(kept_up_to(cut(3, "12:00", CutReason.END)), TUESDAY)
