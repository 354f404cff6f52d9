"""Databento's historical service on loopback, over TLS, as its own client speaks to it (facts B).

It holds whole shelves of records by schema and raw symbol, answers in time ranges of them with
real DBN in zstd, resolves symbols, and prices by the byte. What shall go wrong is put into
`faults`: the next request of a method gets the first of them.
"""

import base64
import json
import ssl
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from urllib.parse import parse_qs, urlsplit

import numpy as np
import zstandard
from databento_dbn import Metadata, Schema, SType
from numpy.typing import NDArray

from tests.venues.databento.authority import Authority

KEY = "db-TestTestTestTestTestTestTest1"
DATASET = "GLBX.MDP3"
CHUNK = 4096
NANOS = 10**9
# Where `ts_recv` is: the service cuts by it, not by the time of the exchange.
TS_RECV = {"trades": 32, "tbbo": 32, "mbp-1": 32, "mbp-10": 32, "mbo": 40}


@dataclass(frozen=True)
class Fault:
    """A reply in place of the true one, or something amiss with the true one."""

    status: int = 200
    body: object = None  # JSON; None with a status below 300 for the true reply.
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0  # After so many bytes the connection is closed.
    silent: bool = False  # Nothing comes until the server ends.
    lose: int = 0  # So many packed bytes are missing at an end that looks orderly.


@dataclass
class Asked:
    """A request as it came."""

    method: str
    verb: str
    key: str
    form: dict[str, str]


@dataclass(frozen=True)
class Shelf:
    """The records of one raw symbol in one schema, in order of `ts_recv`."""

    instrument_id: int
    raw: bytes
    stride: int

    def between(self, schema: str, start: int, end: int) -> bytes:
        rows = np.frombuffer(self.raw, np.uint8).reshape(-1, self.stride)
        place = TS_RECV[schema]
        ts: NDArray[np.uint64] = rows[:, place : place + 8].copy().view("<u8").ravel()
        return rows[(ts >= start) & (ts < end)].tobytes()


