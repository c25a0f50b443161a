from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Body, Path, Request, status

from services.projects.collecting import service
from services.projects.collecting.answers import Answers
from services.projects.collecting.hosts.turn import HostBusy
from services.projects.collecting.progress import ProgressAnswer
from services.projects.collecting.rules import NoRule
from services.projects.collecting.schemas import DryRun, RunRequest, RunStarted, RunView
from services.projects.collecting.trying import captures_to_try, try_on_captures, try_rule
from services.projects.evidence.files import Files
from services.projects.evidence.service import EvidenceDamaged
from services.projects.fetching.rendering import renderer_of
from services.projects.portals.models import PORTAL_ID
from services.projects.portals.schemas import Trial
from shared.errors import NotFound, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Now, Paging, Session, allow
from shared.web.pagination import Page, page
from shared.web.routing import Router

router = Router(tags=["auditor"])

PortalId = Annotated[str, Path(pattern=PORTAL_ID, examples=["demo-D03"])]


@router.post(
    "/portals/{portal_id}/runs",
    status_code=status.HTTP_202_ACCEPTED,
    operation_id="start_run",
    summary="立即采集 | Start a run",
    responses=problem_responses(NotFound, NoRule),
)
async def start_run(
    portal_id: PortalId,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("auditor", "admin")],
    wanted: Annotated[RunRequest | None, Body()] = None,
) -> RunStarted:
    """排队一次采集并立即返回；该栏目已有采集在进行时返回那一次。
    ---
    Queues a run and answers at once; when one is underway for this portal, that one is given.
    """
    kind = (wanted or RunRequest()).kind
    run = await service.start_run(session, portal_id, kind, caller.sub, now)
    return RunStarted(run_id=run.id, state=run.state)


@router.post(
    "/portals/{portal_id}/runs:dry-run",
    operation_id="dry_run",
    summary="试采一页 | Dry-run a rule",
    responses=problem_responses(NotFound, NoRule, HostBusy, EvidenceDamaged),
)
async def dry_run(
    portal_id: PortalId,
    request: Request,
    files: Files,
    now: Now,
    caller: Annotated[Caller, allow("auditor", "admin")],
    wanted: Annotated[DryRun | None, Body()] = None,
) -> Trial:
    """用所给规则（缺省为现行规则）读取列表首页和第一条内容，原样展示，不落库。与采集一样按该网站的间隔依次读取，
    网站正在被采集时不读；间隔很长的网站只读列表。指定存证时，改为在这些存证上试读，不访问网站。
    ---
    Reads the first list page and its first item by the rule given, or the one in force; stores
    nothing. It waits its turn on the site and keeps its pace, as a run does; of a very slow one the
    list alone is read. Where captures are named, the rule is tried on these instead, and the portal
    is not asked.
    """
    order = wanted or DryRun()
    async with request.state.sessions() as session:
        portal, rule = await service.portal_to_try(session, portal_id, order.rule)
        ids = [*order.list_captures, *order.page_captures]
        captures = await captures_to_try(session, portal_id, ids)
    if not ids:
        answers = Answers(files, rule, renderer_of(request.state.settings))
        return await try_rule(request.state.sessions, answers, portal, now)
    lists = [captures[each] for each in order.list_captures]
    pages = [captures[each] for each in order.page_captures]
    return Trial(captures=await try_on_captures(files, lists, pages, rule))


@router.get(
    "/runs/{run_id}",
    operation_id="get_run",
    summary="查看采集进度 | Get a run",
    responses=problem_responses(NotFound),
)
async def get_run(
    run_id: UUID, session: Session, caller: Annotated[Caller, allow("auditor", "admin")]
) -> RunView:
    """一次采集的状态、进度与错误。
    ---
    State, progress and errors of a run.
    """
    return RunView.model_validate(await service.run(session, run_id))


@router.get(
    "/runs/{run_id}/events",
    operation_id="watch_run",
    summary="采集进度实时推送 | A run's progress, live",
    status_code=200,
    response_class=ProgressAnswer,
    responses={
        200: {
            "description": "事件流 | Server-sent events",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **problem_responses(NotFound),
    },
    openapi_extra={"x-operation-class": "live"},
)
async def watch_run(
    run_id: UUID, request: Request, caller: Annotated[Caller, allow("auditor", "admin")]
) -> ProgressAnswer:
    """SSE 推送。先收到 `progress`（与 `GET /runs/{run_id}` 相同的全部内容），之后每有进展推送一条；
    采集结束时推送 `end` 并关闭。连接最多二十秒，到时请重连：每次连上都先收到最新的全部内容。
    ---
    Server-sent events. First comes `progress` (all that `GET /runs/{run_id}` says), then one
    whenever the run has gone on; `end` comes when it has ended, and the stream with it. It lasts
    twenty seconds at most: reconnect then, and all that is known comes first again.
    """
    async with request.state.sessions() as session:
        run = RunView.model_validate(await service.run(session, run_id))
    return ProgressAnswer(request.state.sessions, run)


@router.get(
    "/portals/{portal_id}/runs",
    operation_id="list_runs",
    summary="某栏目的采集记录 | List runs of a portal",
    responses=problem_responses(NotFound),
)
async def list_runs(
    portal_id: PortalId,
    session: Session,
    paging: Paging,
    caller: Annotated[Caller, allow("auditor", "admin")],
) -> Page[RunView]:
    """该栏目的采集记录，最近的在前。
    ---
    The portal's runs, newest first.
    """
    after = paging.key(datetime, UUID)
    found = await service.runs(session, portal_id, after=after, limit=paging.limit + 1)
    return page(found, paging, lambda run: (run.requested_at, run.id), RunView.model_validate)
