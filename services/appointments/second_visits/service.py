"""Makes reports on second visits, and takes them to be signed and withdrawn."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.areas import service as areas
from services.appointments.areas.rules import AskedDays
from services.appointments.directory import service as directory
from services.appointments.directory.models import Hall
from services.appointments.second_visits import queries, rules
from services.appointments.second_visits.events import ReportEvent
from services.appointments.second_visits.models import SecondVisitReport
from services.appointments.second_visits.queries import Shown
from services.appointments.second_visits.rules import AlreadySigned, FinishedTickets
from services.appointments.second_visits.schemas import NewReport, ReportContent
from services.appointments.second_visits.workflow import WORKFLOW, ReportAction
from services.appointments.statistics import service as statistics
from services.appointments.statistics.schemas import WideGrouping
from shared import clock
from shared.database.deciding import DecidingSession
from shared.database.faults import Overtaken
from shared.database.versioned import swap
from shared.errors import Invalid, NotFound, Text
from shared.messaging import outbox
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions
from shared.web.steps import StepTaker

_UNKNOWN = Text("没有这份报告", "There is no such report")
_NOT_OVER = Text(
    "期间还没有结束，请选到昨天为止", "These days are not over; up to yesterday, please"
)
_NOT_IN_IT = Text("报告里没有这个事项", "The report has no such item")


async def make(session: DecidingSession, wanted: NewReport, caller: Caller, now: datetime) -> Shown:
    """A new draft: what is counted now stays. Raises NotFound, Invalid."""
    hall = await directory.get_hall(session, wanted.hall_code)
    if not caller.at(hall.code):
        raise NotFound(_UNKNOWN)
    statistics.ensure_period(wanted.from_on, wanted.to_on, ("/body/from_on", "/body/to_on"))
    if wanted.to_on >= now.astimezone(ZoneInfo(hall.timezone)).date():
        raise Invalid(_NOT_OVER, pointer="/body/to_on")
    content = await _content(session, hall, wanted, caller, now)
    year = clock.today(now).year
    places = await queries.places(session, hall.code, year, wanted.from_on, wanted.to_on)
    report = SecondVisitReport(
        **wanted.model_dump(include={"hall_code", "from_on", "to_on"}),
        year=year,
        **places._asdict(),
        content=content.model_dump(mode="json"),
        made_by=caller.sub,
        made_at=now,
    )
    session.add(report)
    # Somebody else made one meanwhile: the next number is another.
    for name in ("uq_second_visit_report_number", "uq_second_visit_report_edition"):
        session.statement.refusing(name, Overtaken)
    return Shown(report, hall.name)


async def _content(
    session: AsyncSession, hall: Hall, wanted: NewReport, caller: Caller, now: datetime
) -> ReportContent:
    first, last = wanted.from_on, wanted.to_on
    through = await queries.through(session, hall.code)
    asked = AskedDays(first, last, caller.places, hall=hall.code)
    found = await statistics.of_halls(session, caller, asked, WideGrouping.ITEM)
    counts = {one.key or "": FinishedTickets(one.served, one.needs_more) for one in found.lines}
    items = [
        (item, counts.get(item.code, FinishedTickets(0, 0)))
        for item in await queries.items(session, hall.code, first, last, sorted(counts))
    ]
    shown = [rules.report_item(*one) for one in items if rules.needs_a_second(*one)]
    total = found.total
    return ReportContent(
        hall_code=hall.code,
        hall_name=hall.name,
        area_names=await areas.names_above(session, hall.code, last),
        from_on=first,
        to_on=last,
        finished=total.served,
        done=total.done,
        second_visits=total.needs_more,
        rejected=total.rejected,
        share=rules.share(total.needs_more, total.served),
        without=sum(one.served > 0 and one.needs_more == 0 for one in counts.values()),
        items=sorted(shown, key=lambda one: (-one.second_visits, one.item_code)),
        basis=rules.basis(now, through),
    )


async def visible(session: AsyncSession, report_id: UUID, caller: Caller) -> Shown:
    """The report, for who acts for its hall. Raises NotFound."""
    found = await queries.find(session, report_id)
    if found is None or not caller.at(found.report.hall_code):
        raise NotFound(_UNKNOWN)
    return found


async def plan(
    session: DecidingSession, report_id: UUID, measures: dict[str, str], taking: StepTaker
) -> Shown:
    """With measures by item. Raises NotFound, Invalid, StateConflict."""
    found = await visible(session, report_id, taking.caller)
    known = {one["item_code"] for one in found.report.content["items"]}
    for item in measures:
        if item not in known:
            raise Invalid(_NOT_IN_IT, pointer=f"/body/measures/{item}")
    return await _take(session, found, ReportAction.PLAN, taking, measures=measures)


async def sign(session: DecidingSession, report_id: UUID, taking: StepTaker) -> Shown:
    """Signed as it was read. Raises NotFound, StateConflict, AlreadySigned."""
    found = await visible(session, report_id, taking.caller)
    caller = taking.caller
    signed = {
        "signed_by": caller.sub,
        "signed_name": caller.name or caller.sub,
        "signed_at": taking.now,
    }
    signed["sha256"] = rules.digest(found.report, signed)
    session.statement.refusing("uq_second_visit_report_signed", AlreadySigned)
    return await _take(session, found, ReportAction.SIGN, taking, **signed)


async def withdraw(
    session: DecidingSession, report_id: UUID, reason: str, taking: StepTaker
) -> Shown:
    """It counts no more, and stays to be read. Raises NotFound, StateConflict."""
    found = await visible(session, report_id, taking.caller)
    withdrawn = {
        "withdrawn_by": taking.caller.sub,
        "withdrawn_at": taking.now,
        "withdrawal_reason": reason,
    }
    return await _take(session, found, ReportAction.WITHDRAW, taking, **withdrawn)


async def _take(
    session: DecidingSession,
    found: Shown,
    action: ReportAction,
    taking: StepTaker,
    **values: Any,
) -> Shown:
    report, caller = found.report, taking.caller
    versions.ensure(taking.expected, version=report.version, state=report.state)
    row = WORKFLOW.take(report.state, report.version, action, caller.roles)
    done = await swap(session, report, {"state": row.to, **values})
    if row.event is not None:
        event = _event(row.event, done)
        await outbox.record(session, event, scope=done.hall_code, subject=str(done.id))
    what = f"second_visit_report:{done.id}"
    await audit_log.write(session, caller.sub, f"second_visit_report.{action}", what, taking.now)
    return Shown(done, found.hall_name)


def _event(kind: type[ReportEvent], report: SecondVisitReport) -> ReportEvent:
    return kind(
        report_id=report.id,
        hall_code=report.hall_code,
        number=rules.number(report),
        edition=report.edition,
        from_on=report.from_on,
        to_on=report.to_on,
        state=report.state,
        version=report.version,
    )
