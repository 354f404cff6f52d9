"""The notifier shell: what is told, what a restart keeps, and that nobody waits for Discord."""

import json
import stat
from threading import Event
from time import monotonic

import pytest

from actors.adapters.notify.port import FakeNotifier, Refused, Unreachable
from actors.core.notices.notice import Notice, Severity, plain
from actors.notifier import STATE_FILE, NotifierShell
from protocol.account import StillExposed
from protocol.settings import Settings
from protocol.units import NANOS_PER_S
from protocol.watch_settings import NotifySettings, WatchSettings
from supervision.cell import Cell
from tests.makers import at, make_closed, make_opened
from tests.venues.discord import HANG, TOKEN, DiscordServer, Step

S = NANOS_PER_S
NOON = at("12:00")
LIMIT_S = 10.0
AT_ONCE_S = 1.0  # What a handler may take on a busy machine; a hung webhook would take 10.
EXPOSED = StillExposed(ts_ns=NOON, contract="ESZ5", quantity=1, hard_stop_ns=NOON)


class Told:
    """A notifier in its cell, in the directory of a run that was started at `run_ns`."""

    def __init__(self, run_dir, notifier=None, run_ns=1, watch=WatchSettings(), **fields):
        self.run_dir = run_dir
        (run_dir / "data").mkdir(exist_ok=True)
        (run_dir / "run.json").write_text(json.dumps({"started_ns": run_ns}))
        notify = NotifySettings(**({"backoff_s": 0.01} | fields))
        self.shell = NotifierShell(notifier)
        settings = Settings(notify=notify, watch=watch)
        self.shell.configure(settings, str(run_dir / "data"))
        self.cell = Cell(self.shell, ("regime", "risk", "desk"), lambda message: None)
        self.read = self.cell.recover()

    def tell(self, source, *messages, commit=True):
        for message in messages:
            self.read[source] += 1
            self.cell.offer(source, self.read[source], message)
        if commit:
            self.cell.commit()

    def begin(self, now_ns=NOON):
        self.shell.on_time(now_ns)
        self.cell.commit()

    def until(self, holds):
        """Wait until something holds of the notifier, a limit of ten seconds."""
        end_s, pause = monotonic() + LIMIT_S, Event()
        while not holds():
            assert monotonic() < end_s, self.shell.inspect()
            pause.wait(0.005)
            self.cell.commit()

    def sent(self, count):
        self.until(lambda: self.shell.inspect()["sent"] >= count)
        self.cell.commit()

    def die(self):
        """End the thread as a kill would, without a last write."""
        if self.shell.courier is not None:
            self.shell.courier.stop()


@pytest.fixture
def made(tmp_path):
    found = []

    def make(*arguments, **fields):
        found.append(Told(tmp_path, *arguments, **fields))
        return found[-1]

    yield make
    for told in found:
        told.die()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with DiscordServer() as found:
        yield found


def codes(notifier):
    return [notice.code for notice in notifier.told]


def test_what_happens_on_the_floor_arrives_in_its_order(made):
    told = made(notifier := FakeNotifier())
    told.begin()
    told.tell("desk", make_opened(), make_closed())
    told.tell("risk", EXPOSED)
    told.sent(4)
    assert codes(notifier) == ["FLOOR_STARTED", "TRADE_OPENED", "TRADE_CLOSED", "STILL_EXPOSED"]


def test_nothing_is_sent_before_it_is_written(made):
    told = made(notifier := FakeNotifier())
    told.tell("desk", make_opened(), commit=False)
    Event().wait(0.05)
    assert notifier.told == []
    told.cell.commit()
    told.sent(1)


def test_a_restart_repeats_nothing_and_goes_on_behind_what_was_read(made):
    first = made(notifier := FakeNotifier())
    first.begin()
    first.tell("desk", make_opened())
    first.sent(2)
    first.die()
    again = made(notifier)
    assert again.read["desk"] == 1
    again.begin(NOON + S)
    again.tell("desk", make_closed())
    again.sent(1)
    assert codes(notifier) == ["FLOOR_STARTED", "TRADE_OPENED", "TRADE_CLOSED"]


def test_whoever_comes_back_behind_the_close_reads_for_a_minute_before_it_tells_the_day(made):
    told = made(notifier := FakeNotifier(), watch=WatchSettings(market="live"))
    back = at("16:10")
    told.begin(back)
    told.begin(back + 59 * S)
    told.tell("desk", make_opened(), make_closed())
    told.begin(back + 60 * S)
    told.sent(4)
    digests = [notice for notice in notifier.told if notice.code == "DAILY_DIGEST"]
    assert [dict(notice.fields)["trades"] for notice in digests] == ["1"]


def test_whoever_is_there_at_the_close_tells_the_day_a_minute_after_it(made):
    told = made(notifier := FakeNotifier(), watch=WatchSettings(market="live"))
    told.begin(NOON)
    told.begin(at("16:01") - 1)
    assert told.shell.inspect()["digested"] == ""
    told.begin(at("16:01") + S)
    told.sent(2)
    assert codes(notifier) == ["FLOOR_STARTED", "DAILY_DIGEST"]


