"""A unit's rate, score, rank and light: what is known decides, and unknown costs nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.projects.auditing.models import Verdict
from services.projects.auditing.rules.scoring import (
    UNKNOWN,
    Light,
    Tally,
    coverage,
    interval,
    light,
    ranks,
    rate,
    score,
    sure,
)

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
    "min_n": 5,
    "min_coverage": 0.5,
    "green_from": 0.9,
    "yellow_from": 0.75,
}
FAULTS = (
    Verdict.LATE,
    Verdict.OVERDUE,
    Verdict.EARLY_VIOLATION,
    Verdict.INCOMPLETE,
    Verdict.WITHDRAWN,
)
COUNTS = st.dictionaries(st.sampled_from(sorted(Verdict)), st.integers(0, 40))


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
        ({"on_time": 2, "early_violation": 1, "incomplete": 1}, 0.5),
        ({"on_time": 3, "withdrawn": 1, "unknown": 4}, 0.75),
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
        ({"on_time": 4}, Light.GREY),  # fewer than min_n
        ({"on_time": 5}, Light.GREEN),
        ({"on_time": 9, "unknown": 10}, Light.GREY),  # less than half is known
        ({"on_time": 9, "unknown": 9}, Light.RED),
        ({"pending": 9, "due_soon": 9}, Light.GREY),
        ({"on_time": 9, "overdue": 1}, Light.GREEN),
        ({"on_time": 8, "overdue": 2}, Light.YELLOW),
        ({"on_time": 9, "unknown": 1}, Light.GREEN),
        ({"on_time": 9, "unknown": 2}, Light.YELLOW),
        ({"on_time": 15, "late": 5}, Light.YELLOW),
        ({"on_time": 14, "late": 5}, Light.RED),
    ],
)
def test_one_light_for_a_unit_by_bands(counts: dict[str, int], shown: Light) -> None:
    assert light(tally(**counts), WEIGHTS) is shown


def test_the_interval_is_that_of_wilson() -> None:
    # Newcombe 1998, Stat Med 17:857, table I: 81 of 263, and 0 of 20.
    assert interval(tally(on_time=81, late=182)) == (0.2553, 0.3662)
    assert interval(tally(overdue=20)) == (0.0, 0.1611)
    assert interval(tally(on_time=20)) == (0.8389, 1.0)
    assert interval(tally(unknown=3)) is None


@given(counts=COUNTS)
def test_the_figures_of_a_line_add_up(counts: dict[Verdict, int]) -> None:
    one = Tally(counts)
    unknown = sum(counts.get(verdict, 0) for verdict in UNKNOWN)
    assert one.known + unknown == one.due
    assert one.known == sum(counts.get(v, 0) for v in (Verdict.ON_TIME, *FAULTS))
    assert (rate(one) is None) == (one.known == 0)
    assert (coverage(one) is None) == (one.due == 0)
    found, share = interval(one), rate(one)
    if found is not None and share is not None:
        assert 0 <= found[0] <= share <= found[1] <= 1


@given(
    counts=COUNTS,
    known=st.sampled_from((Verdict.ON_TIME, *FAULTS)),
    unknown=st.sampled_from(UNKNOWN),
)
def test_what_is_not_known_lifts_nobody(
    counts: dict[Verdict, int], known: Verdict, unknown: Verdict
) -> None:
    """Whatever becomes unknown, the place does not rise and the light does not turn greener."""
    before = Tally({**counts, known: counts.get(known, 0) + 1})
    after = Tally({**counts, unknown: counts.get(unknown, 0) + 1})
    was, now = sure(before, WEIGHTS), sure(after, WEIGHTS)
    assert now is None or (was is not None and now <= was)
    order = [Light.GREY, Light.RED, Light.YELLOW, Light.GREEN]
    seen, shown = light(before, WEIGHTS), light(after, WEIGHTS)
    assert shown is Light.GREY or order.index(shown) <= order.index(seen)
