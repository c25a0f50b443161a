"""The judgement of one duty on the days where one ordinal more or less changes the verdict."""

import pytest

from services.projects.auditing.models import Reason
from services.projects.auditing.rules.judging import (
    WORDING,
    Day,
    Facts,
    Judgement,
    judge,
    reason_text,
)

TODAY = Day(now_ord=100, last_ord=500, walked_ord=100)


def claimed(due: int, claim: int | None, **others: object) -> Facts:
    """Seen long after the limit, with a time that the page claims."""
    seen = {"is_seen": True, "seen_ord": due + 50, "is_claimed": True, "claim_ord": claim}
    return Facts(due_ord=due, **{**seen, **others})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "reason", "over_by"),
    [
        # Absent on the due day itself: it may still have been published that day.
        (claimed(90, 90, absent_ord=90), Reason.CLAIM_IN_TIME, None),
        (claimed(90, 91, absent_ord=90), Reason.CLAIM_AFTER_DUE, 1),
        # A contradicted claim does not make a late duty later.
        (claimed(90, 97, absent_ord=93, claim_contradicted=True), Reason.ABSENT_AFTER_DUE, 3),
        (claimed(90, 97, absent_ord=93), Reason.ABSENT_AFTER_DUE, 7),
        # Due before the first day of the clock: no claim counts as nothing, not as a day.
        (claimed(-1, None, absent_ord=0), Reason.ABSENT_AFTER_DUE, 1),
        # Due on the last day that a notice covers: the day after is surely too late.
        (claimed(500, None), Reason.CLAIM_AFTER_DUE, 1),
        (claimed(501, None), Reason.CALENDAR_NOT_LOADED, None),
        (Facts(500), Reason.DUE_DATE_AHEAD, None),
        (Facts(501), Reason.CALENDAR_NOT_LOADED, None),
    ],
)
def test_one_day_decides(facts: Facts, reason: Reason, over_by: int | None) -> None:
    assert judge(facts, TODAY) == Judgement(reason, over_by)


@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_is_read_by_its_stored_name(reason: Reason) -> None:
    assert reason_text(reason.value) is WORDING[reason]
