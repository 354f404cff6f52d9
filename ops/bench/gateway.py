"""A gateway of Databento's live protocol on loopback that sends as fast as it is told to.

It accepts any key and any subscription, maps one contract, and sends. Paced, a trade carries the
instant at which it was handed to the socket, so whoever receives it knows how late that is. It is
a process of its own, so that it takes no time from whom it is measured with:
`python -m ops.bench.gateway SCHEMA COUNT RATE` prints its port and serves one connection after the
other; rate 0 is as fast as the other side reads. The schema is trades or mbp-10: of those every
tenth record is a trade, the others are changes of the book.
"""

import socket
import sys
import time
from typing import Final, cast

import databento_dbn as dbn
import numpy as np
from numpy.typing import NDArray

CONTRACT, ID = "ESZ5", 1
# Casts, because the stubs give the members of these enums the types of their values.
BY_ID, BY_NAME = cast(dbn.SType, dbn.SType.INSTRUMENT_ID), cast(dbn.SType, dbn.SType.RAW_SYMBOL)
DONE = cast(dbn.SystemCode, dbn.SystemCode.SUBSCRIPTION_ACK)
TEN: Final = "mbp-10"
TRADED = 10  # Every so many records of ten levels there is a trade.
LAST = 128  # The event is over with this record.
NOBODY = 2**64 - 1
TICK = 250_000_000
STEP_NS = 1_000_000  # Between trades that are not paced: an hour of event time has 3.6 million.
BURST = 4_096
PAUSE_S = 0.001  # Between paced sends.
LINE_MAX = 64 * 1024
Rows = NDArray[np.void]


def main(schema: str, count: int, rate: int) -> None:
    """Serve until killed."""
    server = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{server.getsockname()[1]}\n")
    sys.stdout.flush()
    rows = ten_levels(count) if schema == TEN else trades(count)
    while True:
        peer, _ = server.accept()
        with peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                _serve(peer, rows, rate)
            except OSError:
                continue  # It has had enough.


def trades(count: int) -> Rows:
    """Return trades of one contract a millisecond apart, around one price."""
    rows = np.zeros(count, dbn.TradeMsg._dtypes)
    numbers = np.arange(count)
    rows["length"], rows["rtype"] = rows.itemsize // 4, 0
    rows["publisher_id"], rows["instrument_id"] = 1, ID
    rows["ts_event"] = rows["ts_recv"] = time.time_ns() + numbers * STEP_NS
    rows["price"] = (20_000 + numbers % 16) * TICK
    rows["size"], rows["action"] = 1 + numbers % 5, b"T"
    rows["side"] = np.where(numbers % 2, b"B", b"A")
    return rows


def ten_levels(count: int) -> Rows:
    """Return ten levels of one contract a millisecond apart, of which one changes with each.

    Now and then the price moves on, and a level comes where another goes.
    """
    rows = np.zeros(count, dbn.MBP10Msg._dtypes)
    numbers = np.arange(count)
    middle = 20_000 + numbers // 16 % 16
    traded = numbers % TRADED == 0
    rows["length"], rows["rtype"] = rows.itemsize // 4, 10
    rows["publisher_id"], rows["instrument_id"] = 1, ID
    rows["ts_event"] = rows["ts_recv"] = time.time_ns() + numbers * STEP_NS
    rows["price"], rows["size"] = middle * TICK, 1 + numbers % 5
    rows["action"], rows["side"] = np.where(traded, b"T", b"A"), np.where(numbers % 2, b"B", b"A")
    rows["flags"] = np.where(traded, 0, LAST)
    for level in range(10):
        changed = np.where(numbers % 10 == level, 1 + numbers % 7, 9)
        for side, price in (("bid", middle - level), ("ask", middle + 1 + level)):
            rows[f"{side}_px_{level:02}"] = price * TICK
            rows[f"{side}_sz_{level:02}"] = changed if side == "bid" else 9
            rows[f"{side}_ct_{level:02}"] = 3
    return rows


def _serve(peer: socket.socket, rows: Rows, rate: int) -> None:
    peer.sendall(b"lsg_version=0.0.0\ncram=bench\n")
    lines = peer.makefile("rb")
    lines.readline(LINE_MAX)
    peer.sendall(b"success=1|session_id=1\n")
    asked = 0
    while line := lines.readline(LINE_MAX):
        if line.startswith(b"start_session"):
            break
        asked += 1
    else:
        return
    now_ns = time.time_ns()
    words = dbn.Metadata(
        dataset="GLBX.MDP3", start=now_ns, stype_in=None, stype_out=BY_ID,
        schema=None, symbols=[], partial=[], not_found=[], mappings=[], ts_out=False, version=3,
    ).encode()  # fmt: skip
    words += bytes(dbn.SymbolMappingMsg(
        1, ID, now_ns, BY_NAME, CONTRACT, BY_NAME, CONTRACT, NOBODY, NOBODY,
    ))  # fmt: skip
    words += b"".join(bytes(dbn.SystemMsg(now_ns, f"{n}", DONE)) for n in range(asked))
    peer.sendall(words)
    time.sleep(0.2)  # Whoever is asked whether it is live has the time to say so.
    if rate:
        _pace(peer, rows, rate)
    else:
        for start in range(0, len(rows), BURST):
            peer.sendall(rows[start : start + BURST].tobytes())
    peer.recv(1)  # It hangs up when it has counted all.


def _pace(peer: socket.socket, rows: Rows, rate: int) -> None:
    began = time.perf_counter()
    sent = 0
    while sent < len(rows):
        due = min(int((time.perf_counter() - began) * rate) + 1, len(rows))
        if due > sent:
            part = rows[sent:due]
            part["ts_event"] = part["ts_recv"] = time.time_ns()
            peer.sendall(part.tobytes())
            sent = due
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
