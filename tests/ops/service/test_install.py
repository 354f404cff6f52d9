"""What the installation writes, keeps and refuses; below a root of its own."""

import stat
from pathlib import Path, PurePosixPath

import pytest

from ops.bootstrap import STAMP
from ops.service.install import MACHINE, NotInstalled, install, service_for, shown
from ops.service.units import FLOOR, SENTINEL, Service, floor_unit
from protocol.settings import Settings, SupervisionSettings
from supervision.spec import stop_limit_s
from supervision.tree import floor

UID = 1000
SERVICE = Service(user="tradebot", prefix=PurePosixPath("/opt/floorwatch"), stop_s=61)


@pytest.fixture
def root(tmp_path):
    prefix = tmp_path / "opt/floorwatch"
    (prefix / ".venv/bin").mkdir(parents=True)
    (prefix / "start.py").touch()
    (prefix / ".venv/bin/python").symlink_to("/nowhere/python3")
    (prefix / ".venv" / STAMP).touch()
    return tmp_path


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_units_secrets_and_the_directory_of_runs_are_written_with_their_modes(root):
    said = install(SERVICE, UID, root)
    units = root / "etc/systemd/system"
    assert (units / FLOOR).read_text() == floor_unit(SERVICE)
    assert mode(units / FLOOR) == mode(units / SENTINEL) == 0o644
    assert mode(root / "etc/floorwatch/env") == 0o600
    assert mode(root / "var/lib/floorwatch") == 0o700
    assert "systemctl daemon-reload" in said


def test_a_second_installation_renews_the_units_and_keeps_the_secrets(root):
    install(SERVICE, UID, root)
    (root / "etc/floorwatch/env").write_text("FLOORWATCH_WEB__PORT=8001\n")
    (root / "etc/systemd/system" / FLOOR).write_text("old")
    said = install(SERVICE, UID, root)
    assert (root / "etc/floorwatch/env").read_text() == "FLOORWATCH_WEB__PORT=8001\n"
    assert (root / "etc/systemd/system" / FLOOR).read_text() == floor_unit(SERVICE)
    assert f"kept {root}/etc/floorwatch/env" in said


def test_a_dry_run_shows_every_file_and_writes_none(root):
    before = sorted(root.rglob("*"))
    text = shown(SERVICE, root)
    assert sorted(root.rglob("*")) == before
    assert floor_unit(SERVICE) in text
    assert f"{root}/etc/floorwatch/env, mode 600, kept if it exists" in text


@pytest.mark.parametrize("missing", ["start.py", ".venv/bin/python", f".venv/{STAMP}"])
def test_a_checkout_without_its_parts_is_refused_before_anything_is_written(root, missing):
    (root / "opt/floorwatch" / missing).unlink()
    with pytest.raises(NotInstalled, match=missing):
        install(SERVICE, UID, root)
    assert not (root / "etc").exists() and not (root / "var").exists()


def test_secrets_that_others_may_read_are_refused(root):
    install(SERVICE, UID, root)
    (root / "etc/floorwatch/env").chmod(0o640)
    with pytest.raises(NotInstalled, match="mode 640, wanted 600"):
        install(SERVICE, UID, root)


def test_an_ordinary_user_is_refused_on_the_machine_itself():
    with pytest.raises(NotInstalled, match="wanted root"):
        install(SERVICE, UID, MACHINE)


def test_a_service_is_given_as_long_to_stop_as_its_tree_allows_itself():
    found = service_for(Settings(), "me", Path("/opt/fw"), Path("/srv/fw"), 512)
    assert found.stop_s >= stop_limit_s(floor(SupervisionSettings())) > 10


def test_a_service_that_cannot_be_is_refused_in_words():
    with pytest.raises(NotInstalled, match="not root"):
        service_for(Settings(), "root", Path("/opt/fw"), Path("/srv/fw"), 512)
