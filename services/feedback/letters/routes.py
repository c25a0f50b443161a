from typing import Annotated
from uuid import UUID

from services.feedback.letters import rules, service, views
from services.feedback.letters.schemas import LetterReceipt, OriginalView
from shared.errors import NotFound, problem_responses
from shared.security.identity import Caller
from shared.web import answers
from shared.web.dependencies import AuditedReading, Deciding, Now, RequestKeyring, allow
from shared.web.routing import Router

router = Router(prefix="/letters", tags=["citizen"], dependencies=[answers.PRIVATE])


@router.post(
    "/{letter_id}/query-code",
    operation_id="renew_query_code",
    summary="补发查询码 | Renew the query code",
    tags=["department"],
    response_model_exclude_none=True,
    responses=problem_responses(NotFound, rules.SenderUnknown),
)
async def renew_query_code(
    letter_id: UUID,
    session: Deciding,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("dispatcher", "supervisor")],
) -> LetterReceipt:
    """核对来信人身份后补发；旧查询码随即失效。每次补发都会记入审计日志。
    ---
    After the sender's identity was checked. The old code opens nothing any more. Each renewal is
    written to the audit log.
    """
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
    session: AuditedReading,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("dispatcher", "officer", "reviewer", "supervisor")],
) -> OriginalView:
    """未脱敏的来信原文。每次查看都会记入审计日志。
    ---
    The letter unmasked. Each reading is written to the audit log.
    """
    return await views.original(session, keyring, letter_id, caller, now)
