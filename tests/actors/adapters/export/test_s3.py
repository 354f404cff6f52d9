"""Files to a server of the S3 kind: whole, checked, and no secret in any text."""

import random
from time import monotonic

import pytest

from actors.adapters.digest import sha256_of
from actors.adapters.export.port import ExportFailed, ExportRefused, Put
from actors.adapters.export.s3 import S3Destination
from tests.venues.postgres import free_port
from tests.venues.s3 import BUCKET, CREDENTIALS, s3_server, settings_of, without_credentials
from tests.venues.sftp import cut_line

NAME = "ES/2025-12-02.parquet"


@pytest.fixture(scope="module")
def address():
    with s3_server() as found:
        yield found


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    without_credentials(monkeypatch)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def file_of(tmp_path, content, name=NAME):
    path = tmp_path / "here"
    path.write_bytes(content)
    return Put(path, name, len(content), sha256_of(path))


def store(address):
    import s3fs

    key, secret = CREDENTIALS.values()
    return s3fs.S3FileSystem(
        key=key, secret=secret, endpoint_url=address, skip_instance_cache=True,
        use_listings_cache=False,
    )  # fmt: skip


def test_a_file_arrives_whole_with_its_checksum_and_is_not_sent_again(address, tmp_path):
    file = file_of(tmp_path, random.Random(1).randbytes(5_500_000))
    destination = S3Destination(settings_of(address))
    destination.put(file)
    there = store(address)
    assert there.cat_file(f"{BUCKET}/ticks/{NAME}") == file.path.read_bytes()
    assert there.cat_file(f"{BUCKET}/ticks/{NAME}.sha256").startswith(file.sha256.encode())
    before = there.info(f"{BUCKET}/ticks/{NAME}")["LastModified"]
    destination.put(file)
    assert there.info(f"{BUCKET}/ticks/{NAME}")["LastModified"] == before


def test_an_amended_day_takes_the_place_of_the_one_before(address, tmp_path):
    destination = S3Destination(settings_of(address))
    for content in (b"first", b"fIrst", b"fIrst and late"):
        destination.put(file_of(tmp_path, content, "ES/2025-12-03.parquet"))
        assert store(address).cat_file(f"{BUCKET}/ticks/ES/2025-12-03.parquet") == content


def test_a_line_cut_on_the_way_fails_leaves_nothing_half_and_the_next_attempt_works(
    address, tmp_path
):
    file = file_of(tmp_path, random.Random(2).randbytes(3_000_000), "ES/cut.parquet")
    port = int(address.rpartition(":")[2])
    with cut_line(port, [1_000_000] * 30) as line, pytest.raises(ExportFailed):
        S3Destination(settings_of(f"http://127.0.0.1:{line.port}")).put(file)
    assert not store(address).exists(f"{BUCKET}/ticks/ES/cut.parquet")
    S3Destination(settings_of(address)).put(file)
    assert store(address).cat_file(f"{BUCKET}/ticks/ES/cut.parquet") == file.path.read_bytes()


def test_a_server_that_accepts_and_says_nothing_is_an_error_within_the_limit(address, tmp_path):
    port = int(address.rpartition(":")[2])
    with cut_line(port, [], silent=True) as line:
        began = monotonic()
        with pytest.raises(ExportFailed):
            settings = settings_of(f"http://127.0.0.1:{line.port}", timeout_s=1)
            S3Destination(settings).put(file_of(tmp_path, b"x"))
        assert monotonic() - began < 8


def test_a_bucket_that_is_not_there_is_an_error_without_secrets(address, tmp_path):
    settings = settings_of(address, path="no-such-bucket/ticks")
    with pytest.raises((ExportFailed, ExportRefused)) as error:
        S3Destination(settings).put(file_of(tmp_path, b"x"))
    for secret in CREDENTIALS.values():
        assert secret not in str(error.value) and error.value.__cause__ is None


def test_nobody_at_the_address_is_an_error_that_may_pass(tmp_path):
    with pytest.raises(ExportFailed, match=r"ES/2025-12-02.parquet: \w+"):
        S3Destination(settings_of(f"http://127.0.0.1:{free_port()}")).put(file_of(tmp_path, b"x"))


@pytest.mark.parametrize("missing", list(CREDENTIALS))
def test_credentials_that_are_missing_are_named(address, monkeypatch, missing):
    monkeypatch.delenv(missing)
    with pytest.raises(ExportRefused, match=f"{missing} not in the environment"):
        S3Destination(settings_of(address))


def test_a_bucket_must_be_named(address):
    with pytest.raises(ExportRefused, match="wanted bucket/prefix"):
        S3Destination(settings_of(address, path="/"))


def test_neither_settings_nor_destination_show_a_secret(address):
    settings = settings_of("http://user:hunter2@127.0.0.1:1")
    shown = f"{settings!r} {S3Destination(settings)!r} {S3Destination(settings).label}"
    assert "hunter2" not in shown
