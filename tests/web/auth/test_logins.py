"""Tokens: whom they name, and when they end."""

import dataclasses
import json
from pathlib import Path

import jwt
import pytest

from protocol.web_settings import WebSettings
from web.api.endpoint import Person, Role
from web.auth import passwords
from web.auth.logins import KEY_BYTES, LOCAL, STRANGER, Logins
from web.auth.users import add_user

ANN = Person("ann", Role.OPERATOR)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with little memory."""
    monkeypatch.setattr(passwords, "MEMORY_KIB", 64)


@pytest.fixture
def own(tmp_path: Path) -> WebSettings:
    path = tmp_path / "users.json"
    add_user(path, "ann", "operator", "ann-secret")
    add_user(path, "bob", "viewer", "bob-secret")
    return WebSettings(users_file=str(path))


def token_of(logins: Logins, name: str = "ann") -> str:
    found = logins.log_in(name, f"{name}-secret")
    assert found is not None
    return found[1]


def test_without_users_everybody_here_is_operator(tmp_path: Path) -> None:
    logins = Logins(WebSettings(users_file=""), tmp_path)
    assert not logins.required
    assert logins.person("") == logins.person("nonsense") == LOCAL
    assert LOCAL.role is Role.OPERATOR


def test_whoever_has_logged_in_is_known_by_his_token(own: WebSettings, tmp_path: Path) -> None:
    logins = Logins(own, tmp_path)
    assert logins.required
    assert logins.person(token_of(logins)) == ANN
    assert logins.person(token_of(logins, "bob")) == Person("bob", Role.VIEWER)


@pytest.mark.parametrize(
    ("name", "password"),
    [("ann", "bob-secret"), ("ann", ""), ("eve", "ann-secret"), ("", ""), ("ANN", "ann-secret"),
     ("ann\x00", "ann-secret")],
)  # fmt: skip
def test_a_wrong_name_or_password_gives_no_token(
    own: WebSettings, tmp_path: Path, name: str, password: str
) -> None:
    assert Logins(own, tmp_path).log_in(name, password) is None


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\x00", "é.é.é", "x" * 10_000])
def test_nonsense_is_a_stranger(own: WebSettings, tmp_path: Path, token: str) -> None:
    assert Logins(own, tmp_path).person(token) == STRANGER


def test_a_token_that_others_made_is_a_strangers(own: WebSettings, tmp_path: Path) -> None:
    logins = Logins(own, tmp_path)
    token = token_of(logins)
    claims = jwt.decode(token, options={"verify_signature": False})
    forged = [
        jwt.encode(claims, b"k" * KEY_BYTES, "HS256"),
        jwt.encode(claims, None, "none"),  # type: ignore[arg-type]
        jwt.encode({**claims, "sub": "root"}, (tmp_path / "data/web.key").read_bytes(), "HS256"),
        jwt.encode(claims, (tmp_path / "data/web.key").read_bytes() * 2, "HS512"),
        token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1],
    ]
    assert [logins.person(one) for one in forged] == [STRANGER] * len(forged)
    for missing in ("exp", "jti", "mark", "sub"):
        part = {key: value for key, value in claims.items() if key != missing}
        own_key = (tmp_path / "data/web.key").read_bytes()
        assert logins.person(jwt.encode(part, own_key, "HS256")) == STRANGER


@pytest.mark.parametrize(("passed_s", "who"), [(0, ANN), (3599, ANN), (3600, STRANGER)])
def test_a_token_ends_after_its_hours_by_the_clock_that_was_given(
    own: WebSettings, tmp_path: Path, passed_s: int, who: Person
) -> None:
    now_s = 1_000_000.0  # Long ago: the clock of this machine has no say.
    logins = Logins(dataclasses.replace(own, login_hours=1), tmp_path, lambda: now_s)
    token = token_of(logins)
    now_s += passed_s
    assert logins.person(token) == who


def test_a_logout_ends_one_login_for_good(own: WebSettings, tmp_path: Path) -> None:
    logins = Logins(own, tmp_path)
    first, second = token_of(logins), token_of(logins)
    logins.log_out(first)
    logins.log_out(first)
    logins.log_out("nonsense")
    assert (logins.person(first), logins.person(second)) == (STRANGER, ANN)
    # After a restart of the page, too; and nobody else was logged out by it.
    again = Logins(own, tmp_path)
    assert (again.person(first), again.person(second)) == (STRANGER, ANN)
    assert len(json.loads((tmp_path / "data/web-logouts.json").read_text())) == 1
    for name in ("web-logouts.json", "web.key"):
        assert (tmp_path / "data" / name).stat().st_mode & 0o777 == 0o600


def test_a_new_password_ends_all_logins_and_a_new_role_counts_at_once(
    own: WebSettings, tmp_path: Path
) -> None:
    logins = Logins(own, tmp_path)
    token, other = token_of(logins), token_of(logins, "bob")
    path = Path(own.users_file)
    document = json.loads(path.read_text())
    document["users"][0]["role"] = "viewer"
    path.write_text(json.dumps(document))
    assert logins.person(token) == Person("ann", Role.VIEWER)
    add_user(path, "ann", "operator", "ann-second")
    assert (logins.person(token), logins.person(other).name) == (STRANGER, "bob")


def test_the_operator_of_the_settings_can_log_in(tmp_path: Path) -> None:
    logins = Logins(WebSettings(users_file="", password="from-settings"), tmp_path)
    assert logins.log_in("operator", "from-setting") is None
    found = logins.log_in("operator", "from-settings")
    assert found is not None
    assert logins.person(found[1]) == Person("operator", Role.OPERATOR)
    other = Logins(WebSettings(users_file="", password="another-one"), tmp_path)
    assert other.person(found[1]) == STRANGER
