from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from services.feedback.filters import FirstDay, LastDay
from services.feedback.ratings import rules, service, statistics_views, views, workflow
from services.feedback.ratings.models import RatingState
from services.feedback.ratings.schemas import (
    AskToRate,
    GiveRating,
    GroupBy,
    InvitationView,
    RatingDetail,
    RatingReceipt,
    RatingView,
    ServiceReceipt,
    ServiceReport,
    Statistics,
    TagView,
)
from shared.errors import Forbidden, NotFound, problem_responses
from shared.security.identity import Caller
from shared.web import answers
from shared.web.dependencies import (
    AuditedReading,
    Deciding,
    Now,
    Paging,
    RequestKeyring,
    Session,
    allow,
    public,
)
from shared.web.old_queries import Formerly
from shared.web.pagination import Page, PageRequest, decode
from shared.web.routing import Router

router = Router()

Reader = Annotated[Caller, allow(*workflow.READERS)]
Anyone = Annotated[Caller | None, public()]
MOST_GROUPS = 1000
CODE = r"^[A-Za-z0-9_-]{1,32}$"
DepartmentAsked = Annotated[str | None, Query(pattern=CODE), Formerly("department_code")]
HallAsked = Annotated[str | None, Query(pattern=CODE), Formerly("hall_code")]


@router.get(
    "/rating-tags",
    tags=["citizen"],
    operation_id="list_rating_tags",
    summary="评价标签 | Rating tags",
)
async def list_rating_tags(_: Anyone) -> Page[TagView]:
    """国家平台统一的评价标签，每个满意度八个。

    ---
    The national platform's tags, eight for each grade.
    """
    return Page(items=views.tags())


@router.post(
    "/ratings/invitations",
    tags=["citizen"],
    operation_id="ask_to_rate",
    summary="取得评价邀请 | Ask for the invitation to rate",
    dependencies=[answers.PRIVATE],
    responses=problem_responses(NotFound, rules.NotForStaff),
)
async def ask_to_rate(
    request: AskToRate, session: Deciding, keyring: RequestKeyring, caller: Anyone
) -> InvitationView:
    """凭取号时所得的 id 和评价键取得评价邀请码，可重复查看；工作人员知道 id，但没有键。

    ---
    The token to rate with, for the id and the key that came with the ticket; it can be shown
    again. Staff know ids but no keys. A wrong key and an unknown case are answered alike.
    """
    rules.ensure_not_staff(caller)
    return await views.invitation(session, request, keyring=keyring)


@router.post(
    "/service-events",
    status_code=status.HTTP_201_CREATED,
    tags=["system"],
    operation_id="report_service",
    summary="报送已办结的服务 | Report a service that was delivered",
    dependencies=[answers.PRIVATE],
    responses=problem_responses(Forbidden),
)
async def report_service(
    given: ServiceReport,
    session: Deciding,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("system")],
) -> ServiceReceipt:
    """其他业务系统办结后报送，系统随即邀请群众评价；同一编号重复报送仍是同一件，返回内容相同。

    请把评价键或邀请码交给办事群众本人。
    ---
    Another system reports what it has delivered, so that whoever was served can rate it. The same
    id reported again is the same service, with the same answer. Hand the key or the token to
    whoever was served.
    """
    return views.reported(await service.report(session, given, caller, now), keyring=keyring)


@router.post(
    "/ratings",
    status_code=status.HTTP_201_CREATED,
    tags=["citizen"],
    operation_id="give_rating",
    summary="评价 | Rate",
    responses=problem_responses(
        NotFound, rules.NotForStaff, rules.AlreadyRated, rules.InvitationExpired
    ),
)
async def give_rating(
    request: GiveRating, session: Deciding, keyring: RequestKeyring, now: Now, caller: Anyone
) -> RatingReceipt:
    """一次服务评价一次；差评由部门限期整改，并由另一人回访。

    ---
    One rating a service. A bad one is put right by its department, and someone else asks again.
    """
    rules.ensure_not_staff(caller)
    return views.receipt(await service.give(session, request, keyring=keyring, now=now))


@router.post(
    "/ratings/amendments",
    tags=["citizen"],
    operation_id="amend_rating",
    summary="修改评价 | Amend a rating",
    responses=problem_responses(NotFound, rules.NotForStaff, rules.NoLongerAmendable),
)
async def amend_rating(
    request: GiveRating, session: Deciding, keyring: RequestKeyring, now: Now, caller: Anyone
) -> RatingReceipt:
    """24 小时内可以修改一次，原评价留存。

    ---
    Once, within 24 hours; the first rating is kept on file.
    """
    rules.ensure_not_staff(caller)
    return views.receipt(await service.amend(session, request, keyring=keyring, now=now))


@router.get(
    "/ratings",
    tags=["department"],
    operation_id="list_ratings",
    summary="评价列表 | Ratings",
    dependencies=[answers.PRIVATE],
)
async def list_ratings(
    session: Session,
    caller: Reader,
    paging: Paging,
    now: Now,
    state: RatingState | None = None,
    is_bad: Annotated[bool | None, Query(description="只看差评 | Only bad ones")] = None,
) -> Page[RatingView]:
    """本部门（或本大厅）的评价，最新的在前。

    ---
    The ratings of one's departments or hall, the latest first.
    """
    return await views.ratings(
        session, caller=caller, state=state, is_bad=is_bad, paging=paging, now=now
    )


@router.get(
    "/ratings/statistics",
    tags=["citizen"],
    operation_id="get_rating_statistics",
    summary="评价统计 | Rating statistics",
)
async def get_rating_statistics(
    session: Session,
    caller: Anyone,
    now: Now,
    group_by: GroupBy = GroupBy.ALL,
    first: FirstDay = None,
    last: LastDay = None,
    department: DepartmentAsked = None,
    hall: HallAsked = None,
    limit: Annotated[int, Query(ge=1, le=MOST_GROUPS, description="每页组数 | Groups a page")] = (
        MOST_GROUPS
    ),
    cursor: Annotated[
        str | None, Query(max_length=500, description="上一页的 next_cursor | Of the page before")
    ] = None,
) -> Statistics:
    """评价率、满意率及其置信区间和样本数；未评价的不算满意。

    工作人员看本部门、本大厅的，默认最近三十天，可任选起止日。

    公众版以整月为单位，每月结束 15 天后统计一次，不再变动。少于 5 件的不显示，必要时再隐去一组；
    各组只计可以公开的部分，总数则全部计入。

    ---
    Rates with their intervals and n. Silence is not satisfaction.

    Staff see their own departments and halls, the last thirty days unless they choose others. The
    public sees whole months, each counted once, 15 days after its end, and never changed: what is
    of fewer than 5 is hidden, and one group more where the total would give it away; a group counts
    what of it may be shown, the total everything.
    """
    return await statistics_views.of_ratings(
        session,
        statistics_views.FiguresAsked(group_by, first, last, department, hall),
        caller=caller,
        paging=PageRequest(limit, decode(cursor) if cursor else None),
        now=now,
    )


@router.get(
    "/ratings/{rating_id}",
    tags=["department"],
    operation_id="get_rating",
    summary="评价详情 | One rating",
    dependencies=[answers.PRIVATE],
    responses=problem_responses(NotFound),
)
async def get_rating(
    rating_id: UUID, session: AuditedReading, keyring: RequestKeyring, caller: Reader, now: Now
) -> RatingDetail:
    """评价、群众所写内容与整改全过程；查看会记入日志。

    ---
    The rating, what the citizen wrote, and its whole handling; reading it is logged.
    """
    return await views.detail(session, rating_id, caller=caller, keyring=keyring, now=now)
