"""What was written down: audit, log and recaps."""

import json
from pathlib import Path

import pytest

from tests.web.rooms import Client, asked, make_run, talk, told
from web.floor import Floor


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return make_run(tmp_path)


def write_log(run_dir: Path, name: str, *lines: dict[str, object]) -> None:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (run_dir / "logs" / name).write_text(text)


def test_the_log_goes_back_over_the_files_of_a_rotation(run_dir: Path) -> None:
    write_log(run_dir, "decisions.jsonl.10", {"seq": 1})
    write_log(run_dir, "decisions.jsonl.2", {"seq": 2})
    write_log(run_dir, "decisions.jsonl.1", {"seq": 3}, {"seq": 4})
    write_log(run_dir, "decisions.jsonl", {"seq": 5})

    async def talking(client: Client, _: Floor) -> None:
        found, cursor = [], ""
        while True:
            page = await told(client, f"/api/logs?limit=2{cursor}")
            found += [row["seq"] for row in page["rows"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert found == [5, 4, 3, 2, 1]

    talk(run_dir, talking)


def test_of_the_log_one_trail_one_actor_or_what_matters_can_be_asked(run_dir: Path) -> None:
    write_log(
        run_dir, "decisions.jsonl",
        {"seq": 1, "trail": "s1", "actor": "risk", "level": "debug"},
        {"seq": 2, "trail": "s2", "actor": "desk", "level": "info", "text": "s1"},
        {"seq": 3, "trail": "s1", "actor": "desk", "level": "error"},
        {"seq": 4, "trail": "s1", "actor": "desk", "level": "strange"},
    )  # fmt: skip

    def seqs(query: str) -> list[int]:
        return [row["seq"] for row in asked(run_dir, f"/api/logs?{query}")["rows"]]

    assert seqs("trail=s1") == [4, 3, 1]
    assert seqs("actor=desk") == [4, 3, 2]
    assert seqs("level=warning") == [4, 3]  # What is not known is never hidden.
    assert seqs("trail=s1&actor=risk&level=info") == []


@pytest.mark.parametrize("path", ["/api/logs", "/api/audit"])
def test_of_nothing_written_there_is_nothing_and_no_cursor(run_dir: Path, path: str) -> None:
    assert asked(run_dir, path) == {"rows": [], "next": None}
    assert "cursor" in asked(run_dir, f"{path}?cursor=x", 400)["detail"]
    assert asked(run_dir, f"{path}?cursor=1-1") == {"rows": [], "next": None}


def test_recaps_are_listed_the_newest_first_and_shown_as_they_were_written(run_dir: Path) -> None:
    recaps = run_dir / "data" / "recaps"
    assert asked(run_dir, "/api/recaps") == {"rows": [], "next": None}
    recaps.mkdir()
    for day in (1, 2, 3):
        (recaps / f"2025-12-0{day}_recap.json").write_text(f'{{"day": {day}}}')
    (recaps / "2025-12-04_recap.html").write_text("")
    (recaps / "secret.json").write_text("{}")
    page = asked(run_dir, "/api/recaps?limit=2")
    assert [row["date"] for row in page["rows"]] == ["2025-12-03", "2025-12-02"]
    assert (page["next"], page["rows"][0]["bytes"]) == ("2025-12-02", 10)
    page = asked(run_dir, "/api/recaps?cursor=2025-12-02")
    assert ([row["date"] for row in page["rows"]], page["next"]) == (["2025-12-01"], None)
    assert asked(run_dir, "/api/recap/2025-12-02") == {"day": 2}


@pytest.mark.parametrize(
    "date",
    ["2025-12-04", "x", "..%2f..%2fsecret", "%2e%2e", "2025-12-02%00", "20251202", "2025-1-2"],
)
def test_a_recap_that_is_not_there_is_said_and_a_path_is_no_date(run_dir: Path, date: str) -> None:
    asked(run_dir, f"/api/recap/{date}", 404)


def test_a_disk_that_fails_is_said(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("web.api.records.log_files", fails)
    assert asked(run_dir, "/api/logs", 503)["detail"] == "the disk: Input/output error"


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_a_recap_that_cannot_be_read_is_said(run_dir: Path, content: bytes) -> None:
    (run_dir / "data" / "recaps").mkdir()
    (run_dir / "data" / "recaps" / "2025-12-02_recap.json").write_bytes(content)
    assert "cannot be read" in asked(run_dir, "/api/recap/2025-12-02", 503)["detail"]
