"""The table that `make bench` ends with."""

from math import nan
from pathlib import Path

import pytest

from tests.benchmarks import goals
from tests.benchmarks.goals import Goal, at_least, at_most


def test_a_goal_is_held_on_the_right_side_of_its_limit() -> None:
    assert at_most("CPU", 230, 230).is_held
    assert not at_most("CPU", 230.1, 230).is_held
    assert at_least("ratio", 0.95, 0.95).is_held
    assert not at_least("ratio", 0.94, 0.95).is_held


def test_what_could_not_be_measured_is_not_held() -> None:
    assert not at_most("CPU", nan, 230).is_held
    assert not at_least("ratio", nan, 0).is_held


def test_what_has_no_goal_is_shown_and_misses_nothing() -> None:
    assert Goal("workers", 1.3).is_held
    assert goals.table([Goal("workers", 1.3)]).endswith("1.30             -  shown")


def test_the_table_says_goal_figure_and_whether_it_is_held() -> None:
    table = goals.table([at_most("hold: 服务", 391, 230, "us"), at_least("hot", 1.71, 1.7)])
    assert table.splitlines()[1:] == [
        "hold: 服务         391     <= 230 us  MISSED",
        "hot               1.71        >= 1.7  held",
    ]


def test_lines_of_one_benchmark_are_left_for_the_table_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "goals"
    monkeypatch.setenv(goals.FILE, str(kept))
    held, missed = at_least("a", 1, 1), at_most("b", 2, 1, "ms")
    assert goals.end([held]) == 0
    assert goals.end([missed]) == 1
    assert goals.read(kept) == [held, missed]
