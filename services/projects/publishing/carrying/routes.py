"""Carriers over HTTP, and which of them a duty has reached."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response, status

from services.projects.duties.rules import UnknownReference
from services.projects.publishing import views
from services.projects.publishing.carrying import service
from services.projects.publishing.schemas import (
    CARRIER_CODE,
    CarrierInput,
    CarrierView,
    DutyCarriers,
)
from shared.errors import NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Now, Paging, Session, allow, public
from shared.web.pagination import Page, page
from shared.web.routing import Router

router = Router(prefix="/carriers", tags=["admin"])
of_duties = Router(tags=["auditor"])

Code = Annotated[str, Path(pattern=CARRIER_CODE, description="载体代码 | Carrier code")]


@router.get("", operation_id="list_carriers", summary="公开载体清单 | List carriers")
async def list_carriers(
    session: Session, paging: Paging, _: Annotated[Caller | None, public()]
) -> Page[CarrierView]:
    """网站、公报、政务新媒体、报刊等公开载体：哪些是法定载体，哪些事项必须在此公开。

    ---
    Sites, gazettes, social media, newspapers: which of them are statutory, and what must appear
    there.
    """
    after = paging.key(str)
    found = await service.listed(session, after[0] if after else None, paging.limit + 1)
    return page(found, paging, lambda carrier: (carrier.code,), views.carrier_view)


@router.get(
    "/{code}",
    operation_id="get_carrier",
    summary="查看公开载体 | Get a carrier",
    responses=problem_responses(NotFound),
)
async def get_carrier(
    code: Code, session: Session, _: Annotated[Caller | None, public()]
) -> CarrierView:
    """一个公开载体。

    ---
    One carrier.
    """
    return views.carrier_view(await service.find(session, code))


@router.put(
    "/{code}",
    operation_id="put_carrier",
    summary="登记或修改公开载体 | Put a carrier",
    responses={
        201: {"model": CarrierView},
        **problem_responses(StateConflict, UnknownReference),
    },
)
async def put_carrier(
    code: Code,
    order: CarrierInput,
    response: Response,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> CarrierView:
    """新登记不带版本号，修改须带读到的版本号。改为非法定载体的，此后在该处找到的网页不再停止计时，只计入覆盖面。

    ---
    A new one comes without a version, a change with the one that was read. What is found on one
    that is not statutory, from then on, ends no clock, and counts for coverage alone.
    """
    carrier, is_new = await service.put(session, code, order, now, caller.sub)
    response.status_code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
    return views.carrier_view(carrier)


@of_duties.get(
    "/duties/{duty_id}/carriers",
    operation_id="list_duty_carriers",
    summary="一项义务的公开载体 | On which carriers a duty appears",
    responses=problem_responses(NotFound),
)
async def list_duty_carriers(
    duty_id: UUID,
    session: Session,
    caller: Annotated[Caller, allow("auditor", "officer", "supervisor", "admin")],
) -> DutyCarriers:
    """应在哪些载体公开，已在哪些载体公开。覆盖面是已达到的必选载体数与必选载体数之比。

    ---
    Where it must appear and where it does: its coverage is how many of the carriers on which it
    must appear it has reached.
    """
    return views.duty_carriers(await service.of_duty(session, duty_id, caller))
