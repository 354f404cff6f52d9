"""Files over a real SFTP connection that is cut, hangs, refuses, or belongs to somebody else."""

import random
from pathlib import Path
from time import monotonic

import pytest

from actors.adapters.digest import sha256_of
from actors.adapters.export.port import ExportFailed, ExportRefused, Put
from actors.adapters.export.sftp import SftpDestination
from tests.venues.sftp import SftpHost, cut_line

NAME = "ES/2025-12-02.parquet"
SIZE = 3_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    host = SftpHost(tmp_path_factory.mktemp("sftp"))
    yield host
    host.close()


@pytest.fixture
def host(server, tmp_path):
    server.files = tmp_path / "remote"
    server.files.mkdir()
    server.room, server.locked = None, False
    return server


def file_of(tmp_path, content, name=NAME):
    path = tmp_path / "here"
    path.write_bytes(content)
    return Put(path, name, len(content), sha256_of(path))


def there(host):
    return {
        str(path.relative_to(host.files / "ticks")): path.read_bytes()
        for path in host.files.rglob("*")
        if path.is_file()
    }


def whole(file):
    sums = f"{file.sha256}  2025-12-02.parquet\n".encode()
    return {NAME: file.path.read_bytes(), f"{NAME}.sha256": sums}


@pytest.mark.parametrize("content", [b"", b"x", bytes(range(256)) * 1024, b"y" * (262_144 + 1)])
def test_a_file_arrives_whole_with_its_checksum_beside(host, tmp_path, content):
    file = file_of(tmp_path, content)
    destination = SftpDestination(host.settings())
    destination.put(file)
    assert there(host) == whole(file)
    destination.put(file)
    assert there(host) == whole(file)


