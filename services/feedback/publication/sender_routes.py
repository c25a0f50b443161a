"""The sender's side: whether the letter may be published."""

from typing import Annotated

from fastapi import Path, Response

from services.feedback.casework import sender_views
from services.feedback.casework.schemas import Consent, SenderView
from services.feedback.letters import service as letters
from services.feedback.publication import service
from shared.errors import NotFound, TooMany, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Direct, Now, RequestKeyring, Session, public
from shared.web.routing import Router

router = Router(prefix="/letters", tags=["citizen"])


@router.post(
    "/{reg_no}/consent",
    operation_id="consent_to_publication",
    summary="同意或收回同意公开 | Agree to publication, or take it back",
    responses=problem_responses(NotFound, TooMany),
)
async def consent_to_publication(
    reg_no: Annotated[str, Path(max_length=40, examples=["NC-LX-20261123-0012-5"])],
    given: Consent,
    response: Response,
    session: Session,
    direct: Direct,
    keyring: RequestKeyring,
    now: Now,
    _: Annotated[Caller | None, public()],
) -> SenderView:
    """随时可以同意公开，也可以收回；收回后公开稿立即撤下。
    ---
    At any time. Consent that is taken back takes the public copy down at once.
    """
    response.headers["Cache-Control"] = "no-store"
    letter = await letters.with_code(session, direct, keyring, reg_no, given.code, now)
    letter = await service.consent(session, keyring, letter, given, now)
    return await sender_views.view(session, keyring, letter)
