"""The time of a server over real UDP on loopback: sound answers, and all that is none."""

import socket
import struct
import threading
import time
from contextlib import contextmanager

import pytest

from ops.preflight.sntp import EPOCH_S, PACKET, NoTime, offset_ms
from protocol.units import NANOS_PER_MS, NANOS_PER_S

ERA_2036_S = 2**32 - EPOCH_S  # The instant, since 1970, at which the seconds begin anew.


def stamp(ts_ns):
    seconds, nanos = divmod(ts_ns, NANOS_PER_S)
    return (seconds + EPOCH_S) % 2**32 << 32 | (nanos << 32) // NANOS_PER_S


def sound(question, now_ns, *, mode=4, leap=0, stratum=2, origin=None, told_ns=None):
    token = PACKET.unpack(question)[-1]
    told_ns = now_ns if told_ns is None else told_ns
    flags = leap << 6 | 4 << 3 | mode
    asked = token if origin is None else origin
    return PACKET.pack(flags, stratum, 0, 0, 0, 0, b"LOCL", 0, asked, stamp(now_ns), stamp(told_ns))


@contextmanager
def server(answer):
    """Answer one question after another with what `answer` makes of it; None is silence."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        link.settimeout(5)

        def serve():
            try:
                question, whence = link.recvfrom(1024)
                reply = answer(question)
                if reply is not None:
                    link.sendto(reply, whence)
            except OSError:
                return

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{link.getsockname()[1]}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", link.getsockname())
        thread.join(5)


@pytest.mark.parametrize("ahead_ms", [0, 2_500, -2_500, 86_400_000])
def test_the_offset_is_how_far_this_clock_is_behind_the_server(ahead_ms):
    with server(lambda q: sound(q, time.time_ns() + ahead_ms * NANOS_PER_MS)) as where:
        assert abs(offset_ms(where, 2.0) - ahead_ms) < 500


def test_a_slow_server_is_not_taken_for_a_wrong_clock():
    times = iter([1_000 * NANOS_PER_S, 1_001 * NANOS_PER_S])  # Ours: asked, answered.
    with server(lambda q: sound(q, 1_000_500 * NANOS_PER_MS)) as where:
        assert offset_ms(where, 2.0, lambda: next(times)) == 0


def test_the_seconds_that_begin_anew_in_2036_are_told_from_those_of_1900():
    now_ns = (ERA_2036_S + 100) * NANOS_PER_S
    with server(lambda q: sound(q, now_ns + NANOS_PER_S)) as where:
        assert offset_ms(where, 2.0, lambda: now_ns) == 1_000


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda q: None, "did not answer within"),
        (lambda q: b"short", "5 bytes"),
        (lambda q: sound(q, time.time_ns(), origin=12345), "no answer to our question"),
        (lambda q: sound(q, time.time_ns(), mode=3), "no answer to our question"),
        (lambda q: sound(q, time.time_ns(), leap=3), "does not know the time"),
        (lambda q: sound(q, time.time_ns(), stratum=0), "does not know the time"),
        (lambda q: sound(q, time.time_ns(), stratum=16), "does not know the time"),
    ],
)
def test_what_is_no_sound_answer_is_refused(answer, words):
    with server(answer) as where, pytest.raises(NoTime, match=words):
        offset_ms(where, 0.2)


def test_a_port_on_which_nobody_listens_is_no_time():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{link.getsockname()[1]}"
    with pytest.raises(NoTime):
        offset_ms(where, 0.2)


@pytest.mark.parametrize("where", ["127.0.0.1:0", "127.0.0.1:70000", "host:ntp", ":123"])
def test_an_address_that_is_none_is_refused_with_what_was_wanted(where):
    with pytest.raises(NoTime, match="wanted host or host:port"):
        offset_ms(where, 0.2)


def test_a_question_tells_nothing_but_a_random_number():
    questions = []

    def answer(question):
        questions.append(question)
        return sound(question, time.time_ns())

    for _ in range(2):
        with server(answer) as where:
            offset_ms(where, 2.0)
    first, second = questions
    assert first[:40] == second[:40] == bytes([0x23]) + bytes(39)
    assert struct.unpack("!Q", first[40:]) != struct.unpack("!Q", second[40:])
