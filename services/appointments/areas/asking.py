"""What every question for figures of several halls asks for: who, which halls, and which days."""

from typing import Annotated, Any

from fastapi import Depends, Query

from services.appointments.areas.rules import AskedDays
from shared import clock
from shared.security.identity import Caller
from shared.web.dependencies import Now, allow
from shared.web.models import Day

_TODAY = "默认今天 | Today unless given"
From = Annotated[Day | None, Query(alias="from", description=_TODAY)]
To = Annotated[Day | None, Query(alias="to", description=_TODAY)]
OPENERS = ("hall_manager", "auditor")
READERS = (*OPENERS, "supervisor", "admin")
Reader = Annotated[Caller, allow(*READERS)]
Opener = Annotated[Caller, allow(*OPENERS)]
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


def _asked(*roles: str) -> Any:
    async def asked(
        now: Now,
        caller: Annotated[Caller, allow(*roles)],
        hall: OneHall = None,
        area: OneArea = None,
        first: From = None,
        last: To = None,
    ) -> AskedDays:
        today = clock.today(now)
        return AskedDays(first or today, last or today, caller.places, area, hall)

    return Depends(asked)


Asked = Annotated[AskedDays, _asked(*READERS)]
"""The days and halls of a question, and what the caller acts for."""
OpenedDays = Annotated[AskedDays, _asked(*OPENERS)]
"""The same of who may open a figure to its rows."""
