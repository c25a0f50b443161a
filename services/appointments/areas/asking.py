"""What every question for figures of several halls asks for: who, which halls, and which days."""

from typing import Annotated

from fastapi import Depends, Query

from services.appointments.areas.rules import AskedDays
from shared import clock
from shared.security.identity import Caller
from shared.web.dependencies import Now, allow
from shared.web.models import Day

_TODAY = "默认今天 | Today unless given"
From = Annotated[Day | None, Query(alias="from", description=_TODAY)]
To = Annotated[Day | None, Query(alias="to", description=_TODAY)]
Reader = Annotated[Caller, allow("hall_manager", "auditor", "supervisor", "admin")]
OneHall = Annotated[
    str | None,
    Query(max_length=32, description="只看一个大厅；默认本人所管全部 | One hall alone"),
]
OneArea = Annotated[
    str | None,
    Query(
        max_length=32,
        description="只看一个区划的大厅，各按其归属的日子"
        " | Only halls of this area, each on the days on which it stood there",
    ),
]


async def _wanted(
    now: Now,
    caller: Reader,
    hall: OneHall = None,
    area: OneArea = None,
    first: From = None,
    last: To = None,
) -> AskedDays:
    today = clock.today(now)
    return AskedDays(first or today, last or today, caller.places, area, hall)


Asked = Annotated[AskedDays, Depends(_wanted)]
"""The days and halls of a question, and what the caller acts for."""
