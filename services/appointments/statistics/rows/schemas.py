"""Rows that figures count: nothing of whom they are about."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.appointments.booking.models import AppointmentState
from services.appointments.slots.models import Pool
from shared.web.models import View


class AppointmentFigure(StrEnum):
    """A figure that can be opened to the appointments that it counts."""

    BOOKED = "booked"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    CANCELLED_BY_PERSON = "cancelled_by_person"
    CANCELLED_BY_STAFF = "cancelled_by_staff"
    CANCELLED_BY_HALL = "cancelled_by_hall"
    CANCELLED_BY_UNKNOWN = "cancelled_by_unknown"
    MOVED = "moved"
    ORPHANED = "orphaned"
    CAME = "came"
    LATE = "late"
    SERVED = "served"
    NO_SHOWS = "no_shows"
    LAPSED = "lapsed"


class TicketFigure(StrEnum):
    """A figure that can be opened to the entries of the log that it counts."""

    ISSUED = "issued"
    CALLED = "called"
    SERVED = "served"
    DONE = "done"
    NEEDS_MORE = "needs_more"
    REJECTED = "rejected"
    MISSED = "missed"
    ABANDONED = "abandoned"
    PARKED = "parked"
    TRANSFERRED = "transferred"
    UNFINISHED = "unfinished"
    STARTED = "started"


class CountedAppointment(View):
    """An appointment that a figure counts: nothing of whom it is for."""

    id: UUID
    item_code: str
    pool: Pool
    starts_at: AwareDatetime
    minutes: int
    state: AppointmentState
    checked_in_at: AwareDatetime | None = Field(description="到场时间 | When the person was there")


class CountedEntry(View):
    """An entry of a hall's log that a figure counts."""

    hall_code: str
    hall_name: str
    hall_seq: int = Field(description="大厅记录序号 | Its number in the hall's log")
    counted_on: date = Field(
        description="计入哪一天，按大厅当地时间 | The day it counts for, by the hall's own time"
    )
    at: AwareDatetime
    action: str = Field(examples=["finish"])
    ticket_id: UUID
    number: str = Field(examples=["A002"])
    item_code: str
    item_name: str | None
    department_code: str | None = Field(description="主管部门代码 | The department in charge")
    department_name: str | None
    window_no: int | None
    clerk: str | None = Field(
        description="窗口工作人员的姓名，不知时为账户 | The name of who did it at a window; the"
        " account where none is known"
    )
    waited_minutes: float | None
    served_minutes: float | None
    outcome: str | None
    missing: list[str] = Field(
        description="需补正时窗口一次告知的材料 | What had to be brought, as the window said it"
    )
    history: str = Field(
        description="整次到访的记录 | Where the whole visit is told",
        examples=["/api/v1/tickets/01993f6a-6c00-7abc-8def-0123456789ab/history"],
    )
