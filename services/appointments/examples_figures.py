"""Which areas and which reports on second visits the documents' examples are about."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.areas.models import Agency, Area
from services.appointments.second_visits import workflow as second_visits
from services.appointments.second_visits.models import SecondVisitReport
from shared.database.newest import newest, newest_in
from shared.web.examples import Example, of_row, read

REPORTS = {
    "put_second_visit_measures": "plan",
    "sign_second_visit_report": "sign",
    "withdraw_second_visit_report": "withdraw",
}


async def live(session: AsyncSession) -> dict[str, Example]:
    """Versions of what stands there, and of each state of a report the newest."""
    examples = read("appointments")
    area, agency = examples["put_area"]["path"]["area"], examples["put_agency"]["path"]["agency"]
    known: dict[str, Area | Agency | None] = {"put_area": await session.get(Area, area)}
    known["put_agency"] = await session.get(Agency, agency)
    found = {o: Example(body={"version": row.version}) for o, row in known.items() if row}
    for operation, action in REPORTS.items():
        states = [row.state for row in second_visits.WORKFLOW.of(action)]
        report = await newest_in(session, SecondVisitReport, states)
        if report is not None:
            found[operation] = of_row("report_id", report)
    last = await newest(session, SecondVisitReport)
    if last is not None:
        found["get_second_visit_report"] = Example({"report_id": str(last.id)})
    return found
