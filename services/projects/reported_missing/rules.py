"""What the duties that a report may be about answer by themselves. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.projects.auditing.models import Verdict
from services.projects.opendata import rules as opendata
from services.projects.opendata.facts import PublicDuty
from services.projects.rectification.models import RectificationOrder
from services.projects.reported_missing.models import (
    CheckAction,
    CheckAnswer,
    CheckState,
    DisclosureCheck,
)
from services.projects.reported_missing.schemas import CheckAnswerInput
from shared.errors import Invalid, Text

MOST_DUTIES = 50
"""More than so many are no answer to one report."""

_ANSWER_OF = {
    Verdict.PENDING: CheckAnswer.NOT_DUE,
    Verdict.DUE_SOON: CheckAnswer.NOT_DUE,
    Verdict.OVERDUE: CheckAnswer.OVERDUE,
    Verdict.ON_TIME: CheckAnswer.PUBLISHED,
    Verdict.LATE: CheckAnswer.PUBLISHED,
    Verdict.EARLY_VIOLATION: CheckAnswer.PUBLISHED,
}
"""Of all other verdicts a person says what they mean to who misses something."""
_NEEDED = {
    CheckAnswer.PUBLISHED: ("url", Text("请写明公开的网址", "Please say at which address it is")),
    CheckAnswer.NOT_DUE: ("due_on", Text("请写明应于哪天前公开", "Please say by when it is due")),
    CheckAnswer.ORDERED: ("document", Text("请写明责令公开的文号", "Please name the order")),
    CheckAnswer.NOT_OWED: ("document", Text("请写明所依据的条款", "Please name the article")),
}


class CheckFinding(NamedTuple):
    """An answer with what it rests on, by the columns of a check."""

    answer: CheckAnswer
    duty_id: UUID | None = None
    url: str | None = None
    published_at: datetime | None = None
    due_on: date | None = None
    document: str | None = None

    def is_new_to(self, check: DisclosureCheck) -> bool:
        return any(getattr(check, name) != value for name, value in self._asdict().items())


Orders = Mapping[UUID, RectificationOrder]


def find(
    check: DisclosureCheck, duties: Sequence[PublicDuty], orders: Orders
) -> CheckFinding | None:
    """What the duties answer, with the open orders to put them right; None where a person has to.

    Only a report that names an item is about something definite, and one that names no project as
    well about what belongs to none: whatever else fits may not be what somebody misses. Of several
    the worst speaks: one that is overdue, else one whose publication was ordered, else one that is
    due later, else all are online, and the last one is shown.
    """
    if check.item_code is None or not duties or len(duties) > MOST_DUTIES:
        return None
    if check.project_code is None and (len(duties) > 1 or duties[0].project_code is not None):
        return None
    answers = {duty.id: _answer_of(duty, orders) for duty in duties}
    for answer in (CheckAnswer.OVERDUE, CheckAnswer.ORDERED, None, CheckAnswer.NOT_DUE):
        fitting = [duty for duty in duties if answers[duty.id] is answer]
        if fitting:
            return None if answer is None else _unpublished(answer, min(fitting, key=_due), orders)
    return _published(max(duties, key=_seen))


def next_step(
    check: DisclosureCheck, found: CheckFinding | None, duties: Sequence[PublicDuty], today: date
) -> CheckAction | None:
    """What becomes of the answer that was given; None: it stays.

    What a duty answered holds as long as a duty does. What a person said stays until it is
    published, or until that has outlived what it rested on.
    """
    if check.state is CheckState.OPEN:
        return CheckAction.FIND if found is not None else None
    if found is not None and not found.is_new_to(check):
        return None
    is_published = found is not None and found.answer is CheckAnswer.PUBLISHED
    if check.answered_by is not None and not is_published and _holds(check, duties, today):
        return None
    return CheckAction.REOPEN if found is None else CheckAction.FIND


def _holds(check: DisclosureCheck, duties: Sequence[PublicDuty], today: date) -> bool:
    """Whether what a person answered can still be so: that it is not due until its day is over,
    that it is owed by nobody until it is recorded, that it is online until it is gone."""
    if check.answer is CheckAnswer.NOT_DUE:
        return check.due_on is None or today <= check.due_on
    answered_at = check.answered_at
    assert answered_at is not None
    if check.answer is CheckAnswer.NOT_OWED:
        return not any(duty.created_at > answered_at for duty in duties)
    if check.answer is CheckAnswer.PUBLISHED:
        return not any(duty.gone_at is not None and duty.gone_at > answered_at for duty in duties)
    return True


def given(order: CheckAnswerInput) -> CheckFinding:
    """The answer of a person. Raises Invalid where what it rests on is not named."""
    needed = _NEEDED.get(order.answer)
    if needed is not None and getattr(order, needed[0]) is None:
        raise Invalid(needed[1], pointer=f"/body/{needed[0]}")
    return CheckFinding(
        order.answer, None, order.url, order.published_at, order.due_on, order.document
    )


def _answer_of(duty: PublicDuty, orders: Orders) -> CheckAnswer | None:
    """None of what was published and cannot be shown to everybody: gone, or in a closed column."""
    answer = _ANSWER_OF.get(duty.verdict)
    if answer is CheckAnswer.PUBLISHED and duty.url is None:
        return None
    return CheckAnswer.ORDERED if answer is CheckAnswer.OVERDUE and duty.id in orders else answer


def _due(duty: PublicDuty) -> tuple[date, UUID]:
    return duty.due_on or date.max, duty.id


def _seen(duty: PublicDuty) -> tuple[bool, float, UUID]:
    seen_at = duty.first_seen_at
    return seen_at is not None, seen_at.timestamp() if seen_at else 0, duty.id


def _unpublished(answer: CheckAnswer, duty: PublicDuty, orders: Orders) -> CheckFinding:
    """Of an order its number and its own last day."""
    if answer is not CheckAnswer.ORDERED:
        return CheckFinding(answer, duty.id, due_on=duty.due_on)
    order = orders[duty.id]
    return CheckFinding(answer, duty.id, due_on=order.due_on, document=order.number)


def _published(duty: PublicDuty) -> CheckFinding:
    at = opendata.published_at(duty)
    return CheckFinding(CheckAnswer.PUBLISHED, duty.id, duty.url, at, duty.due_on)
