"""What is free."""

import hashlib
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import TypeAdapter

from services.appointments.slots import service
from services.appointments.slots.models import Pool
from services.appointments.slots.schemas import FreeSlot
from shared import clock
from shared.security.identity import Caller
from shared.web.conditions import unless_known
from shared.web.dependencies import Direct, Now, Paging, public
from shared.web.gate import EXTENSION, REMEMBERED, Priority
from shared.web.models import Day
from shared.web.pagination import Page, page
from shared.web.routing import Router

router = Router(tags=["citizen"])

_PAGE = TypeAdapter(Page[FreeSlot])


@router.get(
    "/availability",
    operation_id="list_availability",
    summary="可约时间 | Free times",
    response_model=Page[FreeSlot],
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
    item: Annotated[str, Query(max_length=64)],
    first: Annotated[Day | None, Query(alias="from", description="从哪天 | First day")] = None,
    last: Annotated[Day | None, Query(alias="to", description="到哪天 | Last day")] = None,
    consecutive: Annotated[int, Query(ge=1, le=8, description="连续几个时段 | In a row")] = 1,
    pool: Pool = Pool.ONLINE,
    full: Annotated[bool, Query(description="也列出约满的 | Full ones too")] = False,
) -> Response:
    """某大厅某事项的可约时间，默认从今天起两周。事项需要的时间长于一个时段时，`slot_ids` 是连续的
    几个时段。现在不能预约的事项没有可约时间。带 `If-None-Match` 轮询时，没有变化返回 304。

    ---

    The free times for an item at a hall, by default of the next fortnight; for an item that takes
    longer than a slot, `slot_ids` are several in a row. An item that cannot be booked has none.
    Poll with `If-None-Match`: 304 while nothing changed.
    """
    start = first or clock.today(now)
    after = paging.key(datetime, UUID)
    found = await service.availability(
        direct,
        hall=hall,
        item=item,
        first=start,
        last=last or start + timedelta(days=13),
        pool=pool,
        length=consecutive,
        with_full=full,
        after=(after[0], after[1]) if after else None,
        most=paging.limit + 1,
        now=now,
    )
    shown = page(found, paging, lambda one: (one.starts_at, one.id), lambda one: one)
    return _cached(request, _PAGE.dump_json(shown))


def _cached(request: Request, body: bytes) -> Response:
    """The body under its hash, or 304 if the caller has it already."""
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    whole = Response(body, headers=headers, media_type="application/json")
    return unless_known(whole, request.headers.get("if-none-match"))
