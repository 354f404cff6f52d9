"""Databento's own client against a service on loopback: F.2 of the facts, refusal by refusal."""

import dataclasses
import gc
import logging
import os
import warnings
from datetime import UTC, datetime

import pytest

from actors.adapters.feeds.dbn import opened
from actors.adapters.history.buy import TooDear, buy, order_of
from actors.adapters.history.cache import Cache, records_in
from actors.adapters.history.databento import DatabentoHistory, TooMany
from actors.adapters.history.port import Estimate, HistoryError, Piece
from actors.adapters.history.spent import spent_cents
from tests.venues.databento.historical import DATASET, Fault
from tests.venues.databento.shelves import OPEN_NS, recorded_orders

S = 10**9
END_NS = OPEN_NS + 30 * S
PIECE = Piece(
    dataset=DATASET, schema="trades", contract="ESH4", start_ns=OPEN_NS, end_ns=END_NS
)
GET = "timeseries.get_range"
COST = "metadata.get_cost"


@pytest.fixture
def history(settings, key):
    waited = []
    made = DatabentoHistory(settings, key, waited.append)
    made.waited = waited
    return made


def refusal(history, tmp_path, fault, server, method=GET):
    """What is said when the service answers `method` with a fault."""
    server.faults[method].append(fault)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # The client leaves a file open.
        try:
            if method == GET:
                history.fetch(PIECE, tmp_path / "draft")
            else:
                history.estimate(PIECE)
        except HistoryError as error:
            said = str(error)
        else:
            pytest.fail("nothing was refused")
        (tmp_path / "draft").unlink(missing_ok=True)
        if fault.cut:
            gc.collect()
    return said


def detail(message, case="some_case"):
    found = {"case": case, "message": message, "status_code": 0, "docs": "", "payload": {}}
    return {"detail": found}


def test_f2_over_tls_with_an_authority_of_ones_own_200_brings_the_records(
    history, server, tmp_path
):
    fetched = history.fetch(PIECE, tmp_path / "draft")
    assert fetched.warnings == []
    assert records_in(tmp_path / "draft") == 30
    (asked,) = server.asked
    assert (asked.method, asked.verb) == (GET, "POST")
    assert asked.form == {
        "dataset": DATASET, "schema": "trades", "symbols": "ESH4", "stype_in": "raw_symbol",
        "stype_out": "instrument_id", "start": str(OPEN_NS), "end": str(END_NS),
        "encoding": "dbn", "compression": "zstd",
    }  # fmt: skip


def test_a_service_whose_authority_is_not_trusted_is_not_spoken_to(settings, key, server):
    stranger = DatabentoHistory(dataclasses.replace(settings, ca_file=""), key)
    with pytest.raises(HistoryError, match="certificate verify failed"):
        stranger.estimate(PIECE)
    assert server.asked == []


