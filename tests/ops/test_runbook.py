"""Every code that a person can be told has its section in the runbook, and no other has one."""

import ast
import re
from pathlib import Path

from actors.core.notices.codes import TREE_ALARMS, Told
from actors.core.watch.checks import Code
from protocol.watch_settings import NotifySettings, WatchSettings

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = (ROOT / "ops" / "runbook.md").read_text()
RAISING = ("alarm", "_raise")  # Methods of the supervisors whose first argument is a code.


def raised_by_supervisors():
    codes = set()
    for path in (ROOT / "supervision").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                first = node.args[0] if node.args else None
                if node.func.attr in RAISING and isinstance(first, ast.Constant):
                    codes.add(first.value)
    return codes


def test_every_code_has_one_section_and_every_section_a_code():
    sections = re.findall(r"^### (.+)$", RUNBOOK, re.MULTILINE)
    codes = {*map(str, Code), *map(str, Told), *(code.upper() for code in TREE_ALARMS)}
    assert sorted(sections) == sorted(codes)


def test_no_section_is_empty():
    parts = re.split(r"^### .+$", RUNBOOK, flags=re.MULTILINE)[1:]
    assert all(len(part.split("\n## ")[0].split()) >= 5 for part in parts)


def test_every_alarm_of_the_supervisors_has_its_words_and_no_other():
    assert raised_by_supervisors() == set(TREE_ALARMS)


def test_the_defaults_are_those_of_domain_8_5():
    watch, notify = WatchSettings(), NotifySettings()
    assert (watch.heartbeat_s, watch.heartbeat_age_s, watch.check_s) == (30, 300, 60)
    assert (watch.cooldown_s, watch.reconnects_max) == (900, 3)
    assert (watch.memory_share, watch.disk_free_mb) == (0.85, 500)
    assert (watch.cpu_degraded, watch.memory_degraded, watch.disk_degraded) == (0.75, 0.75, 0.85)
    assert (watch.cpu_unhealthy, watch.memory_unhealthy, watch.disk_unhealthy) == (0.90, 0.90, 0.95)
    assert (watch.response_degraded_s, watch.response_unhealthy_s) == (2.0, 5.0)
    assert (watch.errors_degraded, watch.errors_unhealthy) == (0.05, 0.10)
    assert (watch.breaker_failures, watch.breaker_s, notify.backoff_max_s) == (5, 60, 60.0)
