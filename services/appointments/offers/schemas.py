"""The waitlist as the API takes and gives it."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from services.appointments.booking.schemas import MaskedPerson, PersonIn
from services.appointments.slots.models import Pool
from services.appointments.waitlist.models import WaitlistState
from shared.errors import Text, counted
from shared.web.models import Day, Input, View, named
from shared.web.wall_times import WallTime

LONGEST_WAIT_DAYS = 62


class WaitlistRequest(Input):
    """For what somebody waits; `citizen` only when staff do it for somebody."""

    hall_code: str = Field(
        min_length=2, max_length=32, validation_alias=named("hall_code", formerly="hall")
    )
    item_code: str = Field(
        min_length=1, max_length=64, validation_alias=named("item_code", formerly="item")
    )
    first_on: Day | None = Field(None, description="从哪天起，默认今天 | From which day; today")
    last_on: Day | None = Field(
        None, description="到哪天为止，默认一个月 | Until which day; a month from the first"
    )
    not_before: WallTime | None = Field(
        None, description="最早几点开始，大厅当地时间 | Earliest start, by the hall's clock"
    )
    not_after: WallTime | None = Field(
        None, description="最晚几点开始，大厅当地时间 | Latest start, by the hall's clock"
    )
    pool: Pool = Field(
        Pool.ONLINE, description="群众只能候补网上名额 | Citizens wait for online places only"
    )
    citizen: PersonIn | None = Field(
        None, description="替谁候补，仅限工作人员 | For whom; only when staff do it"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.not_before and self.not_after and self.not_after < self.not_before:
            raise ValueError(Text("最晚时间不能早于最早时间", "The latest is before the earliest"))
        if self.first_on and self.last_on:
            if self.last_on < self.first_on:
                raise ValueError(
                    Text("结束日期不能早于开始日期", "The last day must not be before the first")
                )
            if (self.last_on - self.first_on).days >= LONGEST_WAIT_DAYS:
                raise ValueError(
                    Text(
                        f"最多候补 {LONGEST_WAIT_DAYS} 天",
                        f"At most {counted(LONGEST_WAIT_DAYS, 'day')} can be waited for",
                    )
                )
        return self


class OfferView(View):
    """A place that is held for the person: confirm the appointment, or cancel it."""

    appointment_id: UUID
    code: str = Field(description="预约码，确认或取消时可用 | To confirm or cancel it by")
    starts_at: datetime
    minutes: int
    expires_at: datetime = Field(description="请在此前确认 | Confirm it before")


class WaitlistView(View):
    """Somebody's place in line."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    hall_code: str
    item_code: str
    pool: Pool
    state: WaitlistState
    first_on: date
    last_on: date
    not_before: WallTime | None
    not_after: WallTime | None
    joined_at: datetime
    ahead: int | None = Field(
        description="排在前面、日期有重合的人数；不再候补时为空"
        " | People ahead who wait for some of the same days; null once the wait is over"
    )
    offer: OfferView | None = Field(description="为您保留的名额 | The place that is held for you")
    citizen: MaskedPerson | None = None
    version: int
