"""The kill file: what stands in it, and that whatever is wrong with it means that it is there."""

from actors.adapters.kill_file import WORDS_MAX, KillFile


def test_without_a_file_the_switch_is_not_thrown(tmp_path):
    assert KillFile(tmp_path).thrown() is None


def test_a_file_throws_the_switch_with_what_stands_in_it(tmp_path):
    (tmp_path / "KILL").write_text("power supply fails\n")
    assert KillFile(tmp_path).thrown() == "power supply fails"
    (tmp_path / "KILL").write_text("")
    assert KillFile(tmp_path).thrown() == "no reason given"


def test_of_a_long_file_in_no_known_code_only_the_beginning_is_read(tmp_path):
    (tmp_path / "KILL").write_bytes(b"\xff\x00" * 5_000)
    assert 0 < len(KillFile(tmp_path).thrown() or "") <= WORDS_MAX


def test_what_cannot_be_read_is_thrown_all_the_same(tmp_path):
    (tmp_path / "KILL").mkdir()
    assert "unreadable" in (KillFile(tmp_path).thrown() or "")
