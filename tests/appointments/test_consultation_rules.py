"""The days of a consultation, over every day of a year, and who is waited for. Pure."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.appointments.consultations import rules
from services.appointments.consultations.models import ConsultationState as S
from services.appointments.consultations.workflow import WORKFLOW, after_opinion
from shared.workdays import Workdays, official

DAYS = st.dates(date(2026, 1, 1), date(2026, 9, 1))


@given(DAYS, st.integers(1, 40), st.integers(0, 20))
def test_it_ends_after_so_many_working_days_and_is_reminded_of_in_between(
    base_on: date, n: int, remind_before: int
) -> None:
    calendar = official()
    limit = rules.limit(base_on, n, remind_before, calendar)
    assert calendar.count_between(base_on, limit.due.on) == n
    assert calendar.is_workday(limit.due.on)
    assert not limit.due.provisional
    assert base_on < limit.remind_on <= limit.due.on
    left = calendar.count_between(limit.remind_on, limit.due.on)
    assert left <= remind_before
    if limit.remind_on > base_on + timedelta(days=1):
        assert left == remind_before


def test_a_guessed_day_is_never_late() -> None:
    nothing = Workdays.from_days([])
    limit = rules.limit(date(2027, 1, 4), 5, 1, nothing)
    assert limit.due == (date(2027, 1, 11), True)


def test_it_is_ready_once_nobody_is_waited_for() -> None:
    for state in (S.OPEN, S.READY, S.ESCALATED):
        assert after_opinion(state, waiting=True) is state
        assert after_opinion(state, waiting=False) is S.READY
    assert WORKFLOW.ends == {S.ANSWERED, S.WITHDRAWN}
