"""Consultations as those who take part in them see them, and whom they are for."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.consultations import queries, rules, service
from services.appointments.consultations.models import (
    Consultation,
    ConsultedDepartment,
)
from services.appointments.consultations.queries import ConsultationFilter as ConsultationFilter
from services.appointments.consultations.queries import SeenConsultation
from services.appointments.consultations.schemas import (
    ConsultationDetail,
    ConsultationLookup,
    ConsultationOutcome,
    ConsultationView,
    ConsultedDepartmentView,
    JointSessionView,
    NewConsultationView,
)
from services.appointments.consultations.service import (
    ANSWER,
    KEY,
    OPINION,
    QUESTION,
    REASON,
    TITLE,
)
from services.appointments.consultations.workflow import WORKFLOW
from shared.clock import today
from shared.security.crypto import Keyring, handed_out
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page

_SAME = {"id", "hall_code", "item_code", "case_id", "lead_department_code", "state", "version"}
_SAME |= {"level", "opened_by", "opened_at", "due_on"}


async def listed(
    session: AsyncSession,
    *,
    caller: Caller,
    keyring: Keyring,
    wanted: ConsultationFilter,
    paging: PageRequest,
    now: datetime,
) -> Page[ConsultationView]:
    """Those of the caller's hall and departments, newest first."""
    (before,) = paging.key(UUID) or (None,)
    found = await queries.page(
        session,
        places=None if "*" in caller.places else caller.places,
        wanted=wanted,
        today=today(now),
        before=before,
        limit=paging.limit + 1,
    )
    return page(
        found,
        paging,
        lambda one: (one.consultation.id,),
        lambda one: _view(one, keyring, today(now)),
    )


async def detail_of(
    session: AsyncSession, consultation_id: UUID, caller: Caller, keyring: Keyring, now: datetime
) -> ConsultationDetail:
    """Raises NotFound."""
    return detail(await service.visible(session, consultation_id, caller), keyring, now)


async def outcome(
    session: AsyncSession, given: ConsultationLookup, keyring: Keyring
) -> ConsultationOutcome:
    """How it stands, for whom it is for. Raises NotFound."""
    one = await service.looked_up(session, given, keyring)
    return ConsultationOutcome(
        title=keyring.open(one.title_sealed, where=TITLE, row=str(one.id)),
        state=one.state,
        due_on=one.due_on,
        lead_department_code=one.lead_department_code,
        answer=_opened(one.answer_sealed, ANSWER, str(one.id), keyring),
        ended_at=one.ended_at,
    )


def opened(found: SeenConsultation, keyring: Keyring, now: datetime) -> NewConsultationView:
    """With the key that is handed to whom it is for."""
    known = detail(found, keyring, now).model_dump()
    key = handed_out(keyring, str(found.consultation.id), where=KEY)
    return NewConsultationView(**known, key=key)


def detail(found: SeenConsultation, keyring: Keyring, now: datetime) -> ConsultationDetail:
    one, day = found.consultation, today(now)
    row = str(one.id)
    return ConsultationDetail(
        **_view(found, keyring, day).model_dump(),
        question=keyring.open(one.question_sealed, where=QUESTION, row=row),
        departments=[_department(asked, keyring, day) for asked in found.departments],
        sessions=[JointSessionView.model_validate(held) for held in one.sessions],
        answer=_opened(one.answer_sealed, ANSWER, row, keyring),
        reason=_opened(one.reason_sealed, REASON, row, keyring),
        ended_by=one.ended_by,
        ended_at=one.ended_at,
    )


def _view(found: SeenConsultation, keyring: Keyring, day: date) -> ConsultationView:
    one = found.consultation
    return ConsultationView(
        **one.model_dump(include=_SAME),
        title=keyring.open_or_note(one.title_sealed, where=TITLE, row=str(one.id)),
        due_on_is_provisional=one.provisional,
        overdue=_is_live(one) and rules.is_late(one, day),
        silent=rules.silent(found.departments) if _is_live(one) else one.silent,
    )


def _is_live(one: Consultation) -> bool:
    return one.state not in WORKFLOW.ends


def _department(asked: ConsultedDepartment, keyring: Keyring, day: date) -> ConsultedDepartmentView:
    same = {"department_code", "invited_at", "due_on", "stance", "opined_by", "opined_at"}
    row = f"{asked.consultation_id}/{asked.department_code}"
    return ConsultedDepartmentView(
        **asked.model_dump(include=same),
        due_on_is_provisional=asked.provisional,
        overdue=asked.opined_at is None and rules.is_late(asked, day),
        opinion=_opened(asked.opinion_sealed, OPINION, row, keyring),
    )


def _opened(sealed: str | None, where: str, row: str, keyring: Keyring) -> str | None:
    return keyring.open(sealed, where=where, row=row) if sealed else None