def test_a_new_run_of_the_same_floor_says_that_it_goes_on(made):
    first = made(FakeNotifier())
    first.begin()
    first.tell("desk", make_opened())
    first.die()
    again = made(notifier := FakeNotifier(), run_ns=2)
    again.begin()
    again.until(lambda: "FLOOR_RESUMED" in codes(notifier))
    assert "FLOOR_STARTED" not in codes(notifier)[1:]


def test_a_critical_notice_that_never_arrived_survives_any_number_of_restarts(made):
    away = [Unreachable("x")] * 10_000
    for run_ns in (1, 2, 3):
        told = made(FakeNotifier(away), run_ns=run_ns)
        if run_ns == 1:
            told.tell("risk", EXPOSED)
        told.until(lambda told=told: "unreachable" in told.shell.inspect()["state"])
        told.die()
    last = made(notifier := FakeNotifier(), run_ns=4)
    last.sent(1)
    assert codes(notifier)[0] == "STILL_EXPOSED"
    assert codes(notifier).count("STILL_EXPOSED") == 1


def test_a_deleted_webhook_is_said_and_the_critical_notices_wait_for_another(made):
    gone = FakeNotifier([Refused(1, "404: the webhook was deleted", gone=True)])
    told = made(gone)
    told.begin()
    told.until(lambda: "stopped: 404" in told.shell.inspect()["state"])
    told.tell("risk", EXPOSED)
    told.tell("desk", make_opened())
    assert told.shell.inspect()["waiting"] == 1
    told.shell.close()
    again = made(notifier := FakeNotifier())
    again.sent(1)
    assert "STILL_EXPOSED" in codes(notifier)


def test_what_supervisors_and_the_watchdog_have_written_is_told_once(made, tmp_path):
    row = {"source": "trading", "code": "child_restarted", "ts_ns": 5, "text": "desk killed"}
    alert = Notice(severity=Severity.CRITICAL, code="DISK_LOW", title="t", ts_ns=6)
    (tmp_path / "alarms.jsonl").write_text(json.dumps(row) + "\nnonsense\n[]\n")
    told = made(notifier := FakeNotifier())
    (tmp_path / "data" / "alerts.jsonl").write_text(json.dumps(plain(alert)) + "\n")
    told.begin()
    told.sent(3)
    assert codes(notifier)[1:] == ["CHILD_RESTARTED", "DISK_LOW"]
    assert told.shell.inspect()["unreadable"] == 2
    told.die()
    again = made(notifier)
    again.begin()
    assert again.shell.inspect()["waiting"] == 0


def test_without_a_webhook_it_folds_and_has_no_thread(made):
    told = made()
    told.begin()
    told.tell("desk", make_opened(), make_closed())
    told.shell.close()
    assert told.shell.courier is None
    assert told.shell.inspect()["state"] == "no webhook"
    again = made()
    assert again.read["desk"] == 2
    assert again.shell.memory.known.days["2025-12-02"].pnl_cents == 29_550


def test_a_webhook_that_cannot_be_used_is_said_and_keeps_what_is_critical(made, tmp_path):
    path = tmp_path / "webhook"
    path.write_text("https://discord.com/api/webhooks/1/x")
    path.chmod(0o644)
    told = made(discord_webhook_file=str(path))
    told.begin()
    told.tell("risk", EXPOSED)
    assert "mode 644, wanted 600" in told.shell.inspect()["fault"]
    told.die()
    again = made(notifier := FakeNotifier())
    again.until(lambda: "STILL_EXPOSED" in codes(notifier))


def test_its_file_is_the_owners_alone_and_shows_no_address(made, server, tmp_path):
    told = made(discord_webhook=server.url)
    told.begin()
    told.sent(1)
    path = tmp_path / "data" / STATE_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert TOKEN not in path.read_text() + json.dumps(told.shell.inspect())
    assert server.titles == ["INFO: The floor has started: ES"]


@pytest.mark.parametrize("way", ["hangs", "is deleted", "fails", "is not there"])
def test_whatever_the_webhook_does_the_handlers_return_at_once(made, server, way):
    steps = {"hangs": HANG, "is deleted": 404, "fails": 500, "is not there": 500}
    server.steps += [Step(steps[way])] * 100
    url = server.url if way != "is not there" else f"http://127.0.0.1:1/api/webhooks/1/{TOKEN}"
    told = made(discord_webhook=url, queue_max=20)
    told.begin()
    if way != "is not there":
        assert server.heard.wait(LIMIT_S)
    began_s = monotonic()
    for number in range(50):
        told.tell("desk", make_closed(bracket_id=str(number)), commit=False)
    told.cell.commit()
    assert monotonic() - began_s < AT_ONCE_S
    began_s = monotonic()
    told.shell.close()
    assert monotonic() - began_s < AT_ONCE_S
    assert len(told.shell.memory.box.notices) <= 20


def test_a_disk_that_takes_nothing_does_not_silence_it(made, tmp_path):
    told = made(notifier := FakeNotifier())
    (tmp_path / "data").rename(tmp_path / "away")
    told.tell("risk", EXPOSED)
    told.until(lambda: notifier.told != [])
    assert told.shell.inspect()["unwritten"] >= 1
    (tmp_path / "away").rename(tmp_path / "data")
