"""A run keeps the settings by which it decides, and nothing that is secret."""

import dataclasses

import pytest

from ops.kept_settings import FILE, as_kept, keep
from protocol.settings import Settings

SETTINGS = Settings()


def other() -> Settings:
    return dataclasses.replace(
        SETTINGS,
        paper=dataclasses.replace(SETTINGS.paper, slippage_ticks=3),
        store=dataclasses.replace(SETTINGS.store, url="postgresql://me:pw@db/x"),
        notify=dataclasses.replace(SETTINGS.notify, discord_webhook="https://x/hunter2"),
    )


def test_what_decides_is_as_it_was_and_the_rest_as_given(tmp_path):
    keep(other(), tmp_path)
    found = as_kept(SETTINGS, tmp_path)
    assert found == dataclasses.replace(other(), store=SETTINGS.store, notify=SETTINGS.notify)


def test_nothing_secret_is_kept(tmp_path):
    keep(other(), tmp_path)
    text = (tmp_path / FILE).read_text()
    assert "pw@db" not in text and "hunter2" not in text


def test_the_settings_of_the_last_start_count(tmp_path):
    keep(SETTINGS, tmp_path)
    keep(other(), tmp_path)
    assert as_kept(SETTINGS, tmp_path).paper.slippage_ticks == 3


@pytest.mark.parametrize("text", ["", "[]", "{", '{"paper": 3}', '{"paper": {"of_tomorrow": 1}}'])
def test_a_file_that_says_nothing_of_use_leaves_the_settings_as_given(tmp_path, text):
    assert as_kept(other(), tmp_path) == other()
    (tmp_path / FILE).write_text(text)
    assert as_kept(other(), tmp_path) == other()
