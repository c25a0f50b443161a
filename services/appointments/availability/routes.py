"""What is free."""

import hashlib
from datetime import date, timedelta
from typing import Annotated, NamedTuple

from fastapi import Depends, Query, Request, Response
from pydantic import Field

from services.appointments.availability import views
from services.appointments.availability.schemas import Availability
from services.appointments.availability.views import AskedTimes
from services.appointments.booking.finding import Party
from services.appointments.slots.models import Pool
from services.appointments.slots.visits import MOST_LEGS, MOST_PERSONS
from shared import clock
from shared.errors import Invalid, Text, counted
from shared.security.identity import Caller
from shared.web.conditions import unless_known
from shared.web.dependencies import Direct, Now, Paging, public
from shared.web.gate import EXTENSION, REMEMBERED, Priority
from shared.web.models import Day
from shared.web.old_queries import Formerly
from shared.web.routing import Router

router = Router(tags=["citizen"])

_TWICE = Text("事项不能重复", "The same item is named twice")
_ONE_ALONE = Text(
    "只约一个事项时才能写连续几个时段", "Several slots in a row are for one item alone"
)

_TOO_MANY = Text(
    f"人数乘以事项数不能超过 {MOST_LEGS}，请分开预约",
    f"At most {counted(MOST_LEGS, 'leg')} (people times items); please book in parts",
)

Items = list[Annotated[str, Field(min_length=1, max_length=64)]]


async def _party(
    item: Annotated[
        Items,
        Query(min_length=1, max_length=5, description="事项，可写几个 | One or several items"),
        Formerly("items"),
    ],
    persons: Annotated[
        int, Query(ge=1, le=MOST_PERSONS, description="几个人同来 | How many people come together")
    ] = 1,
    consecutive: Annotated[int, Query(ge=1, le=8, description="连续几个时段 | In a row")] = 1,
) -> Party:
    """Who comes, for what. Raises Invalid for what cannot be one visit."""
    codes = [code for each in item for code in each.split(",")]
    if len({*codes}) < len(codes):
        raise Invalid(_TWICE, pointer="/query/item")
    if len(codes) > 1 and consecutive > 1:
        raise Invalid(_ONE_ALONE, pointer="/query/consecutive")
    if len(codes) * persons > MOST_LEGS:
        raise Invalid(_TOO_MANY, pointer="/query/persons")
    return Party(codes, persons, consecutive)


class _Days(NamedTuple):
    first: date
    last: date


async def _days(
    now: Now,
    first: Annotated[Day | None, Query(alias="from", description="从哪天 | First day")] = None,
    last: Annotated[Day | None, Query(alias="to", description="到哪天 | Last day")] = None,
) -> _Days:
    """The asked days: a fortnight from today unless said."""
    start = first or clock.today(now)
    return _Days(start, last or start + timedelta(days=13))


@router.get(
    "/availability",
    operation_id="list_availability",
    summary="可约时间 | Free times",
    response_model=Availability,
    responses={304: {"description": "没有变化 | Not modified"}},
    openapi_extra={REMEMBERED: 1, EXTENSION: Priority.BOOKING.name.lower()},
)
async def list_availability(
    request: Request,
    direct: Direct,
    now: Now,
    paging: Paging,
    _: Annotated[Caller | None, public()],
    hall: Annotated[str, Query(max_length=32)],
    party: Annotated[Party, Depends(_party)],
    days: Annotated[_Days, Depends(_days)],
    pool: Pool = Pool.ONLINE,
    full: Annotated[bool, Query(description="也列出约满的 | Full ones too")] = False,
) -> Response:
    """某大厅的可约时间，默认从今天起两周，每个时间一行。可写几个事项和几个人（`item=A&item=B&persons=2`）：
    列出的是所有人办完所有事项都排得下的时间，`free` 是还能再约几个人。名额怎样分给已约的人由系统
    调剂，排得下的一定列出、一定能约。事项需要的时间长于一个时段时，`slot_ids` 是连续的几个时段。
    现在不能预约的事项没有可约时间。`pool` 为号源（网上、电话、现场、窗口代约），列出的是其余量。
    `coming` 列出还没放号的日期和放号时间；带 `release_id` 的时间要先排队，轮到时才能约。
    带 `If-None-Match` 轮询时，没有变化返回 304。

    ---

    The free times at a hall, by default of the next fortnight, one row a time. For several items
    and people (`item=A&item=B&persons=2`) those at which all of them fit with everything; `free` is
    how many more people do. Who sits in which place is arranged anew where that makes room: what
    fits is listed, and can be booked. For an item that takes longer than a slot, `slot_ids` are
    several in a row. An item that cannot be booked has none. `pool` says whose places are meant:
    online, by telephone, on site or by staff; `free` is what is left of those. `coming` names the
    days that are not on sale yet, and when they are; a time with a `release_id` is booked in turn,
    by who joined the line of that release. Poll with `If-None-Match`: 304 while
    nothing changed.
    """
    asked = AskedTimes(hall, party, *days, pool, full)
    shown = await views.availability(direct, asked, paging, now)
    return _cached(request, shown.model_dump_json().encode())


def _cached(request: Request, body: bytes) -> Response:
    """The body under its hash, or 304 if the caller has it already."""
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    whole = Response(body, headers=headers, media_type="application/json")
    return unless_known(whole, request.headers.get("if-none-match"))
