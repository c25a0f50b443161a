"""By when a dispute is decided, and by whom. Pure."""

from collections.abc import Collection
from datetime import date

from services.projects.disputes.models import Dispute
from services.projects.duties.rules import is_of_unit
from shared.errors import FourEyes, Text
from shared.security.identity import Caller
from shared.workdays import CalendarUnknown, Workdays

TERM_WORKING_DAYS = 10

_NOT_THEIRS = Text(
    "提出异议的人和该公开主体的经办人不能决定这项异议，请交由另一位监察人员决定",
    "Neither who opened the dispute nor an officer of the unit may decide it; please let another"
    " auditor decide",
)
_OWN_FINDING = Text(
    "您参与过这一结论（核对网页、要求整改或作出裁定），请交由没有经手过的监察人员决定",
    "You had a part in this finding: you accepted a page, ordered it to be put right or ruled on"
    " it; please let an auditor decide who had none",
)


def due_on(opened_on: date, calendar: Workdays) -> date | None:
    """The last day to decide; None while a holiday notice that it needs is not loaded."""
    try:
        return calendar.nth_after(opened_on, TERM_WORKING_DAYS)
    except CalendarUnknown:
        return None


def ensure_another(dispute: Dispute, found_by: Collection[str], caller: Caller) -> None:
    """A unit decides nothing in its own cause, nor does whoever had a part in the finding: who
    accepted its pages, ordered it to be put right, or ruled on it. Raises FourEyes."""
    is_theirs = is_of_unit(caller, dispute.unit_code)
    if is_theirs or caller.sub == dispute.opened_by:
        raise FourEyes(_NOT_THEIRS)
    if caller.sub in found_by:
        raise FourEyes(_OWN_FINDING)
