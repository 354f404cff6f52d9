"""Users and passwords: who is read from the file, and which files are refused."""

import json
import os
from pathlib import Path

import pytest

from protocol.web_settings import WebSettings
from web.api.endpoint import Role
from web.auth import passwords
from web.auth.passwords import WeakPassword, hash_of, matches
from web.auth.users import BadUsers, Users, add_user, read_users, remove_user


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users.json"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with little memory."""
    monkeypatch.setattr(passwords, "MEMORY_KIB", 64)


def test_a_password_matches_its_hash_alone() -> None:
    hashed = hash_of("correct horse")
    assert hashed.startswith("$argon2id$") and "correct" not in hashed
    assert matches("correct horse", hashed)
    assert not matches("correct horsf", hashed)
    assert hash_of("correct horse") != hashed


@pytest.mark.parametrize("hashed", ["", "x", "$argon2id$v=19$m=64,t=2,p=1$", "\x00"])
def test_a_damaged_hash_matches_nothing(hashed: str) -> None:
    assert not matches("", hashed)
    assert not matches("correct horse", hashed)


@pytest.mark.parametrize(("length", "taken"), [(7, False), (8, True), (256, True), (257, False)])
def test_a_password_has_8_to_256_characters(length: int, taken: bool) -> None:
    if taken:
        assert matches("p" * length, hash_of("p" * length))
        return
    with pytest.raises(WeakPassword, match=f"{length} characters, wanted 8 to 256"):
        hash_of("p" * length)


def test_whoever_is_added_is_read_back_and_the_file_is_his_owners_alone(path: Path) -> None:
    add_user(path, "ann", "operator", "ann-secret")
    add_user(path, "bob", "viewer", "bob-secret")
    add_user(path, "bob", "operator", "bob-second")
    assert path.stat().st_mode & 0o777 == 0o600
    users = read_users(path)
    assert {name: user.role for name, user in users.items()} == {
        "ann": Role.OPERATOR, "bob": Role.OPERATOR
    }  # fmt: skip
    assert matches("bob-second", users["bob"].hashed)
    assert "secret" not in path.read_text() and "secret" not in repr(users)
    remove_user(path, "ann")
    assert list(read_users(path)) == ["bob"]


def test_the_last_user_cannot_be_taken_out(path: Path) -> None:
    add_user(path, "ann", "operator", "ann-secret")
    with pytest.raises(BadUsers, match="has no user 'eve'"):
        remove_user(path, "eve")
    with pytest.raises(BadUsers, match="remove the file"):
        remove_user(path, "ann")
    assert list(read_users(path)) == ["ann"]


@pytest.mark.parametrize(
    ("name", "role"),
    [("", "viewer"), ("a b", "viewer"), ("a\n", "viewer"), ("<b>", "viewer"), ("a" * 65, "viewer"),
     ("ann", "anybody"), ("ann", "root"), ("ann", "")],
)  # fmt: skip
def test_what_is_no_name_or_role_is_refused(path: Path, name: str, role: str) -> None:
    with pytest.raises(BadUsers, match="wanted"):
        add_user(path, name, role, "password")
    assert not path.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_read_is_refused(path: Path, mode: int) -> None:
    add_user(path, "ann", "operator", "ann-secret")
    path.chmod(mode)
    with pytest.raises(BadUsers, match="chmod 600"):
        read_users(path)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"users": []}', '{"users": [{"name": "ann"}]}', '{"users": 1}',
     '{"users": [{"name": "ann", "role": "king", "hash": ""}]}', "[" * 100_000],
)  # fmt: skip
def test_a_file_that_is_none_of_users_is_refused(path: Path, content: str) -> None:
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(BadUsers):
        read_users(path)


def test_without_file_and_password_there_are_no_users(path: Path) -> None:
    assert Users(WebSettings(users_file=str(path))).all() == {}
    assert Users(WebSettings(users_file="")).all() == {}


def test_the_password_of_the_settings_is_that_of_the_operator(path: Path) -> None:
    users = Users(WebSettings(users_file=str(path), password="from-settings")).all()
    assert (users["operator"].role, users["operator"].plain) == (Role.OPERATOR, "from-settings")
    add_user(path, "operator", "viewer", "from-file")
    users = Users(WebSettings(users_file=str(path), password="from-settings")).all()
    assert users["operator"].role is Role.VIEWER  # Who stands in the file stands there.


def test_a_change_of_the_file_is_seen_and_its_loss_lets_nobody_in(path: Path) -> None:
    users = Users(WebSettings(users_file=str(path)))
    assert users.all() == {}
    add_user(path, "ann", "operator", "ann-secret")
    assert list(users.all()) == ["ann"]
    add_user(path, "bob", "viewer", "bob-secret")
    assert list(users.all()) == ["ann", "bob"]
    path.chmod(0o644)
    os.utime(path, ns=(1, 1))
    with pytest.raises(BadUsers, match="chmod 600"):
        users.all()
    path.unlink()
    with pytest.raises(BadUsers, match="taken away"):
        users.all()


def test_a_file_that_cannot_be_used_is_refused_at_the_start(path: Path) -> None:
    path.write_text(json.dumps({"users": []}))
    path.chmod(0o600)
    with pytest.raises(BadUsers, match="no user"):
        Users(WebSettings(users_file=str(path)))
