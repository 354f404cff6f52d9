"""Secrets: read from files that are nobody else's, and taken out of texts."""

import os

import pytest

from actors.adapters.secrets import BadSecret, Secret, hidden, secret_of_file, secrets_of
from protocol.settings import Settings, StoreSettings

VALUE = "correct horse"
ADDRESS = "postgresql://me:hunter%2F22@host/orders"


def file_of(tmp_path, content=VALUE, mode=0o600):
    path = tmp_path / "file"
    path.write_text(content)
    path.chmod(mode)
    return path


def test_a_secret_is_shown_by_no_way_of_printing_it():
    secret = Secret("store.url", VALUE)
    shown = f"{secret} {secret!r} {[secret]} {secret!s:>90}"
    assert "store.url" in shown and VALUE not in shown


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_of_its_owner_alone_is_read_without_its_line_break(tmp_path, mode):
    assert secret_of_file("it", file_of(tmp_path, f"{VALUE}\n", mode)).value == VALUE


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o777])
def test_a_file_that_others_may_open_is_refused_with_the_way_out(tmp_path, mode):
    with pytest.raises(BadSecret, match=f"mode {mode:o}, wanted 600: chmod 600") as refusal:
        secret_of_file("it", file_of(tmp_path, mode=mode))
    assert VALUE not in str(refusal.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path):
    path = file_of(tmp_path)
    os.chown(path, 12345, -1)
    with pytest.raises(BadSecret, match="belongs to user 12345"):
        secret_of_file("it", path)


@pytest.mark.parametrize("content", ["", "\n", "two\nlines", "x" * 4097])
def test_a_file_that_holds_no_one_line_is_refused_without_showing_it(tmp_path, content):
    with pytest.raises(BadSecret, match="wanted one line of text") as refusal:
        secret_of_file("it", file_of(tmp_path, content))
    assert "two" not in str(refusal.value)


def test_no_file_and_a_directory_are_refused(tmp_path):
    with pytest.raises(BadSecret, match="No such file"):
        secret_of_file("it", tmp_path / "none")
    with pytest.raises(BadSecret, match="is no file"):
        secret_of_file("it", tmp_path)


def test_the_secrets_are_the_settings_that_are_not_shown_and_the_keys_of_libraries():
    settings = Settings(store=StoreSettings(url=ADDRESS))
    found = secrets_of(settings, {"AWS_SECRET_ACCESS_KEY": "abcdefgh", "PATH": "/bin"})
    assert {secret.value for secret in found} == {
        ADDRESS, "hunter/22", "hunter%2F22", "abcdefgh",
    }  # fmt: skip
    assert secrets_of(Settings(), {}) == ()


def test_a_secret_is_taken_out_of_a_text_wherever_it_stands_and_however_it_is_written():
    secrets = secrets_of(Settings(store=StoreSettings(url=ADDRESS)), {})
    text = f"cannot reach {ADDRESS}: hunter/22 is wrong, hunter%2F22 too"
    assert hidden(text, secrets) == (
        "cannot reach (not shown): (not shown) is wrong, (not shown) too"
    )


def test_a_word_that_is_too_short_for_a_secret_is_left_in_the_text():
    assert hidden("long and short", [Secret("it", "short")]) == "long and short"
    assert hidden("long and shorts", [Secret("it", "shorts")]) == "long and (not shown)"
