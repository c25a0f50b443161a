"""What the room publishes. Slots change state many at a time: one event a hall, day and pool."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.appointments.slots.models import Pool
from shared.messaging.events import Event


class SlotOnSale(BaseModel):
    model_config = ConfigDict(frozen=True)

    slot_id: UUID
    starts_at: AwareDatetime
    minutes: int
    capacity: int


class SlotsOpened(Event):
    """一批时段开始接受预约（同一大厅、同一天、同一号源池）；分批放号、余号回流后再次发布，名额为现有总数。

    Slots of one hall, day and pool are on sale from now on. Published again, with the capacity of
    then, where more of their places are released or come back from another pool.
    """

    type: ClassVar[str] = "appointments.slot.opened.v1"

    hall_code: str
    on_date: date
    pool: Pool
    slots: list[SlotOnSale]


class SlotsWithdrawn(Event):
    """一批时段停止接受预约；其中已有的预约另行通知。

    Slots of one hall, day and pool are no longer on sale; their appointments are orphaned or moved.
    """

    type: ClassVar[str] = "appointments.slot.withdrawn.v1"

    hall_code: str
    on_date: date
    pool: Pool
    slot_ids: list[UUID]


class SlotFull(Event):
    """时段已约满。

    The last place of a slot was taken.
    """

    type: ClassVar[str] = "appointments.slot.full.v1"

    hall_code: str
    slot_id: UUID
    starts_at: AwareDatetime
    pool: Pool
    capacity: int


class SlotFreed(Event):
    """约满的时段又有了空位。

    A slot that was full has places again.
    """

    type: ClassVar[str] = "appointments.slot.freed.v1"

    hall_code: str
    slot_id: UUID
    starts_at: AwareDatetime
    pool: Pool
    free: int = Field(ge=1)
