"""The sender's side: everything here needs the query code and no account."""

from typing import Annotated

from services.feedback.casework import sender_rules, sender_views, service
from services.feedback.casework.schemas import (
    LetterAppeal,
    MyLetterView,
    RateReply,
    Reopen,
    SenderView,
    Supplement,
    Withdraw,
)
from services.feedback.casework.sender_request import DecidingSender, Sender
from services.feedback.letters.rules import AlreadyAppealed, TooManySupplements
from services.feedback.quarantine.models import QuarantinedLetter
from services.feedback.quarantine.rules import NotYetRegistered
from shared.errors import NotFound, StateConflict, TooMany, problem_responses
from shared.security.identity import Caller
from shared.web import answers
from shared.web.dependencies import Paging, RequestKeyring, Session, allow
from shared.web.describing import sends
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/letters", tags=["citizen"], dependencies=[answers.PRIVATE])

_WORDED = sends("Content-Language")
_CODE = {**problem_responses(NotFound, TooMany), **_WORDED}
_MOVE = {
    **problem_responses(
        NotFound,
        TooMany,
        StateConflict,
        sender_rules.AnswerAlreadyRated,
        TooManySupplements,
        sender_rules.ReopenTooLate,
        sender_rules.ReopenedTwice,
        sender_rules.ReopenRefused,
        AlreadyAppealed,
        NotYetRegistered,
    ),
    **_WORDED,
}


@router.get(
    "/mine",
    operation_id="list_my_letters",
    summary="我的来信 | My letters",
)
async def list_my_letters(
    session: Session,
    keyring: RequestKeyring,
    caller: Annotated[Caller, allow("citizen")],
    paging: Paging,
) -> Page[MyLetterView]:
    """登录后署名或要求保密的来信，最新的在前。匿名来信不与账号关联，请凭查询码查看。
    ---
    Letters written under one's name or in confidence while signed in, latest first. An anonymous
    letter is never linked to an account: it opens with its query code.
    """
    return await sender_views.mine(session, keyring, caller, paging)


@router.get(
    "/{reg_no}",
    operation_id="read_my_letter",
    summary="凭查询码查看来信 | Read my letter with its query code",
    responses=_CODE,
)
async def read_my_letter(me: Sender) -> SenderView:
    """办理进展、答复期限和答复。查询码可放在 `X-Query-Code` 请求头里，不必写在地址中。

    编号或查询码不对都响应“没有找到”。输错过多会响应 429；正确的查询码始终有效。

    ---
    Where the letter stands, when it is due, and the reply. The query code may stand in the header
    `X-Query-Code`. A wrong number and a wrong code are
    answered alike; after many wrong codes they get 429, but the right code always opens.
    """
    found = await me.found()
    if isinstance(found, QuarantinedLetter):
        return await sender_views.waiting(me.session, me.keyring, found, me.language)
    return await sender_views.view(me.session, me.keyring, found, me.language, me.now)


@router.post(
    "/{reg_no}/supplement",
    operation_id="supplement_my_letter",
    summary="补充来信 | Add to my letter",
    responses=_MOVE,
)
async def supplement(me: DecidingSender, given: Supplement) -> SenderView:
    """补充情况，或回答部门的提问（办理随即恢复）。并案的来信办结后不再补充，请评价答复。
    ---
    Add to the letter, or answer what the department asked, which lets the work go on. Once the
    letter that yours was merged into is closed, rate the reply instead.
    """
    return await me.move("supplement", given)


@router.post(
    "/{reg_no}/appeal",
    operation_id="appeal_my_letter",
    summary="申请复查 | Appeal the refusal of my letter",
    responses=_MOVE,
)
async def appeal(me: DecidingSender, given: LetterAppeal) -> SenderView:
    """对不予受理、不予登记不服的，可以申请复查一次，由未作原决定的督办人员决定。
    ---
    Against a refusal, also to register a letter that waited; once, and decided by a supervisor who
    did not refuse it.
    """
    return await me.move("appeal", given)


@router.post(
    "/{reg_no}/withdraw",
    operation_id="withdraw_my_letter",
    summary="撤回来信 | Withdraw my letter",
    responses=_MOVE,
)
async def withdraw(me: DecidingSender, given: Withdraw) -> SenderView:
    """答复发出之前可以撤回。
    ---
    Possible until the reply has gone out.
    """
    return await me.move("withdraw", given)


@router.post(
    "/{reg_no}/rate",
    operation_id="rate_my_letter",
    summary="评价答复 | Rate the reply",
    responses=_MOVE,
)
async def rate(me: DecidingSender, given: RateReply) -> SenderView:
    """满意即办结；不满意即申请重办，最多两次；对同一次答复申请过而未获同意的，只作评价。每次答复评价一次，
    不评价不算满意。
    ---
    A good grade closes the letter, a bad one asks to reopen it, twice at most, and not where that
    was refused after the same reply. One rating for each reply; no rating is no praise.
    """
    letter = await me.letter(given)
    return await me.shown(await service.rate(me.session, me.keyring, letter, given, me.now))


@router.post(
    "/{reg_no}/reopen",
    operation_id="reopen_my_letter",
    summary="申请重办 | Ask to reopen my letter",
    responses=_MOVE,
)
async def reopen(me: DecidingSender, given: Reopen) -> SenderView:
    """问题没有解决，可以在期限内申请重办，每次答复申请一次，由督办决定。
    ---
    Not solved: ask, within the time allowed and once a reply, to have it handled again; the
    supervisor decides.
    """
    return await me.move("reopen", given)
