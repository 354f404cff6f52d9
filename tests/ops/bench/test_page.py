"""The rows of the page: what is reached, on the boundary and beside it, and what was not seen."""

import pytest

from ops.bench import page_browser
from ops.bench.page import crowd_row, glance_row, paint_row, weight_rows
from ops.bench.page_floor import CLIENTS, Figures
from ops.bench.page_weight import File

WELL = {"snapshots": 1, "changes": 4, "lost": 0, "behind": 0}


def figures(crowded_ms: float, *, alone_ms: tuple[float, ...] = (10.0, 10.0)) -> Figures:
    return Figures(
        alone_ms=[[ms] * 3 for ms in alone_ms],
        crowded_ms=[[crowded_ms] * 3],
        told=[[dict(WELL) for _ in range(CLIENTS)]],
    )


@pytest.mark.parametrize(("ms", "reached"), [(499.0, True), (500.0, False), (501.0, False)])
def test_a_glance_is_reached_below_two_looks_of_the_page(ms, reached):
    row = glance_row([ms] * 20, 20)
    assert row.reached is reached
    assert f"p99 {ms:.0f} ms" in row.found


@pytest.mark.parametrize("seen", [0, 19])
def test_a_command_that_never_came_is_told_whatever_the_others_took(seen):
    row = glance_row([1.0] * seen, 20)
    assert (row.found, row.reached) == (f"{20 - seen} of 20 never came", False)


@pytest.mark.parametrize(("ms", "reached"), [(11.9, True), (12.0, True), (12.1, False)])
def test_open_pages_may_cost_a_fifth_where_the_turns_without_are_alike(ms, reached):
    row = crowd_row(figures(ms))
    assert row.reached is reached
    assert "ratio 1.20, turns without differ by 1.00" in row.against


@pytest.mark.parametrize(("ms", "reached"), [(15.0, True), (15.1, False)])
def test_where_the_turns_without_differ_by_more_that_is_the_limit(ms, reached):
    given = figures(ms, alone_ms=(8.0, 10.0, 12.0))
    assert (given.noise(), crowd_row(given).reached) == (1.5, reached)


def test_where_they_differ_by_more_than_half_the_machine_is_too_noisy_for_a_verdict():
    row = crowd_row(figures(10.0, alone_ms=(10.0, 15.1)))
    assert row.reached is None
    assert "too noisy to say" in row.against


def test_noise_excuses_no_client_that_missed_something():
    given = figures(10.0, alone_ms=(10.0, 15.1))
    given.told.append([WELL | {"lost": 1}])
    assert crowd_row(given).reached is False


@pytest.mark.parametrize(
    "change",
    [{"snapshots": 0}, {"snapshots": 2}, {"changes": 0}, {"lost": 1}, {"behind": 1}],
)
def test_one_client_that_missed_something_spoils_the_row_and_is_counted(change):
    given = figures(10.0)
    given.told.append([dict(WELL), WELL | change])
    row = crowd_row(given)
    assert row.reached is False
    assert "1 missed some" in row.found


@pytest.mark.parametrize(("green", "restarts"), [(False, 0), (True, 1)])
def test_a_floor_that_is_not_green_or_had_a_restart_spoils_the_row(green, restarts):
    given = figures(10.0)
    given.green, given.restarts = green, restarts
    row = crowd_row(given)
    assert row.reached is False
    assert ("floor NOT green" in row.found) is not green
    assert f"{restarts} restarts" in row.found


@pytest.mark.parametrize(("last", "reached"), [(399_999, True), (400_000, False)])
def test_a_page_weighs_the_sum_of_its_files_and_says_how_many_came_compressed(last, reached):
    files = [File("/", 100_000, packed=True), File("/a.js", last, packed=False)]
    (row,) = weight_rows(Figures(files={"/": files}))
    assert row.reached is reached
    assert row.found == "500 kB as served, 1 compressed"


def test_the_worst_first_paint_counts():
    visits = [{"painted": 200.0, "live": 500.0}, {"painted": 1_000.0, "live": 1_100.0}]
    row = paint_row(visits)
    assert row.reached is False
    assert row.found == "p50 600 ms, worst 1000 ms; live p50 800 ms"


def test_without_a_browser_the_row_says_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.setattr(page_browser, "CHROMIUM", tmp_path / "chromium")
    row = paint_row([])
    assert row.reached is None
    assert row.found.startswith("not measured: ")
    assert row.found.endswith("is missing: apt-get install chromium")
