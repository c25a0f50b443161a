"""Releases and their lines over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from services.appointments.booking import rules as booking
from services.appointments.booking.context import RequestBookingContext
from services.appointments.releases import rules
from services.appointments.releases.models import ReleaseEntryState, ReleaseState
from services.appointments.waiting_room import announcing, service, views
from services.appointments.waiting_room.schemas import (
    DrawnEntry,
    JoinRequest,
    NewRelease,
    ReleaseEntryView,
    ReleaseView,
    ReleaseWithdrawal,
)
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web import answers
from shared.web.dependencies import (
    Deciding,
    Direct,
    ExpectedVersion,
    Now,
    Paging,
    RequestKeyring,
    Session,
    Swap,
    allow,
    public,
)
from shared.web.gate import REMEMBERED
from shared.web.pagination import Page
from shared.web.routing import Router
from shared.web.steps import StepTaker

router = Router(prefix="/releases", tags=["citizen"])
entries_router = Router(prefix="/release-entries", tags=["citizen"], dependencies=[answers.PRIVATE])

Anybody = Annotated[Caller | None, public()]
Owner = Annotated[Caller, allow("citizen", "clerk", "hall_manager")]
Manager = Annotated[Caller, allow("hall_manager", "admin")]


@router.post(
    "",
    operation_id="announce_release",
    summary="公布一次抽签放号 | Announce a release under pressure",
    tags=["hall"],
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(rules.ReleaseOverlaps),
)
async def announce_release(
    wanted: NewRelease, session: Session, keyring: RequestKeyring, now: Now, caller: Manager
) -> ReleaseView:
    """想约的人多、名额少时用：写明哪些事项、哪几天的名额、何时放号。公布的同时，系统生成随机种子并公布其
    SHA-256（`commitment`），此后不再变动。放号前加入排队的，由抽签定先后，早来晚来一样；放号后加入的按
    先后排在后面。按实际预约的快慢依次进入，轮到的人在限定的分钟内预约；没有轮到的，任何人（包括工作人员
    代约）都不能约这些名额。时限和快慢不写的，按大厅预约规则。

    ---

    For places that many want at once: for which items and days, and when they are released. A
    random seed is made and its SHA-256 (`commitment`) published with the announcement; it never
    changes. Among those who join before the release a draw decides, however early they came; who
    joins later comes after them by arrival. People are admitted as fast as others book, and have so
    many minutes to book in; until it is their turn nobody can book these places, and no staff for
    them. What is not said here is as in the hall's booking policy.
    """
    step = StepTaker(caller, now, keyring)
    return ReleaseView.model_validate(await announcing.announce(session, wanted, step))


@router.get(
    "",
    operation_id="list_releases",
    summary="各次抽签放号 | Releases under pressure",
    openapi_extra={REMEMBERED: 1},
)
async def list_releases(
    session: Session,
    paging: Paging,
    _: Anybody,
    hall: Annotated[str | None, Query(max_length=32, description="大厅代码 | Hall code")] = None,
    state: Annotated[ReleaseState | None, Query(description="状态 | Only in this state")] = None,
) -> Page[ReleaseView]:
    """新的在前：何时可以排队、何时放号、已叫到几号。

    ---

    Newest first: from when one may join, when the places are released, and how far it is.
    """
    return await views.releases(session, paging, hall=hall, state=state)


@router.get(
    "/{release_id}",
    operation_id="get_release",
    summary="一次抽签放号的进展 | How a release goes on",
    openapi_extra={REMEMBERED: 1},
)
async def get_release(release_id: UUID, session: Session, _: Anybody) -> ReleaseView:
    """已叫到几号（`called_through`）、每分钟进几位，以及抽签的凭据：种子的摘要、名单的摘要，抽签后还有种子。
    不必反复查询：`/api/v1/live/halls/{hall}` 的事件流随时推送 `appointments.release.advanced.v1`，
    自己的号减去已叫到的号，就是前面最多还有几位。

    ---

    Up to which number people are admitted (`called_through`), how many a minute, and what proves
    the draw: the digests of the seed and of who is in it, and the seed once it is drawn. No need to
    ask again and again: the stream `/api/v1/live/halls/{hall}` sends
    `appointments.release.advanced.v1`; your number less the one that was called is how many come
    before you at the most.
    """
    return ReleaseView.model_validate(await announcing.find(session, release_id))


@router.get(
    "/{release_id}/draw",
    operation_id="get_draw",
    summary="抽签结果，可以重算 | The draw, to be computed again",
)
async def get_draw(
    release_id: UUID, direct: Direct, paging: Paging, _: Anybody
) -> Page[DrawnEntry]:
    """参加抽签的编号，按抽到的次序；抽签前为空。编号是随机的，看不出是谁。任何人都可以这样验证：
    `sha256(seed)` 等于 `commitment`；全部编号按字母顺序用换行连接，其 SHA-256 等于
    `entries_digest`；再把编号按 `sha256(seed:entries_digest:编号)` 排序，即是这里的次序。
    种子在排队前已经定下，名单在放号时固定，所以谁也不能在截止后左右结果。
    可以直接运行的程序见 docs/draws.md。

    ---

    The ids that were in the draw, in their order; none before it is drawn. They are random and name
    nobody. Anybody can prove it: `sha256(seed)` is `commitment`; the SHA-256 of all ids, sorted and
    joined by line feeds, is `entries_digest`; and sorted by `sha256(seed:entries_digest:id)` they
    are in this order. The seed was settled before anybody joined, and who is in the draw when
    joining closed, so nobody can sway it after that. docs/draws.md has a program to run.
    """
    return await views.drawn(direct, release_id, paging)


@router.post(
    "/{release_id}/withdraw",
    operation_id="withdraw_release",
    summary="撤销抽签放号 | Withdraw a release",
    tags=["hall"],
    responses=problem_responses(StateConflict),
)
async def withdraw_release(
    release_id: UUID, given: ReleaseWithdrawal, session: Deciding, now: Now, caller: Manager
) -> ReleaseView:
    """须写明原因，会公布并记入审计。排队随之结束，名额不再按次序预约。

    ---

    With the reason, which is published, and noted in the audit log. The line is over, and the
    places can be booked by everybody.
    """
    return ReleaseView.model_validate(
        await announcing.withdraw(session, release_id, given, caller, now)
    )


@router.post(
    "/{release_id}/entries",
    operation_id="join_release",
    summary="加入放号排队 | Join the line for a release",
    status_code=status.HTTP_201_CREATED,
    dependencies=[answers.PRIVATE],
    responses=problem_responses(
        StateConflict,
        rules.JoiningNotOpen,
        rules.AlreadyInLine,
        booking.BookingBarred,
    ),
)
async def join_release(
    release_id: UUID,
    wanted: JoinRequest,
    swap: Swap,
    context: RequestBookingContext,
    now: Now,
    caller: Owner,
) -> ReleaseEntryView:
    """一人排一个号。放号前加入的参加抽签，早来晚来机会一样；放号那一秒起加入的，按先后排在后面。
    几个人同来的写明人数（`persons`），轮到后最多约这么多人；人数不影响先后。
    没有账号的，由大厅工作人员代为排队，机会相同；轮到后同样由本人或工作人员预约。

    ---

    One place a person. Who joins before the release is in the draw, with the same chance however
    early they came; from that second on people come after them, by arrival. Who comes with others
    says how many they are (`persons`): no more can be booked then. For who has no account the staff
    of the hall join, with the same chance; once it is their turn they book, or staff do.
    """
    return views.entry_view(await service.join(swap, context, release_id, wanted, caller, now), now)


@entries_router.get(
    "",
    operation_id="list_release_entries",
    summary="我的放号排队；工作人员可查本大厅 | Where I am in line, or a line for its staff",
)
async def list_release_entries(
    session: Session,
    keyring: RequestKeyring,
    now: Now,
    paging: Paging,
    caller: Owner,
    release: Annotated[
        UUID | None, Query(description="哪次放号 | The release's identifier")
    ] = None,
    state: Annotated[
        ReleaseEntryState | None, Query(description="状态 | Only in this state")
    ] = None,
) -> Page[ReleaseEntryView]:
    """先加入的在前：自己的号、前面还有几位、大约几分钟后轮到。工作人员须写明 `release`。

    ---

    In the order of joining: the number, how many come before, and about how long it takes. Staff
    name the `release`.
    """
    return await views.entries(
        session, caller, keyring, paging, release=release, state=state, now=now
    )


@entries_router.get(
    "/{entry_id}",
    operation_id="get_release_entry",
    summary="我排到哪里了 | How far I am in line",
)
async def get_release_entry(
    entry_id: UUID, direct: Direct, now: Now, caller: Owner
) -> ReleaseEntryView:
    """自己的号、前面最多还有几位、大约几分钟后轮到；轮到后请在 `expires_at` 之前预约。

    ---

    The number, how many come before at the most, and about how long it takes; once admitted, book
    before `expires_at`.
    """
    return views.entry_view(await service.visible(direct, entry_id, caller), now)


@entries_router.delete(
    "/{entry_id}",
    operation_id="leave_release",
    summary="退出放号排队 | Leave the line for a release",
    responses=problem_responses(StateConflict),
)
async def leave_release(
    entry_id: UUID, swap: Swap, now: Now, caller: Owner, expected: ExpectedVersion
) -> ReleaseEntryView:
    """不再排队；放号前退出的不参加抽签，可以再加入。工作人员只能替没有账号的人退出，并记入审计。

    ---

    To wait no more; who leaves before the release is not in the draw, and may join again. Staff do
    it only for who has no account, and it is noted in the audit log.
    """
    return views.entry_view(await service.leave(swap, entry_id, expected, caller, now), now)
