"""The numbers for Prometheus: every line is of its text format."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.makers import make_opened
from tests.web.rooms import Client, child, make_run, talk, write_status
from web.api.metrics import family
from web.floor import Floor

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = rf'{NAME}="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:{{{LABEL}(?:,{LABEL})*}})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)")


def samples(text: str) -> dict[str, float]:
    """Return every sample by its name and labels; each family has one head."""
    found: dict[str, float] = {}
    heads: set[str] = set()
    for line in text.splitlines():
        if line.startswith("#"):
            word, name, _ = line[2:].split(" ", 2)
            assert (word, name) not in heads
            heads.add((word, name))  # type: ignore[arg-type]
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        assert ("TYPE", match[1]) in heads
        key = line.rpartition(" ")[0]
        assert key not in found
        found[key] = float(match[2])
    return found


def test_the_floor_is_told_in_numbers(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path)
    write_status(run_dir, "root", child("feed", health="red", restarts=3, messages_in=5))

    async def talking(client: Client, floor: Floor) -> None:
        floor.fold(make_opened(quantity=2, entry_sum=40_000))
        await client.get("/nowhere")
        answer = await client.get("/metrics")
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4"
        found = samples(await answer.text())
        assert found['floorwatch_actor_health{actor="feed"}'] == 2
        assert found['floorwatch_actor_restarts_total{actor="feed"}'] == 3
        assert found["floorwatch_contracts_held"] == 2
        assert found['floorwatch_messages_folded_total{kind="order.position_opened"}'] == 1
        assert found['floorwatch_web_requests_total{status="404"}'] == 1

    talk(run_dir, talking)


def test_where_there_is_no_tree_the_rest_is_told(tmp_path: Path) -> None:
    async def talking(client: Client, _: Floor) -> None:
        found = samples(await (await client.get("/metrics")).text())
        assert found["floorwatch_positions"] == 0
        assert not any(name.startswith("floorwatch_actor") for name in found)

    talk(make_run(tmp_path), talking)


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_any_label_and_number_can_be_read_back(label: str, value: float) -> None:
    lines = family("x", "gauge", "Words.", [({"a": label}, value)]).split("\n")
    match = SAMPLE.fullmatch("\n".join(lines[2:-1]))
    assert match and float(match[2]) == float(value)
