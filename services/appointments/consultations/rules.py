"""Days of a consultation, and who may do what in it. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple, Protocol

from services.appointments.consultations.models import Consultation, ConsultedDepartment
from shared.errors import Conflict, Forbidden, Invalid, Text
from shared.security.identity import Caller
from shared.workdays import DueDate, Workdays, nth_after_or_guess, works_or_guess

READERS = ("clerk", "hall_manager", "officer", "auditor", "supervisor")
_OF_HALL = ("clerk", "hall_manager", "auditor", "supervisor")

NO_CONSULTATION = Text(
    "没有这件会诊，请从会诊列表中查找", "There is no such consultation; please look in the list"
)
NO_HALL = Text("没有这个大厅", "There is no such hall")
NO_ITEM = Text("没有这个事项，请核对编码", "There is no such item; please check its code")
WRONG_KEY = Text(
    "编号或查询键不对，请核对收到的凭条", "The id or the key is wrong; please check what you got"
)
_LEAD_ONLY = Text("此步由牵头部门或大厅办理", "This is for the leading department or the hall")
_NOT_YOURS = Text("只能代表本人所在部门提出意见", "An opinion is given for one's own department")
_NOT_ASKED = Text("没有请这个部门参加会诊", "This department is not consulted; please check")
_WHICH = Text("请写明代表哪个部门", "Please say for which department")
IN_THE_PAST = Text("会商时间应在现在之后", "A session begins in the future; please check")


class AlreadyInvited(Conflict):
    type = "/problems/already-invited"
    title = Text("这个部门已在会诊之中", "This department is consulted already")
    advice = Text("请查看会诊中该部门的意见", "Please look at its opinion in the consultation")


class OpinionsMissing(Conflict):
    type = "/problems/opinions-missing"
    title = Text("还有部门没有提出意见", "Some departments have given no opinion yet")
    advice = Text(
        "请催请这些部门，或由大厅负责人决定先行答复",
        "Ask them again, or let the hall's manager answer without them",
    )


class Limit(NamedTuple):
    """The last day, and the day on which it is reminded of."""

    due: DueDate
    remind_on: date


class _Limited(Protocol):
    @property
    def due_on(self) -> date: ...
    @property
    def provisional(self) -> bool: ...


class NarrowedMove(Protocol):
    """What a row of the table narrows its roles by."""

    @property
    def by_lead(self) -> bool: ...
    @property
    def for_own(self) -> bool: ...
    @property
    def manager_if_silent(self) -> bool: ...


def limit(base_on: date, n: int, remind_before: int, calendar: Workdays) -> Limit:
    """`n` working days after `base_on`; reminded of `remind_before` of them before the end, but
    not on the day on which it began."""
    due = nth_after_or_guess(base_on, n, calendar)
    day, left = due.on, remind_before
    while left > 0 and day > base_on:
        day -= timedelta(days=1)
        left -= works_or_guess(day, calendar)[0]
    return Limit(due, max(day, base_on + timedelta(days=1)))


def is_late(limited: _Limited, today: date) -> bool:
    """A provisional day is not known to have passed."""
    return limited.due_on < today and not limited.provisional


def silent(departments: Sequence[ConsultedDepartment]) -> list[str]:
    """Who has given no opinion."""
    return sorted(one.department_code for one in departments if one.opined_at is None)


def may_see(
    caller: Caller, consultation: Consultation, departments: Sequence[ConsultedDepartment]
) -> bool:
    """The hall's staff, the officers of all who take part, and who watches over the hall."""
    if caller.has(*_OF_HALL) and caller.at(consultation.hall_code):
        return True
    taking_part = {consultation.lead_department_code, *(d.department_code for d in departments)}
    return caller.has("officer") and any(map(caller.at, taking_part))


def ensure_may(
    move: NarrowedMove, caller: Caller, consultation: Consultation, waiting: bool
) -> None:
    """Raises Forbidden, or OpinionsMissing while somebody is waited for."""
    if caller.has("clerk", "hall_manager") and caller.at(consultation.hall_code):
        if move.manager_if_silent and waiting and not caller.has("hall_manager"):
            raise OpinionsMissing
        return
    if move.for_own:
        return
    if not (
        move.by_lead and caller.has("officer") and caller.at(consultation.lead_department_code)
    ):
        raise Forbidden(_LEAD_ONLY)
    if move.manager_if_silent and waiting:
        raise OpinionsMissing


def speaks_for(
    caller: Caller, departments: Sequence[ConsultedDepartment], wanted: str | None
) -> ConsultedDepartment:
    """The department whose opinion the caller gives. Raises Forbidden or Invalid."""
    own = [one for one in departments if caller.at(one.department_code)]
    if wanted is not None:
        chosen = [one for one in departments if one.department_code == wanted]
        if not chosen:
            raise Invalid(_NOT_ASKED, pointer="/body/department_code")
        if chosen[0] not in own:
            raise Forbidden(_NOT_YOURS, pointer="/body/department_code")
        return chosen[0]
    if not own:
        raise Forbidden(_NOT_YOURS)
    if len(own) > 1:
        raise Invalid(_WHICH, pointer="/body/department_code")
    return own[0]


def ensure_asked(wanted: Sequence[str], departments: Sequence[ConsultedDepartment]) -> None:
    """Raises Invalid for a department that is not consulted."""
    known = {one.department_code for one in departments}
    for place, code in enumerate(wanted):
        if code not in known:
            raise Invalid(_NOT_ASKED, pointer=f"/body/departments/{place}")
