"""Checkpoints: the newest is found again with its stream, or none is, and neither is wrong."""

import os
import pickle
from dataclasses import replace
from time import process_time
from types import MappingProxyType

import pytest

from actors.adapters.secrets import secrets_of
from protocol.settings import Settings, settings_from
from supervision.checkpoint import (
    Checkpoint,
    FileCheckpoints,
    MemoryCheckpoints,
    restore,
    state_of,
    without_secrets,
)

KEY = bytes(range(32))
FIRST = Checkpoint(
    cut=7,
    positions={"feed": 40, "bars": 12},
    published=2,
    gaps={"feed": 1},
    state=b"what a shell knows",
)


def opened(directory, key=KEY, work_s=0.0):
    return FileCheckpoints(directory, "sum", key, work_s)


def kept(directory, checkpoint=FIRST):
    """Keep one, behind as many frames as it says."""
    checkpoints = opened(directory)
    for number in range(checkpoints.window.last, checkpoint.published):
        checkpoints.window.append(b"frame %d" % number)
    checkpoints.keep(lambda: checkpoint)
    checkpoints.window.close()
    return directory / "sum.checkpoint"


def test_before_the_first_there_is_none(tmp_path):
    checkpoints = opened(tmp_path)
    assert (checkpoints.loaded, checkpoints.window.last) == (None, 0)


def test_the_next_life_finds_it_with_the_stream_up_to_there(tmp_path):
    path = kept(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    found = opened(tmp_path)
    assert found.loaded == FIRST
    assert [found.window.get(number) for number in (1, 2)] == [b"frame 0", b"frame 1"]


def test_the_newest_takes_the_place_of_the_last(tmp_path):
    kept(tmp_path)
    second = replace(FIRST, cut=8, published=5)
    kept(tmp_path, second)
    found = opened(tmp_path)
    assert found.loaded == second
    assert found.window.last == 5


def test_one_of_another_run_is_void(tmp_path):
    kept(tmp_path)
    other = opened(tmp_path, key=bytes(32))
    assert (other.loaded, other.window.last) == (None, 0)


class Trap:
    """Says when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("sprung",)


def test_what_we_did_not_write_is_never_unpickled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = kept(tmp_path)
    path.write_bytes(path.read_bytes()[:32] + pickle.dumps(Trap()))
    assert opened(tmp_path).loaded is None
    assert not os.path.exists("sprung")


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, -1])
def test_one_cut_short_is_void(tmp_path, size):
    path = kept(tmp_path)
    path.write_bytes(path.read_bytes()[:size])
    assert opened(tmp_path).loaded is None


def test_one_without_its_stream_is_void(tmp_path):
    kept(tmp_path)
    os.truncate(tmp_path / "sum.frames", 3)
    found = opened(tmp_path)
    assert (found.loaded, found.window.last) == (None, 0)
    found.window.append(b"anew")
    assert found.window.get(1) == b"anew"


@pytest.mark.parametrize("refusing", ["pwrite", "open"])
def test_on_a_full_disk_the_last_one_stays(tmp_path, monkeypatch, refusing):
    kept(tmp_path)
    checkpoints = opened(tmp_path)
    checkpoints.window.append(b"one more")

    def full(*_, **__):
        raise OSError(28, "no space left")

    with monkeypatch.context() as disk:
        disk.setattr(os, refusing, full)
        checkpoints.keep(lambda: replace(FIRST, cut=8, published=3))
    assert opened(tmp_path).loaded == FIRST


def test_it_is_due_when_so_much_work_was_done(tmp_path):
    eager = opened(tmp_path, work_s=0.0)
    assert (eager.due(), eager.overdue()) == (True, True)
    lazy = opened(tmp_path, work_s=3_600.0)
    assert (lazy.due(), lazy.overdue()) == (False, False)


def test_one_that_is_due_can_wait_for_as_much_work_again(tmp_path):
    checkpoints = opened(tmp_path, work_s=0.05)
    while not checkpoints.due():
        pass
    assert not checkpoints.overdue()
    while not checkpoints.overdue():
        pass
    checkpoints.keep(lambda: replace(FIRST, published=0))
    assert not checkpoints.due()


def test_one_that_was_dear_is_not_due_again_before_much_more_was_done(tmp_path):
    def dear():
        began_s = process_time()
        while process_time() < began_s + 0.01:
            pass
        return replace(FIRST, published=0)

    checkpoints = opened(tmp_path, work_s=0.0)
    checkpoints.keep(dear)
    began_s = process_time()
    while not checkpoints.due():
        pass
    assert process_time() - began_s > 0.15


def test_no_secret_is_told_to_who_keeps_copies_and_everything_else_is():
    settings = settings_from({
        "store": {"url": "postgresql://db/floor"},
        "notify": {"discord_webhook": "https://discord.example/api/webhooks/1/token"},
        "web": {"password": "correct horse", "metrics_token": "battery staple", "port": 8001},
        "bars": {"series": ["time:300"]},
    })
    told = without_secrets(settings)
    assert secrets_of(settings, {}) and not secrets_of(told, {})
    assert (told.web.port, told.bars, told.risk) == (8001, settings.bars, settings.risk)
    assert without_secrets(Settings()) == Settings()


def test_rules_with_read_only_views_are_copied_with_a_shell():
    class Shell:
        pass

    shell, again = Shell(), Shell()
    shell.calendar = MappingProxyType({"2025-12-24": 13})
    restore(again, state_of(shell))
    assert again.calendar == shell.calendar
    with pytest.raises(TypeError):
        again.calendar["2025-12-24"] = 16


def test_in_memory_the_next_life_finds_the_same():
    first = MemoryCheckpoints()
    for body in (b"1", b"2", b"not yet"):
        first.window.append(body)
    first.keep(lambda: FIRST)
    second = first.again()
    assert second.loaded == FIRST
    assert second.window.bodies == [b"1", b"2"]
    assert MemoryCheckpoints().again().loaded is None
