"""Which letters, ratings and orders of a local system the examples of the documents are about."""

from typing import Any

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework import workflow as casework
from services.feedback.casework.models import LetterExtension
from services.feedback.departments.models import Department
from services.feedback.letters.models import Letter
from services.feedback.publication.models import Redaction, RedactionState
from services.feedback.quarantine import workflow as quarantine
from services.feedback.quarantine.models import QuarantinedLetter
from services.feedback.ratings import workflow as ratings
from services.feedback.ratings.models import Invitation, InvitationState, Rating, ServiceEvent
from services.feedback.ratings.rules import token_of
from services.feedback.supervision import workflow as supervision
from services.feedback.supervision.models import SupervisionOrder
from shared.database.newest import newest, newest_in, values_of
from shared.security.crypto import Keyring, rating_key
from shared.web.examples import Example, of_row, read

SENDERS = {
    "supplement_my_letter": "supplement",
    "withdraw_my_letter": "withdraw",
    "consent_to_publication": "consent",
    "appeal_my_letter": "appeal",
    "rate_my_letter": "rate_good",
    "reopen_my_letter": "reopen",
}
SAME = {
    "letter_log_activity": "add_letter_activity",
    "letter_request_extension": "ask_letter_extension",
    "letter_merge": "merge_letter",
}
RATINGS = {
    "verify_rating": "verify",
    "explain_rating": "explain",
    "appeal_rating": "appeal",
    "confirm_rating": "confirm",
    "exclude_rating": "exclude",
    "rectify_rating": "rectify",
    "give_rating_feedback": "feedback",
    "revisit_rating": "revisit",
}
QUARANTINE = {
    "drop_quarantined_letter": "drop",
    "release_quarantined_letter": "release",
    "reject_quarantine_appeal": "reject_appeal",
}
ORDERS = {
    "acknowledge_supervision_order": "acknowledge",
    "answer_supervision_order": "answer",
    "accept_supervision_answer": "accept",
    "reject_supervision_answer": "reject",
}
MERGES = "letter_merge"
DECIDES_EXTENSION = ("letter_approve_extension", "letter_refuse_extension")


async def live(session: AsyncSession, keyring: Keyring) -> dict[str, Example]:
    """Of each state that an action leads on from, the newest."""
    found = await _letters(session)
    found |= {other: found[name] for name, other in SAME.items() if name in found}
    found |= await _of_senders(session, keyring) | await _invited(session, keyring)
    return found | await _publication(session) | await _cases(session)


async def _letters(session: AsyncSession) -> dict[str, Example]:
    found = {}
    for action in casework.STAFF_ACTIONS:
        operation = f"letter_{action}"
        where = [_waits_for_extension()] if operation in DECIDES_EXTENSION else []
        states = casework.WORKFLOW.of(action)
        letter = await newest_in(session, Letter, [row.state for row in states], *where)
        if letter is None:
            continue
        found[operation] = of_row("letter_id", letter)
        if operation == MERGES:
            into = await newest_in(session, Letter, casework.LIVE, col(Letter.id) != letter.id)
            if into is not None:
                found[operation] = of_row("letter_id", letter, into=str(into.id))
    return found


def _waits_for_extension() -> Any:
    undecided = col(LetterExtension.granted).is_(None)
    return col(Letter.id).in_(values_of(LetterExtension.letter_id, undecided))


async def _of_senders(session: AsyncSession, keyring: Keyring) -> dict[str, Example]:
    """Letters of the demo, whose query code is the one of the examples."""
    code = read("feedback")["supplement_my_letter"]["body"]["code"]
    known = keyring.forms(code, where="letter.query_code")
    found = {}
    for operation, action in SENDERS.items():
        rows = casework.WORKFLOW.of(action)
        own = col(Letter.renewed_code_hash).in_(known)
        letter = await newest_in(session, Letter, [row.state for row in rows], own)
        if letter is not None:
            found[operation] = Example({"reg_no": letter.reg_no})
    return found


async def _publication(session: AsyncSession) -> dict[str, Example]:
    answered = [row.state for row in casework.WORKFLOW.of("reopen")]
    known = col(Letter.id).in_(values_of(Redaction.letter_id))
    found = {}
    letter = await newest_in(session, Letter, answered, ~known, col(Letter.wants_public))
    if letter is not None:
        found["open_redaction"] = Example({"letter_id": str(letter.id)})
    case = await newest_in(session, Redaction, [RedactionState.IN_REVIEW])
    if case is not None:
        seen = Example({"letter_id": str(case.letter_id)}, header={"If-Match": f'"{case.version}"'})
        found |= dict.fromkeys(("decide_redaction_spans", "decline_publication"), seen)
    shown = await newest_in(session, Redaction, [RedactionState.PUBLISHED])
    if shown is not None:
        found["take_down_publication"] = Example(
            {"letter_id": str(shown.letter_id)}, header={"If-Match": f'"{shown.version}"'}
        )
    return found


async def _invited(session: AsyncSession, keyring: Keyring) -> dict[str, Example]:
    """Who was served may rate: key and token are made from ids, by the keys of this system."""
    found = {}
    event = await newest(session, ServiceEvent, col(ServiceEvent.followup_id).is_(None))
    if event is not None:
        key = {"case_id": str(event.case_id), "rating_key": rating_key(keyring, event.case_id)}
        found["ask_to_rate"] = Example(body=key)
    invitation = await newest_in(session, Invitation, [InvitationState.OPEN])
    if invitation is not None:
        found["give_rating"] = Example(body={"token": token_of(invitation.id, keyring)})
    own = (col(Rating.amended_at).is_(None), col(Rating.followup_id).is_(None))
    rating = await newest_in(session, Rating, ratings.AMENDABLE, *own)
    if rating is not None:
        found["amend_rating"] = Example(body={"token": token_of(rating.invitation_id, keyring)})
    return found


async def _cases(session: AsyncSession) -> dict[str, Example]:
    found = {}
    code = read("feedback")["put_department"]["path"]["code"]
    department = await session.get(Department, code)
    if department is not None:
        found["put_department"] = Example(body={"version": department.version})
    for operation, action in RATINGS.items():
        states = [row.state for row in ratings.WORKFLOW.of(action)]
        rating = await newest_in(session, Rating, states)
        if rating is not None:
            found[operation] = of_row("rating_id", rating)
    for operation, action in QUARANTINE.items():
        waiting = [row.state for row in quarantine.WORKFLOW.of(action)]
        held = await newest_in(session, QuarantinedLetter, waiting)
        if held is not None:
            found[operation] = of_row("letter_id", held)
    for operation, action in ORDERS.items():
        issued = [row.state for row in supervision.WORKFLOW.of(action)]
        order = await newest_in(session, SupervisionOrder, issued)
        if order is not None:
            found[operation] = of_row("order_id", order)
    return found
