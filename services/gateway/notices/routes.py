"""Notices over HTTP: one's inbox, how one wants to be reached, and how deliveries fare."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.gateway.guessing.rules import LockedOut
from services.gateway.notices import emails, service, views
from services.gateway.notices.rules import (
    CodeRefused,
    CodesSpent,
    NothingToConfirm,
    account_of,
)
from services.gateway.notices.schemas import (
    EmailCodeIn,
    NoticePreferencesIn,
    NoticePreferencesView,
    NoticeView,
    OutboxView,
)
from shared.errors import StateConflict, problem_responses
from shared.security.identity import ROLES, Caller
from shared.web.dependencies import (
    Direct,
    ExpectedVersion,
    Language,
    Now,
    Paging,
    RequestKeyring,
    Session,
    allow,
)
from shared.web.pagination import Page, page
from shared.web.routing import Router

router = Router(prefix="/notices", tags=["citizen"])

Reader = Annotated[Caller, allow(*sorted(ROLES.keys() - {"device", "system"}))]
"""Whoever signs in with an account of a person's own."""


@router.get("", operation_id="list_notices", summary="我的通知 | My notices")
async def list_notices(
    session: Session,
    keyring: RequestKeyring,
    language: Language,
    paging: Paging,
    caller: Reader,
    unread: Annotated[bool, Query(description="只看未读 | Only those not read yet")] = False,
) -> Page[NoticeView]:
    """预约、叫号和来信的通知都在这里，最新的在前，保留半年。
    ---
    What there was to know of appointments, calls and letters, newest first; kept for half a year.
    """
    (after,) = paging.key(UUID) or (None,)
    rows = await service.inbox(session, account_of(caller), after, paging.limit + 1, unread=unread)
    return page(
        rows, paging, lambda row: (row.id,), lambda row: views.shown(row, keyring, language)
    )


@router.get(
    "/preferences",
    operation_id="get_notice_preferences",
    summary="查看通知设置 | How I want to be reached",
)
async def get_notice_preferences(
    session: Session, keyring: RequestKeyring, caller: Reader
) -> NoticePreferencesView:
    """除收件箱外，通知还发到哪里、用什么语言、何时免打扰。没有设置过的，版本为 0。
    ---
    Where notices go besides the inbox, in which language, and the quiet hours. Version 0 where
    nothing was chosen yet.
    """
    return views.chosen(await service.preferences(session, account_of(caller)), keyring)


@router.put(
    "/preferences",
    operation_id="put_notice_preferences",
    summary="修改通知设置 | Choose how I want to be reached",
    responses=problem_responses(StateConflict, CodesSpent),
)
async def put_notice_preferences(
    wanted: NoticePreferencesIn,
    session: Session,
    keyring: RequestKeyring,
    expected: ExpectedVersion,
    now: Now,
    caller: Reader,
) -> NoticePreferencesView:
    """一次填写全部设置。邮箱加密保存，只用来给您发通知；新填的邮箱会收到确认码，确认之后才发其他通知。
    免打扰时段内只发紧急的（如叫号），其余到时再发；收件箱里随时都有。
    ---
    All of it at once. The address is stored encrypted and used for your notices alone; a new one is
    sent a code, and nothing else before it is confirmed. In the quiet hours only what is urgent
    goes out, such as a call; the rest waits until they end, and stands in the inbox meanwhile.
    """
    account = account_of(caller)
    put = await emails.choose(session, keyring, account, wanted, expected, now)
    return views.chosen(put, keyring)


@router.post(
    "/preferences/email-code",
    operation_id="send_email_code",
    summary="重新发送邮箱确认码 | Send another code to my address",
    responses=problem_responses(NothingToConfirm, CodesSpent),
)
async def send_email_code(
    session: Session, keyring: RequestKeyring, now: Now, caller: Reader
) -> NoticePreferencesView:
    """发到设置里填的邮箱，30 分钟内有效；前一个随即失效。一天最多十次。
    ---
    To the address of your settings, good for 30 minutes; the one before ends. Ten a day at most.
    """
    put = await emails.send_again(session, keyring, account_of(caller), now)
    return views.chosen(put, keyring)


@router.post(
    "/preferences/email-confirmation",
    operation_id="confirm_email",
    summary="确认邮箱 | Confirm my address",
    responses=problem_responses(CodeRefused, LockedOut),
)
async def confirm_email(
    given: EmailCodeIn,
    session: Session,
    direct: Direct,
    keyring: RequestKeyring,
    now: Now,
    caller: Reader,
) -> NoticePreferencesView:
    """填写邮件里的确认码，此后通知才发到这个邮箱。确认码只能用一次；连续填错 10 次，须等 15 分钟。
    ---
    The code that came by e-mail; from then on notices go to the address. It works once; after ten
    wrong ones in a row you have to wait for 15 minutes.
    """
    account, code = account_of(caller), given.code.get_secret_value()
    put = await emails.confirm(session, direct, keyring, account, code, now)
    return views.chosen(put, keyring)


@router.get(
    "/outbox",
    operation_id="get_notice_outbox",
    summary="通知发送情况 | How notices fare",
    tags=["admin"],
)
async def get_notice_outbox(
    session: Session, now: Now, _: Annotated[Caller, allow("admin")]
) -> OutboxView:
    """最近七天各类通知按渠道和状态的条数，以及没能送达的；不含内容和收件人。
    ---
    How many of each kind stand how in the last seven days, by channel, and what could not be
    delivered; without what they say and whom they are for.
    """
    return views.outbox(await service.outbox(session, now))


@router.post("/{notice_id}/read", operation_id="read_notice", summary="标为已读 | Mark as read")
async def read_notice(
    notice_id: UUID,
    session: Session,
    keyring: RequestKeyring,
    language: Language,
    now: Now,
    caller: Reader,
) -> NoticeView:
    """记下第一次读到的时间；再标一次不变。
    ---
    Notes when it was read first; once more changes nothing.
    """
    found = await service.read(session, account_of(caller), notice_id, now)
    return views.shown(found, keyring, language)