class HistoricalServer(ThreadingHTTPServer):
    """The service: its shelves, what it was asked, and what shall go wrong."""

    daemon_threads = True

    def __init__(self, authority: Authority) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.certificate, authority.key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.authority = authority  # Whom a client has to trust.
        self.shelves: dict[tuple[str, str], Shelf] = {}
        self.continuous: dict[str, list[tuple[str, str, str]]] = {}  # First, end, raw symbol.
        self.cents_per_byte = 0.001
        self.end = "2030-01-01T00:00:00.000000000Z"
        self.asked: list[Asked] = []
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.ended = Event()

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.server_address[1]}"

    def methods(self) -> list[str]:
        """What was asked, in order."""
        return [asked.method for asked in self.asked]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is nothing to talk about."""


@contextmanager
def historical_server(authority: Authority) -> Iterator[HistoricalServer]:
    """Run the service on a port that the system assigns."""
    server = HistoricalServer(authority)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def shelf_of_file(path: Path) -> Shelf:
    """Return the records of a real DBN file of one instrument."""
    plain = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
    raw = plain[8 + int.from_bytes(plain[4:8], "little") :]
    return shelf_of(raw)


def shelf_of(raw: bytes) -> Shelf:
    """Return records, all of one instrument and one kind, as a shelf."""
    return Shelf(int.from_bytes(raw[4:8], "little"), raw, raw[0] * 4)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HistoricalServer

    def log_message(self, format: str, *args: object) -> None:
        """The tests read `asked`."""

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self._answer("GET", {name: values[-1] for name, values in query.items()})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        found = parse_qs(body, keep_blank_values=True)
        self._answer("POST", {name: values[-1] for name, values in found.items()})

    def _answer(self, verb: str, form: dict[str, str]) -> None:
        server = self.server
        method = urlsplit(self.path).path.removeprefix("/v0/")
        _, _, basic = self.headers.get("Authorization", "").partition(" ")
        key, _, password = base64.b64decode(basic).decode().partition(":")
        server.asked.append(Asked(method, verb, key, form))
        faults = server.faults[method]
        fault = faults.popleft() if faults else Fault()
        if fault.silent:
            server.ended.wait(30)
            self.close_connection = True
            return
        if fault.status >= 300 or fault.body is not None:
            self._json(fault.status, fault.body, fault.headers)
        elif key != KEY or password:
            self._refuse(401, "auth_authentication_failed", "Authentication failed.")
        elif verb != ("GET" if method == "metadata.get_dataset_range" else "POST"):
            self._refuse(405, "method_not_allowed", f"{verb} is not allowed.")
        else:
            self._serve(method, form, fault)

    def _serve(self, method: str, form: dict[str, str], fault: Fault) -> None:
        server = self.server
        if form.get("dataset") != DATASET:
            self._refuse(404, "data_unknown_dataset", f"Unknown {form.get('dataset')!r}.")
        elif method == "metadata.get_dataset_range":
            found = {"start": "2010-06-06T00:00:00.000000000Z", "end": server.end}
            self._json(200, found, fault.headers)
        elif method == "symbology.resolve":
            self._json(200, self._resolved(form), fault.headers)
        else:
            self._serve_range(method, form, fault)

    def _serve_range(self, method: str, form: dict[str, str], fault: Fault) -> None:
        schema, start, end = form["schema"], _nanos(form["start"]), _nanos(form["end"])
        if start >= end:
            self._refuse(400, "data_time_range_start_on_or_after_end", "Start is not before end.")
            return
        if end > _nanos(self.server.end):
            self._refuse(
                422, "data_end_after_available_end", f"Data is there up to {self.server.end}."
            )
            return
        wanted = form["symbols"].split(",")
        found = [s for s in wanted if (schema, s) in self.server.shelves]
        if not found:
            self._refuse(404, "symbology_unknown", f"No such symbols: {form['symbols']}.")
            return
        shelves = {name: self.server.shelves[schema, name] for name in found}
        raw = b"".join(shelf.between(schema, start, end) for shelf in shelves.values())
        if method == "timeseries.get_range":
            lost = [s for s in wanted if s not in found]
            self._stream(206 if lost else 200, _dbn(form, start, end, shelves, lost, raw), fault)
        elif method == "metadata.get_record_count":
            self._json(200, len(raw) // next(iter(shelves.values())).stride, fault.headers)
        elif method == "metadata.get_billable_size":
            self._json(200, len(raw), fault.headers)
        elif method == "metadata.get_cost":
            self._json(200, len(raw) * self.server.cents_per_byte / 100, fault.headers)
        else:
            self._refuse(404, "not_found", f"No method {method}.")

    def _resolved(self, form: dict[str, str]) -> dict[str, object]:
        ids = {name: str(shelf.instrument_id) for (_, name), shelf in self.server.shelves.items()}
        result: dict[str, list[dict[str, str]]] = {}
        missing = []
        for symbol in form["symbols"].split(","):
            if form["stype_in"] == "continuous":
                spans = [(a, b, ids[raw]) for a, b, raw in self.server.continuous.get(symbol, [])]
            else:
                into = ids if form["stype_in"] == "raw_symbol" else {i: n for n, i in ids.items()}
                days = (form["start_date"], form["end_date"])
                spans = [(*days, into[symbol])] if symbol in into else []
            if spans:
                result[symbol] = [{"d0": a, "d1": b, "s": s} for a, b, s in spans]
            else:
                missing.append(symbol)
        return {
            "result": result, "symbols": form["symbols"].split(","), "partial": [],
            "not_found": missing, "message": "Not found" if missing else "OK",
            "status": 2 if missing else 0, "stype_in": form["stype_in"],
            "stype_out": form["stype_out"], "start_date": form["start_date"],
            "end_date": form["end_date"],
        }  # fmt: skip

    def _refuse(self, status: int, case: str, message: str) -> None:
        docs = "https://databento.com/docs"
        detail = {
            "case": case, "message": message, "status_code": status, "docs": docs, "payload": {},
        }  # fmt: skip
        self._json(status, {"detail": detail}, {"request-id": "req-1"})

    def _json(self, status: int, body: object, headers: dict[str, str]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, status: int, plain: bytes, fault: Fault) -> None:
        packed = zstandard.ZstdCompressor().compress(plain)
        packed = packed[: len(packed) - fault.lose]
        self.send_response(status)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Transfer-Encoding", "chunked")
        for name, value in fault.headers.items():
            self.send_header(name, value)
        self.end_headers()
        for start in range(0, len(packed), CHUNK):
            part = packed[start : start + CHUNK]
            if fault.cut and start + len(part) > fault.cut:
                self.wfile.write(b"%x\r\n%s" % (len(part), part[: fault.cut - start]))
                self.close_connection = True
                return
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")


@dataclass
class _Interval:
    start_date: date
    end_date: date
    symbol: str


@dataclass
class _Mapping:
    raw_symbol: str
    intervals: list[_Interval]


def _dbn(
    form: dict[str, str],
    start: int,
    end: int,
    shelves: dict[str, Shelf],
    lost: list[str],
    raw: bytes,
) -> bytes:
    first = datetime.fromtimestamp(start // NANOS, UTC).date()
    last = datetime.fromtimestamp(end // NANOS, UTC).date() + timedelta(days=1)
    header = Metadata(
        dataset=form["dataset"],
        start=start,
        end=end,
        stype_in=SType.RAW_SYMBOL,
        stype_out=SType.INSTRUMENT_ID,
        schema=Schema.from_str(form["schema"]),
        symbols=[*shelves, *lost],
        partial=[],
        not_found=lost,
        mappings=[
            _Mapping(name, [_Interval(first, last, str(shelf.instrument_id))])
            for name, shelf in shelves.items()
        ],
    )
    return bytes(header.encode()) + raw


def _nanos(text: str) -> int:
    if text.isdecimal():
        return int(text)
    return int(datetime.fromisoformat(text).timestamp()) * NANOS
