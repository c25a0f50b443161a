"""Which consultations, follow-ups and outreach the documents' examples are about."""

from typing import Any

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.consultations import service as consultation_service
from services.appointments.consultations import workflow as consultations
from services.appointments.consultations.models import Consultation
from services.appointments.followups.models import Followup, FollowupState
from services.appointments.outreach import workflow as outreach
from services.appointments.outreach.models import (
    Gathering,
    GatheringState,
    OutreachVisit,
    Registration,
)
from services.appointments.queueing.models import Ticket, TicketState
from shared import clock
from shared.database.newest import newest, newest_in, values_of
from shared.security.crypto import Keyring, handed_out, rating_key
from shared.web.examples import Example, of_row
from shared.workflow import Workflow

CONSULTATIONS = {
    "invite_department": "invite",
    "convene_session": "convene",
    "give_opinion": "opine",
    "answer_consultation": "answer",
    "escalate_consultation": "escalate",
    "withdraw_consultation": "withdraw",
}
VISITS = {
    "plan_visit": "plan",
    "refuse_visit": "refuse",
    "cancel_visit": "cancel",
    "finish_visit": "finish",
}
GATHERINGS = {
    "plan_outreach": "plan",
    "move_outreach": "move",
    "cancel_outreach": "cancel",
    "finish_outreach": "finish",
}
REGISTRATIONS = {"cancel_registration": "cancel", "attend_outreach": "attend"}


async def live(session: AsyncSession, keyring: Keyring) -> dict[str, Example]:
    """Of each state that an action leads on from, the newest."""
    found = await _consultations(session, keyring) | await _followups(session, keyring)
    return found | await _outreach(session)


async def _acting(
    session: AsyncSession, operations: dict[str, str], workflow: Workflow[Any], kind: Any, name: str
) -> dict[str, Example]:
    found = {}
    for operation, action in operations.items():
        states = [row.state for row in workflow.of(action)]
        row = await newest_in(session, kind, states)
        if row is not None:
            found[operation] = of_row(name, row)
    return found


async def _consultations(session: AsyncSession, keyring: Keyring) -> dict[str, Example]:
    found = await _acting(
        session, CONSULTATIONS, consultations.WORKFLOW, Consultation, "consultation_id"
    )
    consultation = await newest(session, Consultation)
    if consultation is not None:
        key = handed_out(keyring, str(consultation.id), where=consultation_service.KEY)
        opens = {"consultation_id": str(consultation.id), "key": key}
        found["look_up_consultation"] = Example(body=opens)
        found["get_consultation"] = Example({"consultation_id": str(consultation.id)})
    return found


async def _followups(session: AsyncSession, keyring: Keyring) -> dict[str, Example]:
    """Who was served answers by the key of the ticket, which is made of the visit's id."""
    found = {}
    done = await newest(
        session,
        Ticket,
        col(Ticket.state) == TicketState.DONE,
        ~col(Ticket.visit_id).in_(values_of(Followup.case_id)),
    )
    if done is not None:
        found["invite_followup"] = Example(body={"case_id": str(done.visit_id)})
    asked = await newest(session, Followup)
    if asked is not None:
        key = rating_key(keyring, asked.case_id)
        found["ask_for_followup"] = Example(body={"case_id": str(asked.case_id), "key": key})
        found["get_followup"] = Example({"followup_id": str(asked.id)})
    waiting = await newest_in(session, Followup, [FollowupState.INVITED])
    if waiting is not None:
        found["note_followup_call"] = of_row("followup_id", waiting)
        own = {"key": rating_key(keyring, waiting.case_id)}
        found["answer_followup"] = Example({"followup_id": str(waiting.id)}, body=own)
    return found


async def _outreach(session: AsyncSession) -> dict[str, Example]:
    found = await _acting(session, VISITS, outreach.VISITS, OutreachVisit, "visit_id")
    found |= await _acting(session, GATHERINGS, outreach.GATHERINGS, Gathering, "event_id")
    found |= await _acting(
        session, REGISTRATIONS, outreach.REGISTRATIONS, Registration, "registration_id"
    )
    visit = await newest(session, OutreachVisit)
    if visit is not None:
        found["get_visit"] = Example({"visit_id": str(visit.id)})
    event = await newest(session, Gathering)
    if event is not None:
        which = Example({"event_id": str(event.id)})
        found |= {"get_outreach": which, "list_registrations": which}
    is_open = (
        col(Gathering.state) == GatheringState.ANNOUNCED,
        col(Gathering.closes_at) > clock.now(),
        col(Gathering.taken) + 2 <= col(Gathering.places),
    )
    coming = await newest(session, Gathering, *is_open)
    if coming is not None:
        found["register_for_outreach"] = Example({"event_id": str(coming.id)})
    return found
