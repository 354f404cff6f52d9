"""Users of the page from the command line: never a password among the arguments."""

import json
import stat

import pytest

from ops.commands import EXIT_USAGE, main
from ops.user_commands import PASSWORD


@pytest.fixture
def users(tmp_path, monkeypatch):
    path = tmp_path / "users.json"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLOORWATCH_WEB__USERS_FILE", str(path))
    monkeypatch.setenv(PASSWORD, "correct horse battery")
    return path


def test_a_user_is_added_changed_and_taken_out(users, capsys):
    assert main(["user", "add", "anna", "--role", "operator"]) == 0
    assert main(["user", "add", "bert"]) == 0
    rows = json.loads(users.read_text())["users"]
    assert [(row["name"], row["role"]) for row in rows] == [
        ("anna", "operator"), ("bert", "viewer"),
    ]  # fmt: skip
    assert stat.S_IMODE(users.stat().st_mode) == 0o600
    assert "correct horse" not in users.read_text() + capsys.readouterr().out
    assert main(["user", "remove", "anna"]) == 0
    assert main(["user", "remove", "bert"]) == EXIT_USAGE  # The last one: the file would be open.


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["add", "a b"], "wanted letters"), (["add", "x", "--role", "king"], "wanted one of viewer"),
     (["remove", "nobody"], "users.json")],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_a_sentence(users, capsys, arguments, words):
    assert main(["user", *arguments]) == EXIT_USAGE
    assert words in capsys.readouterr().err


def test_where_nobody_can_type_a_password_it_is_said_how_to_give_one(users, monkeypatch, capsys):
    monkeypatch.delenv(PASSWORD)
    assert main(["user", "add", "anna"]) == EXIT_USAGE
    assert PASSWORD in capsys.readouterr().err
    assert not users.exists()
