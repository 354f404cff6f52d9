"""The settings name the destination; what is missing is said before anything is sent."""

import pytest

from actors.adapters.export.open import open_destination
from actors.adapters.export.port import ExportRefused
from protocol.export_settings import ExportSettings
from tests.venues.s3 import CREDENTIALS


def test_nothing_is_exported_by_default():
    assert open_destination(ExportSettings()) is None


@pytest.mark.parametrize("to", ["directory", "sftp", "s3"])
def test_a_destination_that_is_not_described_is_refused(to):
    with pytest.raises(ExportRefused, match=r"export\.\w+ is empty"):
        open_destination(ExportSettings(to=to))


def test_each_destination_has_a_label_without_secrets(tmp_path, monkeypatch):
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "key").touch()
    key = str(tmp_path / "key")
    sftp = {"host": "host", "user": "me", "key_file": key, "known_hosts_file": key}
    for fields, label in (
        ({"to": "directory", "path": "/backup"}, "directory /backup"),
        ({"to": "sftp", "path": "/ticks", **sftp}, "sftp me@host:22/ticks"),
        ({"to": "s3", "path": "bucket/ticks/"}, "s3 bucket/ticks"),
    ):
        assert open_destination(ExportSettings(**fields)).label == label
