"""Files into a directory: written beside, read back, moved into place."""

import pytest

from actors.adapters.digest import sha256_of
from actors.adapters.export.directory import DirectoryDestination
from actors.adapters.export.port import ExportFailed, ExportRefused, Put

NAME = "ES/2025-12-02.parquet"


def file_of(tmp_path, content, name=NAME, sha256=None):
    path = tmp_path / "here"
    path.write_bytes(content)
    return Put(path, name, len(content), sha256 or sha256_of(path))


@pytest.fixture
def place(tmp_path):
    path = tmp_path / "backup"
    path.mkdir()
    return path


def there(place):
    return {str(p.relative_to(place)): p.read_bytes() for p in place.rglob("*") if p.is_file()}


def test_a_file_arrives_with_its_checksum_and_is_not_written_again(place, tmp_path):
    file = file_of(tmp_path, b"content")
    DirectoryDestination(place).put(file)
    sums = f"{file.sha256}  2025-12-02.parquet\n".encode()
    assert there(place) == {NAME: b"content", f"{NAME}.sha256": sums}
    inode = (place / NAME).stat().st_ino
    DirectoryDestination(place).put(file)
    assert (place / NAME).stat().st_ino == inode


@pytest.mark.parametrize("before", [b"cOntent", b"", b"content and more"])
def test_what_stands_there_with_another_content_is_replaced(place, tmp_path, before):
    (place / "ES").mkdir()
    (place / NAME).write_bytes(before)
    DirectoryDestination(place).put(file_of(tmp_path, b"content"))
    assert there(place)[NAME] == b"content"


def test_a_file_that_changes_on_the_way_is_not_kept(place, tmp_path):
    DirectoryDestination(place).put(file_of(tmp_path, b"good"))
    with pytest.raises(ExportFailed, match="reads back as"):
        DirectoryDestination(place).put(file_of(tmp_path, b"bad", sha256="0" * 64))
    assert there(place)[NAME] == b"good"
    assert len(there(place)) == 2


def test_a_disk_that_is_not_mounted_is_refused(tmp_path):
    with pytest.raises(ExportRefused, match="mount its disk"):
        DirectoryDestination(tmp_path / "backup").put(file_of(tmp_path, b"x"))


def test_a_place_that_cannot_be_written_is_an_error_with_its_reason(place, tmp_path):
    (place / "ES").write_bytes(b"a file where a directory should be")
    with pytest.raises(ExportFailed, match="2025-12-02.parquet: File exists|Not a directory"):
        DirectoryDestination(place).put(file_of(tmp_path, b"x"))
