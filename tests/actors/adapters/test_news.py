"""The file of scheduled events: what is read, and what is refused with its line."""

import pytest

from actors.adapters.news import BadNews, read_news
from actors.core.session.news import scheduled


def file(tmp_path, *lines, header="instant,title"):
    path = tmp_path / "news.csv"
    path.write_text("".join(f"{line}\n" for line in (header, *lines)), encoding="utf-8")
    return path


def test_events_come_in_order_of_time_in_utc_and_each_once(tmp_path):
    path = file(
        tmp_path,
        "2025-12-10T14:00:00-05:00,FOMC",
        '2025-12-05T13:30:00Z,"Payrolls,  non-farm"',
        "",
        "2025-12-10T19:00:00Z,FOMC",
    )
    found = read_news(path)
    assert found == ("2025-12-05T13:30:00Z Payrolls, non-farm", "2025-12-10T19:00:00Z FOMC")
    assert [news.title for news in scheduled(found)] == ["Payrolls, non-farm", "FOMC"]


def test_a_file_without_events_is_allowed(tmp_path):
    assert read_news(file(tmp_path)) == ()


def test_the_mark_that_spreadsheets_write_first_is_no_part_of_the_header(tmp_path):
    path = file(tmp_path, "2025-12-10T19:00:00Z,FOMC", header="\ufeffinstant,title")
    assert read_news(path) == ("2025-12-10T19:00:00Z FOMC",)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("2025-12-10T19:00:00,FOMC", "line 3: instant .* has no offset"),
        ("10.12.2025,FOMC", "line 3: .*ISO 8601"),
        ("2025-12-10T19:00:00Z,", "line 3: .*title"),
        ("2025-12-10T19:00:00Z", "line 3: .*title"),
        ("2025-12-10T19:00:00Z,FOMC,high", "line 3: .*title"),
        ('2025-12-10T19:00:00Z,"FOMC', "wanted a CSV file"),
    ],
)
def test_a_bad_line_is_refused_with_its_number(tmp_path, line, wanted):
    with pytest.raises(BadNews, match=wanted):
        read_news(file(tmp_path, "2025-12-05T13:30:00Z,Payrolls", line))


def test_a_file_that_is_none_is_refused_in_words(tmp_path):
    with pytest.raises(BadNews, match="nowhere.csv: No such file"):
        read_news(tmp_path / "nowhere.csv")
    with pytest.raises(BadNews, match="header 'time,what', wanted 'instant,title'"):
        read_news(file(tmp_path, header="time,what"))
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadNews, match="UTF-8"):
        read_news(tmp_path / "binary")
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(BadNews, match="header ''"):
        read_news(tmp_path / "empty")
