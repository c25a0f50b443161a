"""Who sees what of the outreach, and what is refused. Pure."""

from datetime import date, datetime

from services.appointments.outreach.models import (
    Gathering,
    GatheringState,
    OutreachVisit,
    OutreachVisitState,
)
from shared.errors import Conflict, Text
from shared.security.identity import Caller

STAFF = ("clerk", "hall_manager")
ASKING = ("citizen", *STAFF)

NO_VISIT = Text("没有这个上门申请，请从列表中查找", "There is no such visit; please see the list")
NO_GATHERING = Text("没有这次行诊，请从列表中查找", "There is no such outreach event; see the list")
NO_REGISTRATION = Text("没有这个报名，请核对", "There is no such registration; please check")
NO_HALL = Text("没有这个大厅", "There is no such hall")
NO_ITEM = Text(
    "这个大厅不办这个事项，请核对编码", "The hall does not do this; please check the code"
)
NOT_THERE = Text(
    "这次行诊不办这个事项，请从所列事项中选", "It is not done there; please choose another"
)
IN_THE_PAST = Text("时间应在现在之后，请核对", "It has to lie in the future; please check")
LEAVES_LATE = Text("出发不能晚于开始，请核对", "They leave before it begins; please check")
CALLED_OFF = Text(
    "这次行诊已取消，没有人到场", "The outreach was called off; there was nobody to come to"
)
NOT_BEGUN = Text("还没有开始，请在开始以后登记", "It has not begun yet; please note it afterwards")


class VisitRequested(Conflict):
    type = "/problems/visit-requested"
    title = Text("您已申请过这件事的上门办理", "You have asked for a visit about this already")
    advice = Text(
        "请在上门申请中查看进展；要改内容的，先取消再申请",
        "See how it stands among your requests; to change it, cancel it and ask anew",
    )


class OutreachFull(Conflict):
    type = "/problems/outreach-full"
    title = Text("名额不够了", "There are not enough places left")
    advice = Text(
        "请减少人数，另选一次行诊，或申请上门办理",
        "Come with fewer people, choose another event, or ask for a visit",
    )


class RegistrationClosed(Conflict):
    type = "/problems/registration-closed"
    title = Text("报名已经截止", "Registration is closed")
    advice = Text("请另选一次行诊，或到大厅办理", "Please choose another event, or come to a hall")


class AlreadyRegistered(Conflict):
    type = "/problems/already-registered"
    title = Text(
        "这个电话或账号已经报过名", "This telephone number or account is registered already"
    )
    advice = Text(
        "要改人数的，请先取消再重新报名", "To come with more or fewer, cancel and register anew"
    )


def is_staff(caller: Caller, hall: str) -> bool:
    """Whether they work in the hall."""
    return caller.has(*STAFF) and caller.at(hall)


def may_see(caller: Caller, visit: OutreachVisit) -> bool:
    """Who asked for it, and the hall's staff."""
    return is_staff(caller, visit.hall_code) or visit.owner == caller.sub


def is_overdue(visit: OutreachVisit, today: date) -> bool:
    """A provisional day is not known to have passed."""
    waits = visit.state is OutreachVisitState.REQUESTED
    return waits and visit.due_on < today and not visit.provisional


def ensure_open(gathering: Gathering, people: int, now: datetime) -> None:
    """Raises RegistrationClosed or OutreachFull."""
    if gathering.state is not GatheringState.ANNOUNCED or now >= gathering.closes_at:
        raise RegistrationClosed
    free = gathering.places - gathering.taken
    if people > free:
        raise OutreachFull(free=free)
