"""The log as a person or a program sees it."""

import io
import json

import pytest

from actors.adapters.decision_log import NAME, DecisionLog
from actors.adapters.secrets import Secret
from actors.core.orders.brackets import client_id
from actors.core.risk.ledger import bracket_id
from ops.logs import NoLog, show_log
from protocol.log_settings import LogSettings
from tests.makers import make_approved, make_bar, make_signal, make_submitted

JSON = LogSettings(format="json", level="debug")


@pytest.fixture
def run_dir(tmp_path):
    bracket = bracket_id("s1")
    log = DecisionLog(tmp_path / "logs", JSON)
    log.add("bars", 1, make_bar())
    log.add("detector", 1, make_signal(id="s1", detail="horse battery"))
    log.add("detector", 2, make_signal(id="s2"))
    log.add("router", 1, make_approved(signal_id="s1"))
    log.add("desk", 1, make_submitted(bracket_id=bracket, client_id=client_id(bracket)))
    log.write()
    return tmp_path


def shown(run_dir, settings=JSON, secrets=(), trail=""):
    out = io.StringIO()
    count = show_log(run_dir, settings, secrets, out, trail)
    text = out.getvalue()
    assert len(text.splitlines()) == count
    return text


def events(text):
    return [json.loads(line)["event"] for line in text.splitlines()]


def test_a_program_gets_every_line_as_json_with_its_level(run_dir):
    found = [json.loads(line) for line in shown(run_dir).splitlines()]
    assert [line["level"] for line in found] == ["debug"] * 3 + ["info"] * 2


def test_one_trail_leads_from_the_signal_to_the_order(run_dir):
    assert events(shown(run_dir, trail="s1")) == [
        "signal.raised", "signal.approved", "order.bracket_submitted",
    ]  # fmt: skip


def test_the_level_leaves_out_what_matters_less(run_dir):
    info = LogSettings(format="json", level="info")
    assert "market.bar_closed" not in events(shown(run_dir, info))


def test_a_person_gets_words_and_no_colours_where_there_is_no_terminal(run_dir):
    text = shown(run_dir, LogSettings(level="debug"))
    assert "signal.raised" in text and "trail=s1" in text
    assert "\x1b[" not in text


@pytest.mark.parametrize("format", ["json", "console"])
def test_a_secret_that_got_into_a_file_is_not_shown(run_dir, format):
    secrets = (Secret("it", "horse battery"),)
    text = shown(run_dir, LogSettings(level="debug", format=format), secrets)
    assert "battery" not in text and "(not shown)" in text


def test_files_are_read_from_the_oldest_on_and_a_repeated_line_comes_once(run_dir):
    logs = run_dir / "logs"
    lines = (logs / NAME).read_text().splitlines(keepends=True)
    (logs / f"{NAME}.2").write_text("".join(lines[:2]))
    (logs / f"{NAME}.1").write_text("".join(lines[1:4]))
    (logs / NAME).write_text("".join(lines[3:]))
    assert events(shown(run_dir)) == [json.loads(line)["event"] for line in lines]


def test_a_run_without_a_log_is_refused(tmp_path):
    with pytest.raises(NoLog, match="log.level other than off"):
        show_log(tmp_path, JSON, (), io.StringIO())
