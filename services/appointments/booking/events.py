"""What the room publishes: ids, never who the person is, and no code: it checks in and cancels."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.appointments.slots.models import Pool
from shared.messaging.events import Event


class AppointmentEvent(Event):
    """What every appointment event carries."""

    type: ClassVar[str] = "appointments.appointment.changed.v1"

    appointment_id: UUID
    hall_code: str
    item_code: str
    pool: Pool
    starts_at: AwareDatetime = Field(description="预约开始时间 | When the person is expected")
    minutes: int
    version: int


class AppointmentHeld(AppointmentEvent):
    """号源已为群众保留，等待确认。

    Places are held for a citizen until `expires_at`.
    """

    type: ClassVar[str] = "appointments.appointment.held.v1"

    expires_at: AwareDatetime


class AppointmentConfirmed(AppointmentEvent):
    """群众已确认预约，或失去的时段已恢复、预约重新有效。

    The citizen confirmed the appointment; or its time, which it had lost, exists again.
    """

    type: ClassVar[str] = "appointments.appointment.confirmed.v1"


class AppointmentCancelled(AppointmentEvent):
    """预约已取消，不再有效；仍占的号源随之退回，可能稍后才重新放出。

    The appointment was cancelled and holds no more. Places that it still had are given back, and
    may be on sale again only after a while.
    """

    type: ClassVar[str] = "appointments.appointment.cancelled.v1"

    by_hall: bool = Field(
        description="是否由大厅或工作人员取消 | Whether the hall or its staff cancelled it"
    )
    state: str | None = Field(
        None,
        description="由本人或工作人员取消为 cancelled，大厅收回时间为 cancelled_by_hall"
        " | `cancelled`: by the person or the staff; `cancelled_by_hall`: the hall took its time"
        " back. Events of before have none",
        examples=["cancelled"],
    )


class AppointmentRescheduled(AppointmentEvent):
    """预约已改到新的时间；原预约作废。

    The appointment was replaced by a new one at another time.
    """

    type: ClassVar[str] = "appointments.appointment.rescheduled.v1"

    replaced_by: UUID
    new_starts_at: AwareDatetime


class AppointmentOrphaned(AppointmentEvent):
    """时段被撤销，预约失去时间，需工作人员联系改约。

    The appointment lost its slots; staff must find the citizen another time.
    """

    type: ClassVar[str] = "appointments.appointment.orphaned.v1"


class AppointmentExpired(AppointmentEvent):
    """未在保留时间内确认，号源已退回。

    The hold ran out unconfirmed and its places were given back.
    """

    type: ClassVar[str] = "appointments.appointment.expired.v1"


class AppointmentCheckedIn(AppointmentEvent):
    """群众已到大厅签到。

    The citizen arrived at the hall.
    """

    type: ClassVar[str] = "appointments.appointment.checked_in.v1"


class AppointmentServed(AppointmentEvent):
    """预约的事项已在窗口办理。

    The appointment was served at a window.
    """

    type: ClassVar[str] = "appointments.appointment.served.v1"


class AppointmentLapsed(AppointmentEvent):
    """既不算办结，也不算失约：群众已签到，但大厅当天没有记录办理结果；或大厅恢复时段时已过取消期限，群众没有来。

    Neither served nor missed: the citizen came, and the hall's day ended without a word on how it
    went; or the hall gave the time back after the deadline to cancel it, and they did not come.
    """

    type: ClassVar[str] = "appointments.appointment.lapsed.v1"


class AppointmentMissed(AppointmentEvent):
    """群众失约未到。

    The citizen did not show up.
    """

    type: ClassVar[str] = "appointments.appointment.missed.v1"
