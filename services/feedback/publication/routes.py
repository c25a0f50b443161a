from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response, status

from services.feedback.filters import DepartmentAsked
from services.feedback.letters.models import LetterKind
from services.feedback.publication import cases, rules, service, views
from services.feedback.publication.cases import Case
from services.feedback.publication.schemas import (
    Decide,
    Decline,
    OpenRedaction,
    PublishedView,
    RedactionView,
    TakeDown,
)
from shared.errors import FourEyes, NotFound, PreconditionRequired, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web import answers, versions
from shared.web.dependencies import (
    AuditedReading,
    Deciding,
    Direct,
    ExpectedVersion,
    Now,
    Paging,
    RequestKeyring,
    allow,
    public,
)
from shared.web.describing import sends
from shared.web.pagination import Page
from shared.web.routing import Router

public_router = Router(prefix="/published-letters", tags=["citizen"])
router = Router(
    prefix="/letters/{letter_id}/publication", tags=["department"], dependencies=[answers.PRIVATE]
)

Reviewer = Annotated[Caller, allow("reviewer", "supervisor")]
_CASE = problem_responses(NotFound, rules.NotAnswered)
_CHANGE = problem_responses(
    NotFound,
    PreconditionRequired,
    StateConflict,
    FourEyes,
    rules.NotAnswered,
    rules.NotAgreed,
    rules.PublicationBlocked,
)


@public_router.get(
    "",
    operation_id="search_published_letters",
    summary="查询公开来信 | Search the published letters",
)
async def search_published(
    direct: Direct,
    paging: Paging,
    _: Annotated[Caller | None, public()],
    q: Annotated[str | None, Query(min_length=1, max_length=50, examples=["路灯"])] = None,
    kind: LetterKind | None = None,
    department: DepartmentAsked = None,
) -> Page[PublishedView]:
    """已公开的来信和答复（去除了个人信息），最新的在前。多个词用空格隔开，须全部出现。
    ---
    Published letters with their replies, free of personal data, latest first. Words are separated
    by spaces; all of them have to occur.
    """
    return await views.published(direct, q, kind, department, paging)


@public_router.get(
    "/{reg_no}",
    operation_id="read_published_letter",
    summary="查看公开来信 | Read a published letter",
    responses=problem_responses(NotFound),
)
async def read_published(
    reg_no: Annotated[str, Path(max_length=40)],
    direct: Direct,
    _: Annotated[Caller | None, public()],
) -> PublishedView:
    """一封已公开的来信及其答复。
    ---
    One published letter with its reply.
    """
    return await views.one_published(direct, reg_no)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="open_redaction",
    summary="提出公开与脱敏建议 | Propose what to redact for publication",
    responses={
        **problem_responses(
            NotFound,
            rules.NotAnswered,
            rules.NotAgreed,
            rules.AccusationNotPublished,
            StateConflict,
        ),
        **sends("ETag", status=201),
    },
)
async def open_redaction(
    letter_id: UUID,
    response: Response,
    session: Deciding,
    keyring: RequestKeyring,
    now: Now,
    caller: Reviewer,
    given: OpenRedaction | None = None,
) -> RedactionView:
    """按规则找出标题、正文和答复中的个人信息，逐条交人审核。撤下后可以再次提出，重新审核。
    ---
    Rules find what looks personal in title, body and reply; a person decides each. After the copy
    was taken down it may be opened once more, to be reviewed anew.
    """
    basis = given.basis if given else None
    case = await cases.open_case(session, keyring, letter_id, caller, basis, now)
    return await _shown(response, session, case, caller, now)


@router.get(
    "",
    operation_id="read_redaction",
    summary="查看脱敏审核 | See a redaction under review",
    responses={**_CASE, **sends("ETag")},
)
async def read_redaction(
    letter_id: UUID,
    response: Response,
    session: AuditedReading,
    keyring: RequestKeyring,
    now: Now,
    caller: Reviewer,
) -> RedactionView:
    """原文、标记和公开稿预览。查看会记入审计日志。
    ---
    Originals, spans and a preview of the copy. Reading it is written to the audit log.
    """
    case = await cases.case_of(session, keyring, letter_id, caller)
    return await _shown(response, session, case, caller, now)


@router.post(
    "/spans",
    operation_id="decide_redaction_spans",
    summary="逐条审核脱敏标记 | Decide the spans",
    responses={**_CHANGE, **sends("ETag")},
)
async def decide_spans(
    letter_id: UUID,
    decision: Decide,
    response: Response,
    session: Deciding,
    keyring: RequestKeyring,
    now: Now,
    caller: Reviewer,
    expected: ExpectedVersion,
) -> RedactionView:
    """接受、不接受或增加标记；已有的审核同意随之失效。
    ---
    Accept, reject or add spans; approvals given before no longer count.
    """
    case = await cases.case_of(session, keyring, letter_id, caller)
    case = await service.decide(session, case, decision, versions.required(expected), caller)
    return await _shown(response, session, case, caller, now)


@router.post(
    "/approve",
    operation_id="approve_publication",
    summary="同意公开 | Approve the public copy",
    responses={**_CHANGE, **sends("ETag")},
)
async def approve_publication(
    letter_id: UUID,
    response: Response,
    session: Deciding,
    keyring: RequestKeyring,
    now: Now,
    caller: Reviewer,
    expected: ExpectedVersion,
) -> RedactionView:
    """投诉和举报须两人同意。还有未处理的号码或门牌时不能公开。
    ---
    A complaint or accusation takes two people. Blocked while a number or dwelling is undecided.
    """
    case = await cases.case_of(session, keyring, letter_id, caller)
    case = await service.approve(session, case, versions.required(expected), caller, now)
    return await _shown(response, session, case, caller, now)


@router.post(
    "/decline",
    operation_id="decline_publication",
    summary="决定不公开 | Decide not to publish",
    responses={**_CHANGE, **sends("ETag")},
)
async def decline_publication(
    letter_id: UUID,
    declined: Decline,
    response: Response,
    session: Deciding,
    keyring: RequestKeyring,
    now: Now,
    caller: Reviewer,
    expected: ExpectedVersion,
) -> RedactionView:
    """依法不公开的，写明理由；不计入公开率的分母。
    ---
    Lawfully not published, with the reason; it leaves the denominator of the publication rate.
    """
    case = await cases.case_of(session, keyring, letter_id, caller)
    reason = declined.reason_code
    case = await service.decline(session, case, reason, versions.required(expected), caller, now)
    return await _shown(response, session, case, caller, now)


@router.post(
    "/take-down",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="take_down_publication",
    summary="撤下公开稿 | Take the public copy down",
    responses=_CHANGE,
)
async def take_down_publication(
    letter_id: UUID,
    given: TakeDown,
    session: Deciding,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("supervisor")],
    expected: ExpectedVersion,
) -> None:
    """写明理由；公开稿立即撤下，档案保留。此后可以重新提出公开，另行审核。
    ---
    For a reason: the public copy disappears at once; the file keeps it. It may be opened for
    publication once more afterwards, and is reviewed anew.
    """
    version = versions.required(expected)
    await service.take_down(session, keyring, letter_id, given.reason, version, caller, now)


async def _shown(
    response: Response, session: Deciding, case: Case, caller: Caller, now: datetime
) -> RedactionView:
    response.headers["ETag"] = f'"{case.redaction.version}"'
    return await views.redaction(session, case, caller, now)
