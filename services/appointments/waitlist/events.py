"""What the room publishes: ids, never who waits."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.appointments.slots.models import Pool
from shared.messaging.events import Event


class WaitlistEvent(Event):
    """What every event of the waitlist carries."""

    type: ClassVar[str] = "appointments.waitlist.changed.v1"

    waitlist_id: UUID
    hall_code: str
    item_code: str
    pool: Pool
    version: int


class WaitlistJoined(WaitlistEvent):
    """有人开始候补。

    Somebody waits for a place that is given back.
    """

    type: ClassVar[str] = "appointments.waitlist.joined.v1"

    first_on: date
    last_on: date


class WaitlistOffered(WaitlistEvent):
    """已为候补的群众保留一个名额，请在期限前确认。

    A place is held for somebody who waited, until `expires_at`.
    """

    type: ClassVar[str] = "appointments.waitlist.offered.v1"

    appointment_id: UUID
    starts_at: AwareDatetime = Field(description="时段开始时间 | When the time begins")
    minutes: int
    expires_at: AwareDatetime


class WaitlistAnswered(WaitlistEvent):
    """What became of an offer."""

    type: ClassVar[str] = "appointments.waitlist.answered.v1"

    appointment_id: UUID


class WaitlistAccepted(WaitlistAnswered):
    """候补的群众确认了为其保留的名额。

    Who was offered a place confirmed it.
    """

    type: ClassVar[str] = "appointments.waitlist.accepted.v1"


class WaitlistDeclined(WaitlistAnswered):
    """候补的群众不要这个名额，继续候补；名额给下一位。

    Who was offered a place does not want it and waits on; it goes to the next.
    """

    type: ClassVar[str] = "appointments.waitlist.declined.v1"


class WaitlistRecalled(WaitlistAnswered):
    """大厅撤销了为候补保留的时段，本人继续候补。

    The hall took back the time that was offered; the person waits on, where they were.
    """

    type: ClassVar[str] = "appointments.waitlist.recalled.v1"


class WaitlistExpired(WaitlistEvent):
    """候补结束：没有在期限前确认（有 `appointment_id`），或所等的日子已过。

    The wait is over: an offer was not answered in time (`appointment_id`), or the days are past.
    """

    type: ClassVar[str] = "appointments.waitlist.expired.v1"

    appointment_id: UUID | None = None


class WaitlistLeft(WaitlistEvent):
    """本人退出候补。

    Somebody waits no more.
    """

    type: ClassVar[str] = "appointments.waitlist.left.v1"
