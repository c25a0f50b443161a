"""Numbers handed to a kiosk beforehand, and the tickets that it printed with them."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.appointments.devices.schemas import Key
from services.appointments.queueing.schemas import ItemCode
from shared.web.models import Input, View

HANDED_OUT = 50
"""How many numbers a kiosk gets at once: more than it prints in a power cut of an hour."""
OfflineNumber = Annotated[str, Field(pattern=r"^K[0-9]{3,7}$", examples=["K001"])]


class NumbersRequest(Input):
    """Which device asks."""

    key: Key


class Numbers(Input):
    """Numbers of a day, signed: they are good for the device that they were handed to alone."""

    letter: Literal["K"] = Field("K", description="号的字母，例如 K001 | Their letter: K001")
    day: date = Field(description="这些号是哪一天的 | The day that they are for")
    first: int = Field(ge=1, le=9_999_999, description="第一个号 | The first of them")
    last: int = Field(ge=1, le=9_999_999, description="最后一个号 | The last of them")
    handed_at: AwareDatetime = Field(description="发出时间 | When they were handed out")
    signature: str = Field(
        min_length=16, max_length=64, description="系统的签名 | The signature of the system"
    )


class NumbersView(View, Numbers):
    """To be kept by the device, as they are, until it has used them or the day is over."""


class OfflineTicket(Input):
    """A ticket that the kiosk printed while it had no network."""

    number: OfflineNumber
    items: list[ItemCode] = Field(min_length=1, max_length=5)
    taken_at: AwareDatetime = Field(description="取号时间 | When it was taken")


class OfflineTickets(Input):
    """Tickets of one run of numbers, in any order; sent again they are not doubled."""

    key: Key
    numbers: Numbers
    tickets: list[OfflineTicket] = Field(min_length=1, max_length=HANDED_OUT)


class Merged(StrEnum):
    """`not_served`: one of its items is served at no window any more."""

    MERGED = "merged"
    ALREADY = "already"
    NOT_SERVED = "not_served"


class MergedTicket(View):
    """What became of a ticket."""

    number: str = Field(description="号票号码 | The ticket's number")
    result: Merged = Field(
        description="已进入排队、早已进入、没有窗口办理（请到窗口重新取号）"
        " | In the queue, in it before, or no window serves it: the person needs another ticket"
    )
    ticket_id: UUID | None


class MergedTickets(View):
    """Each ticket, in the order in which they were sent."""

    tickets: list[MergedTicket] = Field(description="各张号的结果 | What became of each")
