"""Follow-ups as the person and the staff see them, and their results."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.followups import queries, rules, service
from services.appointments.followups.models import Followup, Questionnaire
from services.appointments.followups.queries import AskedFollowup
from services.appointments.followups.queries import FollowupFilter as FollowupFilter
from services.appointments.followups.schemas import (
    FollowupDetail,
    FollowupFigures,
    FollowupInvitation,
    FollowupKey,
    FollowupReceipt,
    FollowupResults,
    FollowupView,
    QuestionnaireContent,
    QuestionnaireView,
    ResultGrouping,
)
from services.appointments.followups.service import REMARKS
from services.appointments.windows import service as windows
from shared.clock import day_start
from shared.errors import Invalid, NotFound, Text
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page

LONGEST_DAYS = 366
USUAL_PERIOD = timedelta(days=30)
_NO_HALL = Text("没有这个大厅", "There is no such hall")
_PERIOD = Text("起止日期应先后有序，且不超过一年", "From must not be after to; a year at most")
_NOTHING = FollowupFigures(
    key=None, account=None, invited=0, answered=0, bad=0, rectified=0, answered_rate=None,
    bad_rate=None, mean_score=None,
)  # fmt: skip


async def invitation(
    session: AsyncSession, given: FollowupKey, keyring: Keyring
) -> FollowupInvitation:
    """What is asked about a case, for whoever has its key. Raises NotFound."""
    found = await service.of_key(session, given.case_id, given.key, keyring)
    followup = found.followup
    return FollowupInvitation(
        id=followup.id,
        state=followup.state,
        item_name=followup.item_name,
        due_on=followup.due_on,
        questionnaire=QuestionnaireContent.model_validate(found.content),
    )


def receipt(followup: Followup) -> FollowupReceipt:
    return FollowupReceipt(id=followup.id, state=followup.state)


async def listed(
    session: AsyncSession, *, caller: Caller, wanted: FollowupFilter, paging: PageRequest
) -> Page[FollowupView]:
    """Those of the caller's halls and departments, newest first."""
    (before,) = paging.key(UUID) or (None,)
    found = await queries.page(
        session,
        places=None if "*" in caller.places else caller.places,
        wanted=wanted,
        before=before,
        limit=paging.limit + 1,
    )
    return page(found, paging, lambda one: (one.id,), FollowupView.model_validate)


async def read(
    session: AsyncSession, followup_id: UUID, caller: Caller, keyring: Keyring, now: datetime
) -> FollowupDetail:
    """The whole of it; reading it is logged. Raises NotFound."""
    found = await service.visible(session, followup_id, caller)
    what = f"followup:{followup_id}"
    await audit_log.write(session, caller.sub, "followup.answers_read", what, now)
    return detail(found, keyring)


def detail(found: AskedFollowup, keyring: Keyring) -> FollowupDetail:
    followup = found.followup
    sealed, row = followup.remarks_sealed, str(followup.id)
    known = followup.model_dump(include=set(FollowupDetail.model_fields))
    return FollowupDetail(
        **known,
        questionnaire=QuestionnaireContent.model_validate(found.content),
        text=keyring.open(sealed, where=REMARKS, row=row) if sealed else None,
    )


async def questionnaire(session: AsyncSession, code: str) -> QuestionnaireView:
    """The version that is asked. Raises NotFound."""
    found = await queries.newest_questionnaire(session, code)
    if found is None:
        raise NotFound(rules.NO_QUESTIONNAIRE)
    return questionnaire_view(found)


def questionnaire_view(one: Questionnaire) -> QuestionnaireView:
    return QuestionnaireView(
        code=one.code,
        version=one.version,
        content=QuestionnaireContent.model_validate(one.content),
        published_at=one.published_at,
    )


async def results(
    session: AsyncSession, caller: Caller, hall: str, first: date, last: date, by: ResultGrouping
) -> FollowupResults:
    """Results over the cases that were finished on these days. Raises NotFound, Invalid."""
    if not caller.at(hall):
        raise NotFound(_NO_HALL)
    if not timedelta() <= last - first < timedelta(days=LONGEST_DAYS):
        raise Invalid(_PERIOD, pointer="/query/from")
    begins, ends = day_start(first), day_start(last + timedelta(days=1))
    lines = await queries.figures(session, by, hall, begins, ends)
    totals = lines
    if by is not ResultGrouping.HALL:
        totals = await queries.figures(session, ResultGrouping.HALL, hall, begins, ends)
    if by is ResultGrouping.CLERK:
        lines = await _of_clerks(session, lines, begins, ends)
    return FollowupResults(
        hall_code=hall,
        from_on=first,
        to_on=last,
        by=by,
        items=lines,
        total=next(iter(totals), _NOTHING),
    )


async def _of_clerks(
    session: AsyncSession, lines: Sequence[FollowupFigures], begins: datetime, ends: datetime
) -> list[FollowupFigures]:
    """The lines of accounts under their names; what rests on few answers is not shown."""
    accounts = [line.key for line in lines if line.key is not None]
    names = await windows.names(session, accounts, begins)

    def shown(line: FollowupFigures) -> FollowupFigures:
        named = names.within(line.key, begins, ends) if line.key is not None else None
        hidden = {"bad": None, "rectified": None, "bad_rate": None, "mean_score": None}
        few = hidden if line.answered < rules.LEAST_ANSWERS else {}
        return line.model_copy(update={"key": named or line.key, "account": line.key, **few})

    return [shown(line) for line in lines]
