"""The sender's side: whether the letter may be published."""

from services.feedback.casework import sender_views
from services.feedback.casework.schemas import Consent, SenderView
from services.feedback.casework.sender_request import DecidingSender
from services.feedback.publication import service
from services.feedback.quarantine.models import QuarantinedLetter
from services.feedback.quarantine.rules import NotYetRegistered
from shared.errors import NotFound, TooMany, problem_responses
from shared.web import answers
from shared.web.describing import sends
from shared.web.routing import Router

router = Router(prefix="/letters", tags=["citizen"], dependencies=[answers.PRIVATE])


@router.post(
    "/{reg_no}/consent",
    operation_id="consent_to_publication",
    summary="同意或收回同意公开 | Agree to publication, or take it back",
    responses={
        **problem_responses(NotFound, TooMany, NotYetRegistered),
        **sends("Content-Language"),
    },
)
async def consent_to_publication(me: DecidingSender, given: Consent) -> SenderView:
    """随时可以同意公开，也可以收回；收回后公开稿立即撤下。
    ---
    At any time. Consent that is taken back takes the public copy down at once.
    """
    letter = await me.found(given)
    if isinstance(letter, QuarantinedLetter):
        return await me.move("consent", given)
    session = me.session if given.wants_public else await me.session.go_on_in_transaction()
    done = await service.consent(session, me.keyring, letter, given, me.now)
    return await sender_views.view(session, me.keyring, done.letter, me.language, me.now, done)