@pytest.mark.parametrize("seed", range(4))
def test_a_line_cut_at_random_bytes_delays_the_file_and_changes_nothing(host, tmp_path, seed):
    dice = random.Random(seed)
    file = file_of(tmp_path, dice.randbytes(SIZE))
    budgets = [dice.randrange(1, 6_000) for _ in range(2)]
    budgets += [dice.randrange(1, SIZE // 2) for _ in range(3)]
    print(f"seed {seed}: cut after {budgets} bytes")
    with cut_line(host.port, budgets) as line:
        destination = SftpDestination(host.settings(line.port))
        failed = 0
        for _ in range(len(budgets) + 1):
            try:
                destination.put(file)
                break
            except ExportFailed:
                failed += 1
                assert NAME not in there(host) or there(host)[NAME] == file.path.read_bytes()
    assert there(host) == whole(file), f"seed {seed}"
    assert failed >= 1 and line.cuts >= failed


def test_what_arrived_before_a_cut_is_not_sent_again(host, tmp_path):
    file = file_of(tmp_path, random.Random(5).randbytes(SIZE))
    with cut_line(host.port, [SIZE - 500_000]) as line, pytest.raises(ExportFailed):
        SftpDestination(host.settings(line.port)).put(file)
    left = len(there(host)["ES/.2025-12-02.parquet.part"])
    assert left > SIZE // 2
    # The rest and the talk around it fit: the beginning is not sent again.
    with cut_line(host.port, [SIZE - left + 400_000]) as line:
        SftpDestination(host.settings(line.port)).put(file)
        assert line.cuts == 0
    assert there(host) == whole(file)


@pytest.mark.parametrize("left", ["longer", "other", "holes"])
def test_a_part_that_is_not_the_beginning_of_the_file_is_sent_anew(host, tmp_path, left):
    content = random.Random(6).randbytes(600_000)
    file = file_of(tmp_path, content)
    parts = {
        "longer": content + b"tail", "other": b"z" * 1000,
        "holes": content[:300_000] + bytes(100_000) + content[400_000:500_000],
    }  # fmt: skip
    (host.files / "ticks/ES").mkdir(parents=True)
    (host.files / "ticks/ES/.2025-12-02.parquet.part").write_bytes(parts[left])
    SftpDestination(host.settings()).put(file)
    assert there(host) == whole(file)


def test_an_amended_day_takes_the_place_of_the_one_before(host, tmp_path):
    destination = SftpDestination(host.settings())
    destination.put(file_of(tmp_path, b"first"))
    file = file_of(tmp_path, b"fIrst and late trades")
    destination.put(file)
    assert there(host) == whole(file)


def test_a_file_damaged_over_there_is_sent_anew(host, tmp_path):
    destination = SftpDestination(host.settings())
    file = file_of(tmp_path, b"content")
    destination.put(file)
    (host.files / "ticks" / NAME).write_bytes(b"cOntent")
    destination.put(file)
    assert there(host) == whole(file)


def test_a_host_that_accepts_and_says_nothing_is_an_error_within_the_limit(host, tmp_path):
    file = file_of(tmp_path, b"content")
    with cut_line(host.port, [], silent=True) as line:
        began = monotonic()
        with pytest.raises(ExportFailed):
            SftpDestination(host.settings(line.port, timeout_s=1)).put(file)
        assert 0.5 < monotonic() - began < 4


def test_nobody_at_the_port_is_an_error_that_may_pass(host, tmp_path):
    with cut_line(host.port, []) as line:
        port = line.port
    with pytest.raises(ExportFailed, match="Connect"):
        SftpDestination(host.settings(port)).put(file_of(tmp_path, b"x"))


def test_a_full_disk_over_there_fails_and_the_next_attempt_goes_on(host, tmp_path):
    file = file_of(tmp_path, random.Random(7).randbytes(SIZE))
    destination = SftpDestination(host.settings())
    host.room = SIZE // 2
    with pytest.raises(ExportFailed, match="No space left"):
        destination.put(file)
    assert NAME not in there(host)
    host.room = None
    destination.put(file)
    assert there(host) == whole(file)


def test_a_directory_that_may_not_be_written_is_refused(host, tmp_path):
    host.locked = True
    with pytest.raises(ExportRefused, match=r"2025-12-02.parquet: Permission denied"):
        SftpDestination(host.settings()).put(file_of(tmp_path, b"x"))


def test_a_host_with_another_key_is_refused_and_gets_nothing(host, tmp_path):
    settings = host.settings()
    other = host.stranger_file.with_suffix(".pub").read_text()
    Path(settings.known_hosts_file).write_text(f"[127.0.0.1]:{host.port} {other}")
    with pytest.raises(ExportRefused, match="[Hh]ost key"):
        SftpDestination(settings).put(file_of(tmp_path, b"x"))
    assert list(host.files.iterdir()) == []


def test_a_key_that_is_not_let_in_is_refused_without_its_text(host, tmp_path):
    settings = host.settings(key_file=str(host.stranger_file))
    with pytest.raises(ExportRefused, match="was not accepted") as refusal:
        SftpDestination(settings).put(file_of(tmp_path, b"x"))
    for line in host.stranger_file.read_text().splitlines()[1:-1]:
        assert line not in str(refusal.value)


def test_a_key_that_cannot_be_read_is_refused_without_its_text(host, tmp_path):
    bad = tmp_path / "bad"
    bad.write_text("not a key but hunter2-secret\n")
    with pytest.raises(ExportRefused) as refusal:
        SftpDestination(host.settings(key_file=str(bad))).put(file_of(tmp_path, b"x"))
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("name", ["host", "user", "key_file", "known_hosts_file"])
def test_a_setting_that_is_missing_is_named_before_anything_is_sent(host, name):
    with pytest.raises(ExportRefused, match=f"export.{name} is empty"):
        SftpDestination(host.settings(**{name: ""}))


def test_a_key_file_that_is_not_there_is_named(host):
    with pytest.raises(ExportRefused, match="/nowhere/key: found no file"):
        SftpDestination(host.settings(key_file="/nowhere/key"))
