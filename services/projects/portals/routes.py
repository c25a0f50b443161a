from typing import Annotated

from fastapi import Path, Query

from services.projects.evidence.files import Files
from services.projects.portals import service
from services.projects.portals.models import PORTAL_ID
from services.projects.portals.rules import RuleReadsNothing
from services.projects.portals.schemas import (
    AbsencePolicyInput,
    AbsencePolicyView,
    PortalRuleView,
    PortalView,
    PortalWrite,
)
from services.projects.reading.readers import AnyRule
from services.projects.register.models import UNIT_CODE
from shared.errors import NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Now, Paging, Session, allow
from shared.web.pagination import Page, page
from shared.web.routing import Router

router = Router(prefix="/portals", tags=["admin"])
policy = Router(prefix="/absence-policy", tags=["admin"])

PortalId = Annotated[str, Path(pattern=PORTAL_ID, examples=["demo-D03"])]


@router.get("", operation_id="list_portals", summary="公开栏目清单 | List portals")
async def list_portals(
    session: Session,
    paging: Paging,
    caller: Annotated[Caller, allow("auditor", "admin")],
    unit: Annotated[str | None, Query(pattern=UNIT_CODE)] = None,
) -> Page[PortalView]:
    """各单位的公开栏目及其健康状况：能否抓取、因何失败、最近一次完整核查的时间。
    ---
    Where units publish, and whether it can be read: health, fault, and the last proven full walk.
    """
    after = paging.key(str)
    found = await service.listed(
        session, unit_code=unit, after=after[0] if after else None, limit=paging.limit + 1
    )
    return page(found, paging, lambda portal: (portal.id,), PortalView.model_validate)


@router.get(
    "/{portal_id}",
    operation_id="get_portal",
    summary="查看公开栏目 | Get a portal",
    responses=problem_responses(NotFound),
)
async def get_portal(
    portal_id: PortalId, session: Session, caller: Annotated[Caller, allow("auditor", "admin")]
) -> PortalView:
    """一个公开栏目及其健康状况。
    ---
    One portal and its health.
    """
    return PortalView.model_validate(await service.find(session, portal_id))


@router.put(
    "/{portal_id}",
    operation_id="put_portal",
    summary="登记或修改公开栏目 | Put a portal",
    responses=problem_responses(StateConflict),
)
async def put_portal(
    portal_id: PortalId,
    wanted: PortalWrite,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> PortalView:
    """新登记不带版本号；修改须带当前版本号。私网地址须由管理员显式允许。
    ---
    A new portal comes without a version, a change with the present one. A private address must be
    allowed explicitly.
    """
    return PortalView.model_validate(await service.put(session, portal_id, wanted, caller.sub, now))


@router.get(
    "/{portal_id}/rule",
    operation_id="get_portal_rule",
    summary="查看采集规则 | Get a collector rule",
    responses=problem_responses(NotFound),
)
async def get_rule(
    portal_id: PortalId, session: Session, caller: Annotated[Caller, allow("auditor", "admin")]
) -> PortalRuleView:
    """现行采集规则。
    ---
    The collector rule in force.
    """
    return PortalRuleView.of(await service.stored_rule(session, portal_id))


@router.put(
    "/{portal_id}/rule",
    operation_id="put_portal_rule",
    summary="更新采集规则 | Put a collector rule",
    responses=problem_responses(NotFound, RuleReadsNothing),
)
async def put_rule(
    portal_id: PortalId,
    wanted: AnyRule,
    session: Session,
    files: Files,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> PortalRuleView:
    """先在最近一次抓取的列表页上试读，读不出条目则拒绝；通过后成为新版本，下次采集起生效。
    ---
    Tried on the list page captured last and refused if it reads nothing there; then a new version,
    in force from the next run.
    """
    stored, trial = await service.put_rule(session, files, portal_id, wanted, caller.sub, now)
    return PortalRuleView.of(stored, trial)


@policy.get(
    "", operation_id="get_absence_policy", summary="未公开证明规则 | Get the absence policy"
)
async def get_absence_policy(
    session: Session, caller: Annotated[Caller, allow("auditor", "admin")]
) -> AbsencePolicyView:
    """两次完整核查都没有见到，且至少相隔这么久，才算证明“未公开”。
    ---
    Nothing is called unpublished before two whole walks at least so far apart have not found it.
    """
    version, minutes = await service.absence_policy(session)
    return AbsencePolicyView(absence_gap_minutes=minutes, version=version)


@policy.put(
    "",
    operation_id="put_absence_policy",
    summary="修改未公开证明规则 | Put the absence policy",
    responses=problem_responses(StateConflict),
)
async def put_absence_policy(
    wanted: AbsencePolicyInput,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> AbsencePolicyView:
    """带上读到的版本号；自下一次核查起生效，已有的结论不变。
    ---
    Comes with the version that was read; in force from the next walk on.
    """
    await service.put_absence_policy(
        session, wanted.absence_gap_minutes, wanted.version, caller.sub, now
    )
    return AbsencePolicyView(
        absence_gap_minutes=wanted.absence_gap_minutes, version=wanted.version + 1
    )
