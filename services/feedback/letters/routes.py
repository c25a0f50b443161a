from typing import Annotated
from uuid import UUID

from fastapi import Request, Response, status

from services.feedback.letters import rules, service, views
from services.feedback.letters.schemas import LetterIn, LetterReceipt, OriginalView
from shared.errors import Forbidden, NotFound, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Now, RequestKeyring, Session, allow, public
from shared.web.routing import Router

router = Router(prefix="/letters", tags=["citizen"])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="write_letter",
    summary="写信 | Write a letter",
    responses=problem_responses(Forbidden),
)
async def write_letter(
    letter: LetterIn,
    request: Request,
    session: Session,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller | None, public()],
) -> LetterReceipt:
    """任何人都可以写信，无需注册。请保存返回的登记编号和查询码，查询码只显示这一次。
    ---
    Anybody may write, without an account. Keep the number and the query code of the answer: the
    code is shown this once.
    """
    region = request.state.settings.region
    return await service.receive(session, keyring, letter, caller, region, now)


@router.post(
    "/{letter_id}/query-code",
    operation_id="renew_query_code",
    summary="补发查询码 | Renew the query code",
    tags=["department"],
    responses=problem_responses(NotFound, rules.SenderUnknown),
)
async def renew_query_code(
    letter_id: UUID,
    response: Response,
    session: Session,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("dispatcher", "supervisor")],
) -> LetterReceipt:
    """核对来信人身份后补发；旧查询码随即失效。每次补发都会记入审计日志。
    ---
    After the sender's identity was checked. The old code opens nothing any more. Each renewal is
    written to the audit log.
    """
    response.headers["Cache-Control"] = "no-store"
    return await service.renew_code(session, keyring, letter_id, caller, now)


@router.get(
    "/{letter_id}/original",
    operation_id="read_original_letter",
    summary="查看来信原文 | Read the original of a letter",
    tags=["department"],
    responses=problem_responses(NotFound),
)
async def read_original(
    letter_id: UUID,
    response: Response,
    session: Session,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("dispatcher", "officer", "reviewer", "supervisor")],
) -> OriginalView:
    """未脱敏的来信原文。每次查看都会记入审计日志。
    ---
    The letter unmasked. Each reading is written to the audit log.
    """
    response.headers["Cache-Control"] = "no-store"
    return await views.original(session, keyring, letter_id, caller, now)
