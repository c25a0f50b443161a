from typing import ClassVar

from pydantic import AwareDatetime, BaseModel

from shared.messaging.events import Event


class ItemLoad(BaseModel):
    """How many wait for an item, and what the last of them must expect."""

    item: str
    count: int
    p85_minutes: int | None


class HallLoadMeasured(Event):
    """大厅当前排队情况，变化时最多每秒一次。

    How busy a hall is now; at most once a second, and only when it has changed.
    """

    type: ClassVar[str] = "appointments.hall.load.v1"

    hall_code: str
    waiting: int
    windows_open: int
    p50_minutes: int | None
    p85_minutes: int | None
    items: list[ItemLoad]
    at: AwareDatetime
