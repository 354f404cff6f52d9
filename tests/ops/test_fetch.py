"""`start.py fetch`: asked, priced, bought, kept, and replayed."""

import dataclasses
import gc
import io
import warnings

import pytest
from rich.console import Console

from ops.commands import main
from ops.fetch import fetch_history, span_of
from ops.options import Refusal
from ops.replay import replay_local
from protocol.history_settings import HistorySettings
from protocol.settings import FeedSettings, RunSettings, Settings
from tests.makers import at
from tests.venues.databento.authority import make_authority
from tests.venues.databento.historical import KEY, Fault, historical_server
from tests.venues.databento.shelves import recorded_orders, recorded_trades, stocked

DATES = ("2023-12-26", "2023-12-27")
GET = "timeseries.get_range"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with historical_server(make_authority(tmp_path_factory.mktemp("authority"))) as server:
        yield server


@pytest.fixture
def server(running):
    return stocked(running)


@pytest.fixture
def settings(server, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABENTO_API_KEY", KEY)
    ca = server.authority.ca
    return Settings(
        run=RunSettings(directory=str(tmp_path / "runs")),
        feed=FeedSettings(symbol="ES"),
        history=HistorySettings(gateway=server.address, ca_file=str(ca), timeout_s=5),
    )


def fetched(settings, *arguments, schema="trades", **fields):
    told = Console(file=io.StringIO(), width=300)
    code = fetch_history(settings, *arguments, schema, told, **fields)
    return code, told.file.getvalue()


def files(settings, tmp_path):
    home = tmp_path / "runs" / "history"
    return sorted(str(path.relative_to(home)) for path in home.rglob("*.zst*"))


def test_dates_are_fetched_into_a_file_each_and_it_is_said_how_to_replay_them(
    settings, tmp_path
):
    code, said = fetched(settings, "ESH4", *DATES)
    assert code == 0
    assert files(settings, tmp_path) == [
        f"GLBX.MDP3/trades/ESH4/{day}.dbn.zst" for day in DATES
    ]
    assert "to buy 2 files" in " ".join(said.split())
    assert "records 120" in " ".join(said.split())
    # 60 trades of 48 bytes at 0.001 cents are 2.88 cents, each file rounded up.
    assert "$0.06 (limit $1.00)" in said
    assert "bought so far, in all: $0.06" in said
    assert "GLBX.MDP3/trades/ESH4/* --symbol ESH4" in said


def test_a_second_fetch_buys_only_what_is_missing(settings, server, tmp_path):
    assert fetched(settings, "ESH4", DATES[0], "")[0] == 0
    server.asked.clear()
    code, said = fetched(settings, "ESH4", *DATES)
    assert code == 0
    assert server.methods().count(GET) == 1
    assert "here already 1 files" in " ".join(said.split())
    server.asked.clear()
    assert fetched(settings, "ESH4", *DATES)[0] == 0
    assert GET not in server.methods()


def test_an_estimate_buys_nothing(settings, server, tmp_path):
    code, said = fetched(settings, "ES", *DATES, only_estimate=True)
    assert (code, files(settings, tmp_path)) == (0, [])
    assert "$0.06 (limit $1.00)" in said
    assert GET not in server.methods()


@pytest.mark.parametrize(("limit", "code"), [(5, 65), (6, 0)])
def test_more_than_the_limit_is_refused_before_anything_is_paid(limit, code, settings, server):
    history = dataclasses.replace(settings.history, cost_max_cents=limit)
    found, said = fetched(dataclasses.replace(settings, history=history), "ESH4", *DATES)
    assert found == code
    assert ("it costs $0.06, more than the limit of $0.05" in said) == (code == 65)
    assert (GET in server.methods()) == (code == 0)


def test_a_date_that_is_not_over_is_refused(settings, server):
    server.end = "2023-12-27T12:00:00.000000000Z"
    code, said = fetched(settings, "ESH4", *DATES)
    assert code == 65
    assert "ends at 2023-12-27 12:00:00 UTC, wanted it up to 2023-12-27 22:00:00 UTC" in said
    assert server.methods() == ["metadata.get_dataset_range"]
    assert fetched(settings, "ESH4", "2023-12-26", "2023-12-27T12:00Z")[0] == 0


def test_what_a_continuous_symbol_means_is_what_is_bought(settings, server, tmp_path):
    server.continuous["ES.v.0"] = [
        ("2023-12-01", "2023-12-27", "ESH4"), ("2023-12-27", "2024-01-01", "ESM4"),
    ]  # fmt: skip
    assert fetched(settings, "ES.v.0", *DATES)[0] == 0
    assert files(settings, tmp_path) == [
        "GLBX.MDP3/trades/ESH4/2023-12-26.dbn.zst", "GLBX.MDP3/trades/ESM4/2023-12-27.dbn.zst",
    ]  # fmt: skip


def test_hours_without_trades_cost_nothing_and_are_said_to_be_empty(settings, server, tmp_path):
    code, said = fetched(settings, "ESH4", "2023-12-26T12:00Z", "2023-12-26T13:00Z")
    assert (code, files(settings, tmp_path)) == (65, [])
    assert said.endswith("nothing was traded in these hours\n")


def test_a_fetch_that_breaks_off_keeps_the_dates_before_and_no_draft(settings, server, tmp_path):
    server.faults[GET] += [Fault(), Fault(cut=100)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # The client leaves a file open.
        code, said = fetched(settings, "ESH4", *DATES)
        gc.collect()
    assert code == 65
    assert "BentoError: Error streaming response" in said
    assert files(settings, tmp_path) == ["GLBX.MDP3/trades/ESH4/2023-12-26.dbn.zst"]


def test_what_the_service_warns_of_is_shown(settings, server):
    header = {"X-Warning": '["Warning: The data is degraded."]'}
    server.faults[GET].append(Fault(headers=header))
    assert "The data is degraded." in fetched(settings, "ESH4", DATES[0], "")[1]


@pytest.mark.parametrize(("symbol", "said"), [
    ("ESZ9", "ESZ9 was not traded in GLBX.MDP3"), ("ES.FUT", "wanted a continuous symbol"),
])  # fmt: skip
def test_a_symbol_that_means_nothing_is_refused(symbol, said, settings):
    code, found = fetched(settings, symbol, *DATES)
    assert (code, said in found) == (65, True)


def test_without_a_key_it_is_said_how_to_give_one(settings, monkeypatch):
    monkeypatch.delenv("DATABENTO_API_KEY")
    code, said = fetched(settings, "ESH4", *DATES)
    assert code == 65
    assert "set databento.key_file, or DATABENTO_API_KEY" in said


def test_a_ledger_of_purchases_that_is_damaged_is_told_once_the_files_are_there(
    settings, tmp_path
):
    home = tmp_path / "runs" / "history"
    home.mkdir(parents=True)
    (home / "purchases.jsonl").write_bytes(b"no fact\n")
    code, said = fetched(settings, "ESH4", DATES[0], "")
    assert code == 65
    assert "line 1 is b'no fact', wanted a fact" in said
    assert files(settings, tmp_path) == [f"GLBX.MDP3/trades/ESH4/{DATES[0]}.dbn.zst"]


def test_a_directory_that_cannot_be_written_is_told(settings, tmp_path):
    (tmp_path / "runs").write_text("in the way")
    code, said = fetched(settings, "ESH4", *DATES)
    assert code == 65
    assert str(tmp_path / "runs") in said


@pytest.mark.parametrize("schema", ["trades", "mbo"])
def test_the_real_hour_fetched_is_replayed_with_every_trade_of_it(
    schema, settings, server, tmp_path
):
    orders = recorded_orders()
    server.shelves["trades", "ESH4"] = recorded_trades(orders)
    server.shelves["mbo", "ESH4"] = orders
    server.cents_per_byte = 0.00001
    assert fetched(settings, "ES", DATES[0], "", schema=schema)[0] == 0
    (name,) = files(settings, tmp_path)
    path = tmp_path / "runs" / "history" / name
    summary, result = replay_local([path], settings, tmp_path / "quarantine")
    assert (summary.trades, summary.volume) == (2_973, 9_892)
    assert (summary.buy_volume, summary.sell_volume) == (5_322, 4_526)
    assert list(summary.contracts) == ["ESH4"]
    assert summary.refused == {}


def test_a_book_just_bought_is_built_and_what_is_wrong_with_it_is_said(settings, server):
    server.shelves["mbo", "ESH4"] = recorded_orders()
    server.cents_per_byte = 0.00001
    # With the vendor's snapshot of midnight all orders are known; before 18:00 they may cross.
    code, said = fetched(settings, "ESH4", "2023-12-25T00:00Z", "2023-12-26", schema="mbo")
    assert code == 0
    assert "book of 20231225T000000Z_20231225T220000Z.dbn.zst: nothing wrong" in said
    later = said[said.index("book of 2023-12-26.dbn.zst: ") :].splitlines()[0]
    assert "unknown" in later  # This file begins without what the other has.
    server.asked.clear()
    again = fetched(settings, "ESH4", "2023-12-25T00:00Z", "2023-12-26", schema="mbo")[1]
    assert "book of" not in again


@pytest.mark.parametrize(("first", "last", "start", "end"), [
    ("2023-12-26", "2023-12-26", at("17:00", "2023-12-25"), at("17:00", "2023-12-26")),
    ("2023-12-26", "2023-12-27T12:00:00.5+00:00", at("17:00", "2023-12-25"),
     at("07:00", "2023-12-27") + 500_000_000),
    ("2023-12-25T23:00Z", "2023-12-26", at("18:00", "2023-12-25"), at("17:00", "2023-12-26")),
])  # fmt: skip
def test_a_date_is_a_trading_date_and_an_instant_is_itself(first, last, start, end):
    assert span_of(first, last) == (start, end)


@pytest.mark.parametrize(("first", "last", "said"), [
    ("yesterday", "2023-12-26", "--from yesterday: wanted a trading date"),
    ("2023-12-26", "2023-12-26T10:00", "--to 2023-12-26T10:00: no offset from UTC"),
    ("2023-12-27", "2023-12-26", "wanted the end behind the start"),
])  # fmt: skip
def test_times_that_are_none_are_refused(first, last, said):
    with pytest.raises(Refusal, match=said):
        span_of(first, last)


def test_the_command_refuses_a_schema_that_replay_cannot_read(capsys):
    assert main(["fetch", "--symbol", "ES", "--from", "2023-12-26", "--schema", "ohlcv-1m"]) == 64


def test_the_command_fetches_by_the_settings_of_a_file(settings, server, tmp_path, capsys):
    file, home = tmp_path / "floor.toml", tmp_path / "bought"
    file.write_text(
        f'[history]\ngateway = "{server.address}"\nca_file = "{server.authority.ca}"\n'
        f'directory = "{home}"\n'
    )
    given = ["fetch", "--symbol", "ESH4", "--from", DATES[0], "--settings", str(file)]
    assert main([*given, "--estimate"]) == 0
    assert not list(home.rglob("*.zst"))
    assert main(given) == 0
    assert [path.name for path in home.rglob("*.zst")] == [f"{DATES[0]}.dbn.zst"]
    assert "replay: python3 start.py replay" in capsys.readouterr().out


def test_the_command_refuses_times_that_are_none(capsys):
    assert main(["fetch", "--symbol", "ES", "--from", "soon"]) == 64
    assert "--from soon: wanted a trading date" in capsys.readouterr().err
