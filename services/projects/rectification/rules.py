"""What can be ordered, until when, what proves that it is done, and who may end it. Pure."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from services.projects.auditing.models import Verdict
from services.projects.duties.models import FactKind, Hold, PublicationFact
from services.projects.duties.rules import counting, is_of_unit
from services.projects.rectification.models import (
    WITH_UNIT,
    RectificationOrder,
    RectificationState,
)
from shared.errors import Conflict, FourEyes, Invalid, Text
from shared.security.identity import Caller
from shared.workdays import CalendarUnknown, Workdays

FAULTS = (
    Verdict.OVERDUE,
    Verdict.LATE,
    Verdict.INCOMPLETE,
    Verdict.WITHDRAWN,
    Verdict.EARLY_VIOLATION,
)
"""Verdicts that blame a unit."""

CURABLE = (Verdict.OVERDUE, Verdict.INCOMPLETE, Verdict.WITHDRAWN)
"""Faults that what is seen later can take away. What was late or too early stays so for ever: such
an order is closed by what the unit explains."""

SETTLED_HOLDS = (Hold.EXEMPT, Hold.DISPUTED, Hold.NOT_APPLICABLE)
"""Rulings, each by two persons, after which the finding no longer counts."""

_ANOTHER = Text(
    "没有复核存证的办结、撤销须由第二人决定：不能是下达整改要求的人、提议的人、回复的人"
    "或该公开主体的经办人，请交由另一位监察人员",
    "Without proof it takes a second person: not who ordered it, who proposed it, who replied, nor"
    " an officer of the unit; please let another auditor decide",
)
NO_ADDRESS = Text("请填写现在公开的网址", "Please give the address where it is published now")
NO_DOCUMENT = Text("请填写文件名或文号", "Please give the name or the number of the document")

NO_PROPOSAL = Text(
    "现在没有待第二人决定的提议", "Nothing is proposed that waits for a second person"
)

ONE_OF_BOTH = Text(
    "整改期限请只填工作日数或最后一天", "Please give either the working days or the last day"
)
NOT_AHEAD = Text("整改的最后一天应在今天之后", "The last day of the term lies after today")
NO_NOTICE = Text(
    "那一年的放假通知尚未载入，请改填工作日数",
    "The holiday notice of that year is not loaded; please give the working days instead",
)


class NoFault(Conflict):
    """Members: `verdict`."""

    type = "/problems/no-fault"
    title = Text("现在的结论没有可整改的问题", "The verdict names nothing to be put right")
    advice = Text(
        "只有逾期未公开、逾期公开、要素不全、公开后撤下和提前公开的，才能要求整改；请看最新结论",
        "Only what is overdue, late, incomplete, withdrawn or too early can be ordered to be put"
        " right; please look at the present verdict",
    )


class OrderOpen(Conflict):
    """Members: `rectification_id`, `number`."""

    type = "/problems/rectification-open"
    title = Text("这项义务已有整改在办理中", "An order about this duty is open already")
    advice = Text("请在已有的整改中办理", "Please go on with the order that is open")


class DisputeIsOpen(Conflict):
    type = "/problems/dispute-open"
    title = Text("这项义务的异议尚未决定", "A dispute about this duty is not decided yet")
    advice = Text("请先决定异议，再要求整改", "Please have the dispute decided first")


def due_on(term_from: date, term_days: int, calendar: Workdays) -> date | None:
    """The last day of a term; None while a holiday notice that it needs is not loaded."""
    try:
        return calendar.nth_after(term_from, term_days)
    except CalendarUnknown:
        return None


def term_days(
    today: date, days: int | None, last: date | None, usual: int, calendar: Workdays
) -> int:
    """The working days of a term that is given as such, by its last day, or not at all.

    A last day of rest is moved to the next working day (民法典 203). Raises Invalid for both, for a
    day that is not ahead, and for one of a year whose holiday notice is not loaded.
    """
    if last is None:
        return usual if days is None else days
    if days is not None:
        raise Invalid(ONE_OF_BOTH, pointer="/body/due_on")
    if last <= today:
        raise Invalid(NOT_AHEAD, pointer="/body/due_on")
    try:
        return max(1, calendar.ord_end(last) - calendar.ord_start(today))
    except CalendarUnknown:
        raise Invalid(NO_NOTICE, pointer="/body/due_on") from None


def is_overdue(order: RectificationOrder, today: date) -> bool:
    """Whether the last day of the unit is over, and it is the unit's turn; an unknown one never is.

    A reply that waits for an auditor is no delay of its unit.
    """
    is_theirs = order.state in (*WITH_UNIT, RectificationState.ESCALATED)
    return is_theirs and order.due_on is not None and order.due_on < today


def waits_for_auditor(order: RectificationOrder) -> bool:
    """Whether a reply, or what one person has proposed, is to be looked at by an auditor."""
    is_replied = order.state is RectificationState.REPLIED
    return order.ended_at is None and (is_replied or order.proposal is not None)


def is_review_overdue(order: RectificationOrder, today: date) -> bool:
    """Whether an auditor has let their last day pass; an unknown one never is over."""
    last = order.review_due_on
    return waits_for_auditor(order) and last is not None and last < today


def proof_of(
    cause: Verdict,
    missing: Sequence[str],
    ordered_at: datetime,
    facts: Sequence[PublicationFact],
) -> PublicationFact | None:
    """The fact of one duty (`facts` of it, oldest first) that shows that what an order names is
    put right; None while nothing does.

    What was there before the order proves nothing, whenever it came to be known: the finding was
    wrong then, or the page is the one that was ordered to be put right. Nor does a page whose words
    nobody could judge.
    """
    if cause not in CURABLE or was_cured_before(cause, missing, ordered_at, facts):
        return None
    since = [fact for fact in _there(counting(facts)) if fact.observed_at > ordered_at]
    cured = [fact for fact in since if fact.elements_judged and _cures(cause, missing, fact)]
    return min(cured, key=lambda fact: fact.observed_at, default=None)


def was_cured_before(
    cause: Verdict,
    missing: Sequence[str],
    ordered_at: datetime,
    facts: Sequence[PublicationFact],
) -> bool:
    """Whether a page without the fault stood there when the order was given."""
    counted = counting(facts)
    return any(_cures(cause, missing, fact) for fact in _there(counted, until=ordered_at))


def _there(
    facts: Sequence[PublicationFact], until: datetime | None = None
) -> Sequence[PublicationFact]:
    """How each page was seen last, of those that were not known to be gone after that: as it was
    judged last, where it ever was."""
    known = [fact for fact in facts if until is None or fact.observed_at <= until]
    gone = [fact.observed_at for fact in known if fact.kind is FactKind.GONE]
    seen = [
        fact
        for fact in known
        if fact.kind is FactKind.SIGHTING and (not gone or fact.observed_at > max(gone))
    ]
    in_order = sorted(seen, key=lambda fact: (fact.elements_judged, fact.observed_at))
    return list({fact.url: fact for fact in in_order}.values())


def _cures(cause: Verdict, missing: Sequence[str], fact: PublicationFact) -> bool:
    if cause != Verdict.INCOMPLETE:
        return True
    return fact.elements_judged and not set(missing) & set(fact.missing_elements)


def still_proves(proof_fact_id: int | None, facts: Sequence[PublicationFact]) -> bool:
    """Whether what an order was closed by is known to be a page of its duty still."""
    return any(fact.id == proof_fact_id for fact in counting(facts))


def is_lifted(cause: Verdict, verdict: Verdict, hold: str, *, was_cured: bool) -> bool:
    """Whether the finding of an order no longer counts: it was ruled on, better evidence shows that
    there never was a fault, or that there was none of that kind when it was ordered
    (`was_cured_before`): what is found to have been published late before that day was not missing
    any more.
    """
    is_ruled = hold in SETTLED_HOLDS or verdict == Verdict.ON_TIME
    return is_ruled or (cause in CURABLE and was_cured and verdict != cause)


def ensure_another(order: RectificationOrder, repliers: Collection[str], caller: Caller) -> None:
    """Nobody decides what they opened, asked for or answered, whoever answered since. Raises
    FourEyes."""
    ensure_not_theirs(order, repliers, caller)
    if caller.sub in (order.issued_by, order.first_by):
        raise FourEyes(_ANOTHER)


def ensure_not_theirs(order: RectificationOrder, repliers: Collection[str], caller: Caller) -> None:
    """A unit judges nothing of its own, nor does who ever replied for it. Raises FourEyes."""
    is_theirs = is_of_unit(caller, order.unit_code)
    if is_theirs or caller.sub in repliers:
        raise FourEyes(_ANOTHER)


def ensure_named(
    url: str | None, document: str | None, *, wants_url: bool, wants_document: bool
) -> None:
    """A reply by an address names it, one by a document as well. Raises Invalid."""
    if wants_url and url is None:
        raise Invalid(NO_ADDRESS, pointer="/body/url")
    if wants_document and document is None:
        raise Invalid(NO_DOCUMENT, pointer="/body/document")


def number_of(year: int, running: int) -> str:
    """How an order is called: 整改〔2026〕12号."""
    return f"整改〔{year}〕{running}号"
