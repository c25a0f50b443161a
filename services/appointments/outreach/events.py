"""What the outreach publishes, by hall; never who somebody is, nor where they live."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.messaging.events import Event


class OutreachVisitEvent(Event):
    """Fields that every event of an outreach visit has."""

    visit_id: UUID
    hall_code: str
    item_code: str
    state: str
    version: int
    at: AwareDatetime


class OutreachVisitRequested(OutreachVisitEvent):
    """有人不能到大厅，请求上门办理。

    Somebody who cannot come asks for a visit.
    """

    type: ClassVar[str] = "appointments.outreach_visit.requested.v1"


class OutreachVisitPlanned(OutreachVisitEvent):
    """上门时间和人员已定，或有变动。

    A visit was planned, or planned anew.
    """

    type: ClassVar[str] = "appointments.outreach_visit.planned.v1"

    starts_at: AwareDatetime
    earlier_starts_at: AwareDatetime | None = Field(
        None,
        description="此前安排的上门时间，首次安排为空"
        " | The time that it was planned for before; null where it was not",
    )


class OutreachVisitDelayed(OutreachVisitEvent):
    """上门申请逾期未答复，请大厅负责人处理。

    The hall has neither planned nor refused a visit in time: its manager has to see to it.
    """

    type: ClassVar[str] = "appointments.outreach_visit.delayed.v1"

    due_on: date


class OutreachVisitRefused(OutreachVisitEvent):
    """不能上门办理。

    A visit was refused.
    """

    type: ClassVar[str] = "appointments.outreach_visit.refused.v1"


class OutreachVisitCancelled(OutreachVisitEvent):
    """取消上门。

    A visit was cancelled.
    """

    type: ClassVar[str] = "appointments.outreach_visit.cancelled.v1"


class OutreachVisitFinished(OutreachVisitEvent):
    """上门办理结束。

    A visit took place.
    """

    type: ClassVar[str] = "appointments.outreach_visit.finished.v1"

    outcome: str


class OutreachEventBase(Event):
    """Fields that every event about an outreach event has."""

    event_id: UUID
    hall_code: str
    state: str
    version: int
    at: AwareDatetime


class OutreachEventAnnounced(OutreachEventBase):
    """公布一次行诊，可以报名。

    An outreach event was announced, with places to register for.
    """

    type: ClassVar[str] = "appointments.outreach_event.announced.v1"

    kind: str
    starts_at: AwareDatetime
    places: int


class OutreachEventPlanned(OutreachEventBase):
    """行诊的出行安排已定，或有变动。

    How the team travels to an outreach event was planned, or planned anew.
    """

    type: ClassVar[str] = "appointments.outreach_event.planned.v1"

    leaves_at: AwareDatetime


class OutreachEventMoved(OutreachEventBase):
    """行诊改到其他时间或地点，请告知已报名的群众。

    An outreach event is at another time, or elsewhere: who registered has to know.
    """

    type: ClassVar[str] = "appointments.outreach_event.moved.v1"

    starts_at: AwareDatetime
    ends_at: AwareDatetime


class OutreachEventCancelled(OutreachEventBase):
    """行诊取消，请已报名的群众另行安排。

    An outreach event was cancelled: who registered has to be found another way.
    """

    type: ClassVar[str] = "appointments.outreach_event.cancelled.v1"

    taken: int


class OutreachEventFinished(OutreachEventBase):
    """行诊结束及其结果。

    An outreach event took place, with its result.
    """

    type: ClassVar[str] = "appointments.outreach_event.finished.v1"

    served: int = Field(description="接待人数 | How many people were seen.")
    done: int = Field(description="当场办成的件数 | How many matters were done on the spot.")


class OutreachRegistrationEvent(Event):
    """Fields that every event of a registration has."""

    registration_id: UUID
    event_id: UUID
    hall_code: str
    people: int
    state: str
    version: int
    at: AwareDatetime


class OutreachRegistrationMade(OutreachRegistrationEvent):
    """有人报名参加行诊。

    Somebody registered for an outreach event.
    """

    type: ClassVar[str] = "appointments.outreach_registration.made.v1"


class OutreachRegistrationCancelled(OutreachRegistrationEvent):
    """取消行诊报名，名额放回。

    A registration was cancelled; its places are free again.
    """

    type: ClassVar[str] = "appointments.outreach_registration.cancelled.v1"


class OutreachRegistrationAttended(OutreachRegistrationEvent):
    """报名的群众到场。

    Who registered was there.
    """

    type: ClassVar[str] = "appointments.outreach_registration.attended.v1"
