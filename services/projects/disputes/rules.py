"""By when a dispute is decided, and by whom. Pure."""

from datetime import date

from services.projects.disputes.models import Dispute
from shared.errors import FourEyes, Text
from shared.security.identity import Caller
from shared.workdays import CalendarUnknown, Workdays

TERM_WORKING_DAYS = 10

_NOT_THEIRS = Text(
    "提出异议的人和该公开主体的经办人不能决定这项异议，请交由另一位监察人员决定",
    "Neither who opened the dispute nor an officer of the unit may decide it; please let another"
    " auditor decide",
)


def due_on(opened_on: date, calendar: Workdays) -> date | None:
    """The last day to decide; None while a holiday notice that it needs is not loaded."""
    try:
        return calendar.nth_after(opened_on, TERM_WORKING_DAYS)
    except CalendarUnknown:
        return None


def ensure_another(dispute: Dispute, caller: Caller) -> None:
    """A unit decides nothing in its own cause. Raises FourEyes."""
    is_theirs = caller.has("officer") and caller.at(dispute.unit_code)
    if caller.sub == dispute.opened_by or is_theirs:
        raise FourEyes(_NOT_THEIRS)
