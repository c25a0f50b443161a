"""What the demo hall shows of the ways of seeing people besides its windows."""

import json
from datetime import datetime, time, timedelta
from pathlib import Path

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.consultations import service as consultations
from services.appointments.consultations import views as consultation_views
from services.appointments.consultations.schemas import NewConsultation
from services.appointments.consultations.views import ConsultationFilter
from services.appointments.followups.models import Questionnaire
from services.appointments.outreach import gatherings
from services.appointments.outreach import views as outreach_views
from services.appointments.outreach.models import GatheringKind
from services.appointments.outreach.schemas import NewGathering
from services.appointments.policies import service as policies
from services.appointments.policies.schemas import (
    FollowupTerms,
    NewBookingPolicy,
    PolicyTerms,
    SamplingRule,
)
from shared import clock
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web.pagination import PageRequest
from shared.web.steps import StepTaker

DATA = Path(__file__).parent / "data"
HALL, DEPARTMENT = "H001", "PBOC"
QUESTIONNAIRE = "AFTER-VISIT"
LOADER = Caller("demo", frozenset({"admin"}), frozenset({"*"}))


async def load(session: AsyncSession, keyring: Keyring, now: datetime) -> None:
    """Loads what is missing."""
    await _followups(session, now)
    await _consultation(session, keyring, now)
    await _outreach(session, keyring, now)


async def _followups(session: AsyncSession, now: datetime) -> None:
    """Whoever has finished at the demo hall is asked again, each of them, so that a tour is."""
    present = await policies.in_force(session, HALL, now)
    if FollowupTerms.model_validate(present.followups).questionnaire_code is not None:
        return
    session.add(
        Questionnaire(
            code=QUESTIONNAIRE,
            version=1,
            content=json.loads((DATA / "questionnaire.json").read_text("utf-8")),
            published_by=LOADER.sub,
            published_at=now,
        )
    )
    terms = PolicyTerms.model_validate(present).model_dump(exclude={"followups"})
    sample = [
        SamplingRule(outcomes=["done"], percent=100),
        SamplingRule(percent=0),
    ]
    followups = FollowupTerms(questionnaire_code=QUESTIONNAIRE, rules=sample)
    wanted = NewBookingPolicy(**terms, version=present.version, followups=followups)
    await policies.lay_down(session, HALL, wanted, LOADER, now)


async def _consultation(session: AsyncSession, keyring: Keyring, now: datetime) -> None:
    """Two departments were asked about a matter, and have still to give their opinions."""
    known = await consultation_views.listed(
        session,
        caller=LOADER,
        keyring=keyring,
        wanted=ConsultationFilter(hall=HALL),
        paging=PageRequest(1, None),
        now=now,
    )
    if known.items:
        return
    wanted = NewConsultation(
        hall_code=HALL,
        item_code=f"{DEPARTMENT}-01",
        title="企业迁入后账户与许可如何衔接（演示）",
        question="企业由外市迁入，基本账户、许可证须分别变更，请说明所需材料和先后次序。",
        lead_department_code=DEPARTMENT,
        departments=["D01", "D03"],
    )
    await consultations.open_(session, wanted, StepTaker(LOADER, now, keyring))


async def _outreach(session: AsyncSession, keyring: Keyring, now: datetime) -> None:
    """The windows go to a village in a week, for whoever registers."""
    if (await outreach_views.coming(session, HALL, PageRequest(1, None), now)).items:
        return
    starts_at = datetime.combine(clock.today(now) + timedelta(days=7), time(9), clock.SHANGHAI)
    wanted = NewGathering(
        hall_code=HALL,
        title="送服务进村（演示）",
        kind=GatheringKind.VILLAGE,
        place="示范区石门村村委会",
        item_codes=[f"{DEPARTMENT}-01", f"{DEPARTMENT}-02"],
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=3),
        places=60,
    )
    await gatherings.announce(session, wanted, StepTaker(LOADER, now, keyring))