def test_the_authority_is_in_the_environment_only_while_it_is_needed(history, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/of/the/user")
    history.estimate(PIECE)
    assert os.environ["REQUESTS_CA_BUNDLE"] == "/of/the/user"
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    history.estimate(PIECE)
    assert "REQUESTS_CA_BUNDLE" not in os.environ


def test_f2_real_records_arrive_byte_for_byte(history, server, tmp_path):
    shelf = recorded_orders()
    server.shelves["mbo", "ESH4"] = shelf
    hour = dataclasses.replace(PIECE, schema="mbo", start_ns=OPEN_NS - 3_600 * S,
                               end_ns=OPEN_NS + 3_600 * S)  # fmt: skip
    history.fetch(hour, tmp_path / "draft")
    came = b"".join(bytes(run.raw) for run in opened(tmp_path / "draft").runs())
    # The snapshot before it is stamped with midnight.
    assert came == shelf.raw[8_725 * shelf.stride :]
    assert history.estimate(hour).records == 68_792 - 8_725


def test_f2_206_delivers_what_there_is_and_says_what_is_missing(
    settings, key, server, tmp_path
):
    class Two(DatabentoHistory):
        """Asks for two symbols at once, as we never do; the service knows but one."""

    history = Two(settings, key)
    with_stranger = dataclasses.replace(PIECE, contract="ESH4,ESZ9")
    fetched = history.fetch(with_stranger, tmp_path / "draft")
    assert fetched.warnings == ["not all of it is there: ESZ9"]
    assert records_in(tmp_path / "draft") == 30


@pytest.mark.parametrize(("status", "words"), [
    (400, "malformed"),
    (401, "the key is not accepted; check DATABENTO_API_KEY"),
    (402, "the account cannot pay"),
    (403, "the last 24 hours want a live licence"),
    (404, "the data set or symbol is not known"),
    (408, "took too long"),
    (409, "conflicts with another"),
    (418, "a refusal of an unknown kind"),
    (422, "its end lies behind what there is"),
    (429, "too many requests; try again in 7 s"),
    (500, "a fault of its own"),
    (502, "a fault of its own"),
    (503, "not available"),
    (504, "did not answer in time"),
])  # fmt: skip
@pytest.mark.parametrize("method", [GET, COST])
def test_f2_every_refusal_is_explained_with_the_vendors_words_and_the_request(
    status, words, method, history, server, tmp_path
):
    headers = {"request-id": "req-7"} | ({"Retry-After": "7"} if status == 429 else {})
    fault = Fault(status, detail("So it is."), headers)
    for _ in range(2 if (status, method) == (429, COST) else 0):
        server.faults[method].append(fault)
    said = refusal(history, tmp_path, fault, server, method)
    assert said.startswith(f"{status}: ")
    assert words in said
    assert said.endswith("(Databento: So it is.) [request req-7]")


def test_f2_the_services_own_refusals_are_explained_too(settings, history, server, tmp_path):
    wrong = DatabentoHistory(settings, "db-some-other-key-of-nobody-0000")
    with pytest.raises(HistoryError, match="401: the key .* Authentication failed"):
        wrong.estimate(PIECE)
    with pytest.raises(HistoryError, match="404: .* No such symbols: ESZ9"):
        history.estimate(dataclasses.replace(PIECE, contract="ESZ9"))
    with pytest.raises(HistoryError, match="404: .* Unknown 'XNAS.ITCH'"):
        history.estimate(dataclasses.replace(PIECE, dataset="XNAS.ITCH"))
    server.end = "2023-12-25T23:00:10.000000000Z"
    with pytest.raises(HistoryError, match="422: .* Data is there up to 2023-12-25T23:00:10"):
        history.estimate(PIECE)


@pytest.mark.parametrize("body", ["not an object", {"detail": "plain"}, {}, None, {"detail": 7}])
def test_f2_a_refusal_of_another_shape_is_still_explained(body, history, server, tmp_path):
    said = refusal(history, tmp_path, Fault(503, body), server)
    assert said.startswith(("503: Databento is not available", "https://")), said


def test_f2_a_paid_request_that_came_too_often_is_not_repeated(history, server, tmp_path):
    fault = Fault(429, detail("Slow down."), {"Retry-After": "1"})
    said = refusal(history, tmp_path, fault, server)
    assert "try again in 1 s" in said
    assert server.methods() == [GET]


def test_f2_a_free_request_waits_as_long_as_it_is_told_and_goes_on(history, server):
    server.faults[COST] += [Fault(429, detail("x"), {"Retry-After": "2"}), Fault(429, detail("x"))]
    assert history.estimate(PIECE).records == 30
    assert history.waited == [2, 1]


@pytest.mark.parametrize(("wait", "asked"), [("30", 3), ("31", 1), ("tomorrow", 3)])
def test_f2_a_free_request_has_three_attempts_and_does_not_wait_long(wait, asked, history, server):
    server.faults[COST] += [Fault(429, detail("x"), {"Retry-After": wait})] * 3
    with pytest.raises(TooMany):
        history.estimate(PIECE)
    assert len(server.asked) == asked


@pytest.mark.parametrize("cut", [0, 1, 100])
def test_f2_a_body_that_breaks_off_is_an_error(cut, history, server, tmp_path):
    said = refusal(history, tmp_path, Fault(cut=cut) if cut else Fault(lose=10**6), server)
    assert said.startswith(server.address)


def test_f2_a_body_that_ends_in_order_but_too_early_is_not_kept(history, server, tmp_path):
    server.shelves["mbo", "ESH4"] = recorded_orders()
    piece = dataclasses.replace(PIECE, schema="mbo", end_ns=OPEN_NS + 3_600 * S)
    cache = Cache(tmp_path / "history")
    order = order_of(history, cache, [piece])
    server.faults[GET].append(Fault(lose=5))
    with pytest.raises(HistoryError, match="it was not kept, ask again"):
        buy(history, cache, order, 10**6, 0)
    assert list(cache.path(piece).parent.iterdir()) == []


def test_f2_a_service_that_does_not_answer_is_given_up(settings, key, server, tmp_path):
    history = DatabentoHistory(dataclasses.replace(settings, timeout_s=1), key)
    said = refusal(history, tmp_path, Fault(silent=True), server)
    assert "timed out" in said


def test_f2_x_warning_is_handed_on(history, server, tmp_path):
    header = {"X-Warning": '["Warning: The data is degraded on 2023-12-25."]'}
    server.faults[GET].append(Fault(headers=header))
    fetched = history.fetch(PIECE, tmp_path / "draft")
    assert fetched.warnings == ["The data is degraded on 2023-12-25."]


def test_f2_the_cost_is_asked_before_and_more_than_the_limit_is_refused_unpaid(
    history, server, tmp_path
):
    cache = Cache(tmp_path / "history")
    server.cents_per_byte = 101 / (30 * 48)
    order = order_of(history, cache, [PIECE])
    assert order.cost_cents == 101
    with pytest.raises(TooDear, match=r"it costs \$1.01, more than the limit of \$1.00"):
        buy(history, cache, order, 100, 0)
    assert GET not in server.methods()
    assert spent_cents(cache.directory) == 0
    assert [path.name for path in buy(history, cache, order, 101, 0).files] == [
        cache.path(PIECE).name
    ]
    assert spent_cents(cache.directory) == 101


def test_f2_what_is_in_the_cache_is_neither_priced_nor_bought_again(history, server, tmp_path):
    cache = Cache(tmp_path / "history")
    first = buy(history, cache, order_of(history, cache, [PIECE]), 100, 0)
    server.asked.clear()
    again = order_of(history, cache, [PIECE])
    assert (again.offers, again.cost_cents) == ((), 0)
    assert buy(history, cache, again, 0, 0).files == first.files
    assert server.asked == []


def test_an_estimate_is_rounded_up_to_a_cent(history, server):
    server.cents_per_byte = 1.01 / (30 * 48)
    assert history.estimate(PIECE) == Estimate(cost_cents=2, records=30, size_bytes=30 * 48)


@pytest.mark.parametrize("body", [-1.0, "1.00", {"cost": 1}, True])
def test_a_cost_that_is_none_is_refused(body, history, server):
    server.faults[COST].append(Fault(body=body))
    with pytest.raises(HistoryError, match="as a cost"):
        history.estimate(PIECE)


@pytest.mark.parametrize("body", [-1, 1.5, "3", [], False])
def test_a_count_that_is_none_is_refused(body, history, server):
    server.faults["metadata.get_record_count"].append(Fault(body=body))
    with pytest.raises(HistoryError, match="as a count"):
        history.estimate(PIECE)


@pytest.mark.parametrize("end", ["2023-12-25T23:00:00.000000000Z", "2023-12-25T23:00:00"])
def test_where_history_ends_is_asked_and_read_in_utc(end, history, server):
    server.end = end
    assert history.until_ns(DATASET) == OPEN_NS
    (asked,) = server.asked
    assert (asked.verb, asked.form) == ("GET", {"dataset": DATASET})


@pytest.mark.parametrize("body", [{}, {"end": None}, [], {"end": "soon"}])
def test_a_range_that_is_none_is_refused(body, history, server):
    server.faults["metadata.get_dataset_range"].append(Fault(body=body))
    with pytest.raises(HistoryError, match="as the range of GLBX.MDP3"):
        history.until_ns(DATASET)


def test_a_contract_is_looked_up_and_an_unknown_one_means_nothing(history):
    days = ("2023-12-25", "2023-12-27")
    assert history.contracts(DATASET, "ESH4", *days) == ((*days, "ESH4"),)
    assert history.contracts(DATASET, "ESZ9", *days) == ()


def test_a_continuous_symbol_means_a_contract_from_day_to_day(history, server):
    first, roll, end = "2023-12-25", "2023-12-26", "2023-12-28"
    server.continuous["ES.v.0"] = [(first, roll, "ESH4"), (roll, end, "ESM4")]
    found = history.contracts(DATASET, "ES.v.0", first, end)
    assert found == ((first, roll, "ESH4"), (roll, end, "ESM4"))
    assert history.contracts(DATASET, "ES.c.0", first, end) == ()


def test_a_meaning_that_is_none_is_refused(history, server):
    server.faults["symbology.resolve"].append(Fault(body={"message": "?"}))
    with pytest.raises(HistoryError, match="as the meaning of"):
        history.contracts(DATASET, "ESH4", "2023-12-25", "2023-12-26")


@pytest.mark.parametrize("given", ["", "  "])
def test_without_a_key_nothing_is_asked_and_it_is_said_how_to_give_one(given, settings):
    with pytest.raises(HistoryError, match="set databento.key_file, or DATABENTO_API_KEY"):
        DatabentoHistory(settings, given)


@pytest.mark.parametrize(("fields", "said"), [
    ({"gateway": "http://127.0.0.1:1"}, "history.gateway: found 'http://127.0.0.1:1'"),
    ({"ca_file": "/nowhere/ca.pem"}, "history.ca_file: found no file"),
])  # fmt: skip
def test_settings_that_the_client_would_bend_are_refused(fields, said, settings, key):
    with pytest.raises(HistoryError, match=said):
        DatabentoHistory(dataclasses.replace(settings, **fields), key)


def test_a_port_that_nobody_listens_at_is_told_as_such(settings, key):
    gone = DatabentoHistory(dataclasses.replace(settings, gateway="https://127.0.0.1:1"), key)
    with pytest.raises(HistoryError, match="https://127.0.0.1:1: ConnectionError"):
        gone.until_ns(DATASET)


def test_f5_the_key_is_in_no_text_and_no_log(history, server, key, caplog, tmp_path):
    with caplog.at_level(logging.DEBUG):
        said = refusal(history, tmp_path, Fault(403, detail(f"{key} has no licence")), server)
        said += refusal(history, tmp_path, Fault(cut=50), server)
        history.until_ns(DATASET)
    assert key not in said + caplog.text
    assert "(DATABENTO_API_KEY) has no licence" in said


def test_times_are_asked_in_nanoseconds_and_not_rounded(history, server):
    odd = dataclasses.replace(PIECE, start_ns=OPEN_NS + 1)
    assert history.estimate(odd).records == 29
    assert {asked.form["start"] for asked in server.asked} == {str(OPEN_NS + 1)}
    assert datetime.fromtimestamp(OPEN_NS // S, UTC).isoformat() == "2023-12-25T23:00:00+00:00"
