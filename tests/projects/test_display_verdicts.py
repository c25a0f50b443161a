"""What must stay for a time, on the days where one more or less changes the verdict."""

from typing import Any

import pytest

from services.projects.auditing.rules.judging import Day, Facts, judge

TODAY = Day(now_ord=100, last_ord=500, walked_ord=100, plain_day=9_000)


def shown(until: int | None, **others: Any) -> Facts:
    """Published in time, and to be on display until a plain day; today is 9,000."""
    given = {"keep": "min_display", "stay_most_day": until, "stayed_day": 8_985}
    return Facts(**{"due_ord": 90, "is_seen": True, "seen_ord": 90, **given, **others})


CASES: list[tuple[str, Facts, str, int | None]] = [
    ("the last day on display", shown(9_000), "pending: on_display", None),
    (
        "the day after, not looked at",
        shown(8_999),
        "unknown_source_down: display_not_checked",
        None,
    ),
    ("seen on its last day", shown(8_999, stayed_day=8_999), "on_time: seen_in_time", None),
    (
        "on display and incomplete",
        shown(9_000, is_incomplete=True),
        "incomplete: elements_missing",
        None,
    ),
    ("on display for an unknown year", shown(None), "calendar_unknown: calendar_not_loaded", None),
    (
        "gone on its last day",
        shown(8_990, is_gone=True, stay_least_day=8_990, gone_day=8_990, stayed_day=8_989),
        "withdrawn: taken_down_early",
        None,
    ),
    (
        "gone by the day after, seen on the day before",
        shown(8_990, is_gone=True, stay_least_day=8_990, gone_day=8_991, stayed_day=8_989),
        "unknown: stay_not_known",
        None,
    ),
    (
        "gone, and nobody knows since when it was there",
        shown(8_990, is_gone=True, gone_day=8_980, stayed_day=8_979),
        "unknown: stay_not_known",
        None,
    ),
    (
        "gone after it was seen on its last day",
        shown(8_990, is_gone=True, stay_least_day=8_990, gone_day=8_991, stayed_day=8_990),
        "on_time: seen_in_time",
        None,
    ),
    (
        "seen and gone on its last day",
        shown(8_990, is_gone=True, stay_least_day=8_990, gone_day=8_990, stayed_day=8_990),
        "withdrawn: taken_down_early",
        None,
    ),
    (
        "seen and gone on what may be its last day",
        shown(8_990, is_gone=True, stay_least_day=8_989, gone_day=8_990, stayed_day=8_990),
        "unknown: stay_not_known",
        None,
    ),
    (
        "back after it was gone on its last day",
        shown(8_990, stay_least_day=8_990, gone_day=8_990, stayed_day=8_990),
        "withdrawn: taken_down_early",
        None,
    ),
    (
        "back after it was gone on the day after its last",
        shown(8_990, stay_least_day=8_990, gone_day=8_991, stayed_day=8_990),
        "on_time: seen_in_time",
        None,
    ),
    ("kept online so far", shown(9_500, keep="keep_online"), "on_time: seen_in_time", None),
    (
        "gone before its time online was over",
        shown(
            9_500,
            keep="keep_online",
            is_gone=True,
            stay_least_day=9_500,
            gone_day=8_999,
            stayed_day=8_990,
        ),
        "withdrawn: gone_from_the_web",
        None,
    ),
    (
        "late stays late on display",
        shown(9_000, seen_ord=505, is_claimed=True, claim_ord=92),
        "late: claim_after_due",
        2,
    ),
]


@pytest.mark.parametrize(
    ("facts", "expected", "over_by"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_judges_what_must_stay(facts: Facts, expected: str, over_by: int | None) -> None:
    found = judge(facts, TODAY)
    assert (f"{found.verdict}: {found.reason}", found.over_by) == (expected, over_by)
