"""What looks like a credential is found, what stands for one is not, and the repository has none.

Every credential below is put together here, so that this file is none itself.
"""

import random
import string
import subprocess

import pytest

from ops.secrets_scan import ROOT, found_in, kept_files, scan

LETTERS = string.ascii_letters + string.digits


def made(count: int, alphabet: str = LETTERS) -> str:
    return "".join(random.Random(7).choices(alphabet, k=count))


SHAPES = {
    "private key": f"-----BEGIN RSA {'PRIVATE'} KEY-----\n{made(64)}",
    "AWS access key": f"AKIA{made(16, string.ascii_uppercase)}",
    "AWS secret key": f"aws_{'secret'}_access_key = {made(40)}",
    "Discord webhook": f"https://discord.com/api/{'webhooks'}/{'1234567890' * 2}/{made(68)}",
    "Slack token": f"xoxb-{made(30)}",
    "GitHub token": f"ghp_{made(36)}",
    "Databento key": f"db-{made(29)}",
    "web token": f"eyJ{made(20)}.eyJ{made(30)}.{made(40)}",
    "password in an address": f"postgresql://trader:{made(12)}@db.floor.net/journal",
}


@pytest.mark.parametrize("kind", SHAPES)
def test_a_credential_is_found_with_its_line_and_not_shown(kind):
    (finding,) = found_in("a.py", f"one\ntwo = '{SHAPES[kind]}'\n")
    assert (finding.kind, finding.line) == (kind, 2)
    assert str(finding) == f"a.py:2: {kind}"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://user:password@host:5432/database",
        "postgresql://user:$PASSWORD@db.floor.net/x",
        f"postgresql://floor:{made(12)}@127.0.0.1:5432/x",
        f"postgresql://floor:{made(12)}@localhost/x",
        "https://discord.com/api/webhooks/123/token",
        "AKIAIOSFODNN7" + "EXAMPLE",
        "AKIA" + "A" * 16,
        f"sha256:{made(64, '0123456789abcdef')}",
        f"commit {made(40, '0123456789abcdef')}",
        "-----BEGIN PRIVATE KEY-----",
        "http://127.0.0.1:8000/healthz",
        "",
    ],
)
def test_what_only_looks_like_one_is_no_finding(text):
    assert list(found_in("a.py", text)) == []


def test_what_is_no_text_is_read_without_a_failure(tmp_path):
    path = tmp_path / "binary"
    path.write_bytes(bytes(range(256)) + SHAPES["GitHub token"].encode())
    assert [finding.kind for finding in scan([path])] == ["GitHub token"]


def test_the_repository_holds_no_credential():
    try:
        paths = kept_files(ROOT)
    except subprocess.CalledProcessError:
        pytest.skip("not a clone: what is kept cannot be listed")
    assert len(paths) > 300
    assert list(map(str, scan(paths))) == []
