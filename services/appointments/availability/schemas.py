"""What the API says about free times, and about those that are not on sale yet."""

from datetime import date, datetime

from pydantic import Field

from services.appointments.slots.schemas import FreeSlot
from shared.web.models import View
from shared.web.pagination import Page


class ComingRelease(View):
    """When more places of a day come on sale."""

    on_date: date
    opens_at: datetime = Field(description="下一次放号的时间 | When more of the day can be booked")
    places: int = Field(description="届时放出的名额 | How many places that brings, times of all")


class Availability(Page[FreeSlot]):
    """Free times; on the first page also what of the asked days is not on sale yet."""

    coming: list[ComingRelease] = Field(
        default_factory=list,
        description="还没放号或还要分批放号的日期，只在第一页 | Days of which places come on sale"
        " later, on the first page only",
    )
