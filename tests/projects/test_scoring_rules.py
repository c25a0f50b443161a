"""A unit's rate, score, rank and light: what is known decides, and unknown costs nothing."""

import pytest

from services.projects.auditing.models import Verdict
from services.projects.auditing.rules.scoring import Light, Tally, light, ranks, rate, score

WEIGHTS = {
    "overdue": 10.0,
    "overdue_cap": 40.0,
    "late": 3.0,
    "late_day": 0.5,
    "late_cap": 20.0,
    "early": 4.0,
    "early_cap": 8.0,
    "incomplete": 2.0,
    "incomplete_cap": 6.0,
    "withdrawn": 5.0,
    "withdrawn_cap": 15.0,
}


def tally(late_days: int = 0, **counts: int) -> Tally:
    return Tally({Verdict(name): n for name, n in counts.items()}, late_days)


def test_only_late_duties_add_days() -> None:
    made = Tally()
    made.add(Verdict.LATE, 2, 7)
    made.add(Verdict.LATE, 1, 1)
    made.add(Verdict.ON_TIME, 3, 9)
    assert made == Tally({Verdict.LATE: 3, Verdict.ON_TIME: 3}, late_days=8)


@pytest.mark.parametrize(
    ("counts", "due"),
    [
        ({}, 0),
        ({"on_time": 2, "late": 1, "unknown": 1}, 4),
        ({"on_time": 2, "pending": 1, "due_soon": 1, "calendar_unknown": 1}, 2),
        ({"on_time": 2, "exempt": 1, "not_applicable": 1, "suspended": 1}, 2),
    ],
)
def test_what_is_due(counts: dict[str, int], due: int) -> None:
    assert tally(**counts).due == due


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({}, None),
        ({"unknown": 3}, None),
        ({"on_time": 1}, 1.0),
        ({"late": 1}, 0.0),
        ({"overdue": 1}, 0.0),
        ({"on_time": 2, "late": 1}, 0.6667),
        ({"on_time": 1, "overdue": 2, "time_disputed": 5}, 0.3333),
        ({"on_time": 1, "late": 31}, 0.0313),  # 0.03125: a half is rounded up
    ],
)
def test_rates(counts: dict[str, int], expected: float | None) -> None:
    assert rate(tally(**counts)) == expected


@pytest.mark.parametrize(
    ("counts", "late_days", "points"),
    [
        ({}, 0, None),
        ({"unknown": 1, "time_disputed": 1, "unknown_source_down": 1}, 0, None),
        ({"on_time": 1, "unknown": 9}, 0, 100.0),
        ({"overdue": 1}, 0, 90.0),
        ({"overdue": 9}, 0, 60.0),
        ({"late": 1}, 1, 97.0),
        ({"late": 2}, 5, 92.5),
        ({"late": 2}, 99, 80.0),
        ({"early_violation": 1}, 0, 96.0),
        ({"early_violation": 9}, 0, 92.0),
        ({"incomplete": 1}, 0, 98.0),
        ({"incomplete": 9}, 0, 94.0),
        ({"withdrawn": 1}, 0, 95.0),
        ({"withdrawn": 9}, 0, 85.0),
        ({"overdue": 1, "late": 1, "incomplete": 1}, 1, 85.0),
    ],
)
def test_points_left(counts: dict[str, int], late_days: int, points: float | None) -> None:
    assert score(tally(late_days, **counts), WEIGHTS) == points


def test_no_score_is_below_nothing_and_a_half_tenth_is_rounded_up() -> None:
    assert score(tally(overdue=9), {**WEIGHTS, "overdue": 50.0, "overdue_cap": 500.0}) == 0.0
    assert score(tally(overdue=9), {**WEIGHTS, "overdue": 11.05, "overdue_cap": 99.5}) == 0.6
    assert score(tally(overdue=1), {**WEIGHTS, "overdue": 0.05}) == 100.0


def test_equal_scores_share_a_place() -> None:
    assert ranks({"a": 80.0, "b": 90.0, "c": None, "d": 80.0, "e": 70.0}) == {
        "a": 2,
        "b": 1,
        "c": None,
        "d": 2,
        "e": 4,
    }


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({}, Light.GREY),
        ({"unknown": 1}, Light.GREY),
        ({"pending": 1, "due_soon": 1}, Light.GREY),
        ({"on_time": 1, "due_soon": 1}, Light.GREEN),
        ({"on_time": 1, "late": 0}, Light.GREEN),
        ({"on_time": 1, "incomplete": 1}, Light.YELLOW),
        ({"withdrawn": 1, "late": 1}, Light.RED),
    ],
)
def test_one_light_for_a_unit(counts: dict[str, int], shown: Light) -> None:
    assert light(tally(**counts)) is shown
