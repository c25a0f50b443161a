"""What an action on a duty goes by, in one read of several rooms; nothing of it is locked.

It is guarded when what was decided is written: by the version of the duty, by that of its standing,
which counts all that its verdict, its facts and its candidates go by, and by that of what all
verdicts go by (`auditing.deciding`). A part of it that is read later is so as well.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.deciding import NamedDuty
from services.projects.auditing.models import Standing
from services.projects.auditing.rules.basis import Basis, FactOfMove
from services.projects.auditing.walks import COUNTS
from services.projects.calendar.rules import EPOCH
from services.projects.catalogue.models import CatalogueItem
from services.projects.duties import queries
from services.projects.duties.models import Duty, DutyRuling, PublicationFact
from services.projects.duties.schemas import TriggerOrder
from services.projects.duties.workflow import SUSPENDING
from shared import clock
from shared.database import calendar_days, rows
from shared.workdays import CalendarUnknown, Workdays


class SeenDuty(NamedTuple):
    """A duty with how it stands, and what it is judged by. `fact_id` is its best evidence,
    `dispute_version` that of an open dispute about it, `exemption_version` that of a ruling that is
    asked for, `suspended_at` when its clock was suspended last.
    """

    duty: Duty
    standing: Standing
    unit_name: str
    project_name: str
    item_name: str
    fact_id: int | None
    dispute_version: int | None
    exemption_version: int | None
    suspended_at: datetime | None
    basis: Basis
    calendar: Workdays

    @property
    def fact(self) -> FactOfMove:
        return FactOfMove(self.fact_id)

    def named(self, due_ord: int | None) -> NamedDuty:
        """As its events name it, with the end of its clock there."""
        names = (self.unit_name, self.project_name, self.item_name)
        return named(self.duty, *names, self.due_on(due_ord))

    def due_on(self, due_ord: int | None) -> date | None:
        return due_on(self.duty.basis, due_ord, self.calendar)


class SeenReferences(NamedTuple):
    """What an order to record an event refers to: None of what is not registered. `known` are the
    duties that the same event made before.
    """

    project_name: str | None
    unit_name: str | None
    known: Sequence[UUID]
    followed_unit: str | None
    """Of the duty with which it goes."""
    item: CatalogueItem | None
    basis: Basis
    calendar: Workdays


def named(
    duty: Duty, unit_name: str, project_name: str, item_name: str, due: date | None
) -> NamedDuty:
    """The duty as its events name it."""
    return NamedDuty(
        duty_id=duty.id,
        unit_code=duty.unit_code,
        unit_name=unit_name,
        project_code=duty.project_code or "",
        subject=duty.subject,
        project_name=project_name,
        item_code=duty.item_code,
        item_name=item_name,
        due_on=due,
    )


def due_on(basis: str, due_ord: int | None, calendar: Workdays) -> date | None:
    """The day of that ordinal; None while it is not known."""
    if due_ord is None:
        return None
    if basis == "calendar":
        return EPOCH + timedelta(days=due_ord)
    try:
        return calendar.of_ordinal(due_ord)
    except CalendarUnknown:
        return None


_DAY = f"""
WITH day AS MATERIALIZED (
  SELECT k.version, coalesce(c.ord_end, last.ord_start + 1) AS now_ord, last.ord_start AS last_ord,
         CAST($1 AS date) - DATE '2000-01-01' AS now_day,
         (SELECT max(version) FROM calendar_version WHERE region = 'CN') AS calendar_version,
         held.days, held.digest
  FROM judging_basis k
  CROSS JOIN (SELECT ord_start FROM work_calendar WHERE region = 'CN'
              ORDER BY date DESC LIMIT 1) last
  CROSS JOIN ({calendar_days.CONTENT}) held (days, digest)
  LEFT JOIN work_calendar c ON c.region = 'CN' AND c.date = $1)"""
_BASIS = """day.version, day.now_ord, day.last_ord, day.now_day, day.calendar_version,
       w.walked_at, w.walked_ord, w.walked_day, day.days, day.digest"""

# A unit with a place of which no absence is proven has no walk (`auditing.statement.WALKS`).
_WALK = """
LEFT JOIN LATERAL (
  SELECT f.walked_at, coalesce(c.ord_end, day.last_ord + 1) AS walked_ord,
         f.day - DATE '2000-01-01' AS walked_day
  FROM (SELECT max(walked_at) AS walked_at,
               (max(walked_at) AT TIME ZONE 'Asia/Shanghai')::date AS day
        FROM full_walk f WHERE unit_code = {unit} AND {counts}) f
  LEFT JOIN work_calendar c ON c.region = 'CN' AND c.date = f.day
  WHERE f.walked_at IS NOT NULL AND NOT EXISTS (SELECT FROM portal p
    WHERE p.unit_code = {unit} AND p.enabled AND p.proven_at IS NULL)) w ON true"""

_DUTY = f"""{_DAY}
SELECT {rows.columns(Duty, "d")}, {rows.columns(Standing, "s")}, u.name,
       coalesce(pr.name, d.subject), i.item_l2, p.fact_id, x.version, e.version,
       (SELECT max(r.ruled_at) FROM duty_ruling r WHERE r.duty_id = d.id
          AND r.kind = ANY(ARRAY[{", ".join(f"'{each}'" for each in sorted(SUSPENDING))}])),
       {_BASIS}
FROM duty d
JOIN standing s ON s.duty_id = d.id
JOIN responsible_unit u ON u.code = d.unit_code
LEFT JOIN project pr ON pr.code = d.project_code
JOIN catalogue_item i ON i.id = d.item_id
LEFT JOIN publication p ON p.duty_id = d.id
LEFT JOIN dispute x ON x.duty_id = d.id AND x.state = 'open'
LEFT JOIN exemption_request e ON e.duty_id = d.id AND e.state = 'asked'
CROSS JOIN day {_WALK.format(unit="d.unit_code", counts=COUNTS)}
WHERE d.id = $2"""

_SAME = """t.item_code = o.item AND t.unit_code = o.unit AND t.kind = o.kind
               AND t.occurred_on IS NOT DISTINCT FROM o.day
               AND t.doc_no IS NOT DISTINCT FROM o.doc_no
               AND t.subject IS NOT DISTINCT FROM o.subject"""
_REFERENCES = f"""{_DAY}
SELECT {rows.columns(CatalogueItem, "i")}, pr.name, u.name,
       ARRAY(SELECT k.id FROM trigger_event t JOIN duty k ON k.trigger_id = t.id
             WHERE t.project_code = o.project AND {_SAME}
             UNION ALL
             SELECT k.id FROM trigger_event t JOIN duty k ON k.trigger_id = t.id
             WHERE o.project IS NULL AND t.project_code IS NULL AND {_SAME}),
       (SELECT k.unit_code FROM duty k WHERE k.id = o.follows), {_BASIS}
FROM unnest(CAST($2 AS text[]), CAST($3 AS text[]), CAST($4 AS text[]), CAST($5 AS text[]),
  CAST($6 AS date[]), CAST($7 AS text[]), CAST($8 AS text[]), CAST($9 AS uuid[]))
  WITH ORDINALITY AS o (project, unit, item, kind, day, doc_no, subject, follows, place)
LEFT JOIN project pr ON pr.code = o.project
LEFT JOIN responsible_unit u ON u.code = o.unit AND u.valid_from <= $1
  AND coalesce(u.valid_to >= $1, true)
LEFT JOIN catalogue_item i ON i.item_code = o.item
  AND i.version = (SELECT max(version) FROM catalogue_version)
CROSS JOIN day {_WALK.format(unit="o.unit", counts=COUNTS)}
ORDER BY o.place"""


async def find_duty(session: AsyncSession, duty_id: UUID, now: datetime) -> SeenDuty | None:
    """The duty with all that an action on it goes by; None where there is none."""
    found = await rows.fetching(session)(_DUTY, clock.today(now), duty_id)
    if not found:
        return None
    values = [*found[0]]
    after = rows.rest(Duty, values)
    unit, project, item, *known = rows.rest(Standing, after)
    fact_id, dispute, exemption, suspended_at, *numbers = known
    basis, calendar = await _basis(session, numbers)
    duty, standing = rows.loaded(Duty, values), rows.loaded(Standing, after)
    about = (unit, project, item, fact_id, dispute, exemption, suspended_at)
    return SeenDuty(duty, standing, *about, basis, calendar)


async def recorded_facts(
    session: AsyncSession, duty_id: UUID
) -> list[tuple[PublicationFact, bool]]:
    """All facts of the duty as recorded, oldest first; of which the absence was set aside."""
    return await queries.recorded_facts(session, [duty_id])


async def rulings_of(session: AsyncSession, duty_id: UUID) -> Sequence[DutyRuling]:
    """The rulings on the duty, oldest first."""
    return await queries.rulings(session, duty_id)


async def references(
    session: AsyncSession, orders: Sequence[TriggerOrder], now: datetime
) -> list[SeenReferences]:
    """What each of the orders refers to."""
    found = await rows.fetching(session)(
        _REFERENCES,
        clock.today(now),
        [order.project_code for order in orders],
        [order.unit_code for order in orders],
        [order.item_code for order in orders],
        [order.kind.value for order in orders],
        [order.on for order in orders],
        [order.doc_no for order in orders],
        [order.subject for order in orders],
        [order.with_duty_id for order in orders],
    )
    return [await _reference(session, row) for row in found]


async def _reference(session: AsyncSession, row: Iterable[Any]) -> SeenReferences:
    values = [*row]
    project, unit, known, followed, *numbers = rows.rest(CatalogueItem, values)
    basis, calendar = await _basis(session, numbers)
    item = None if values[0] is None else rows.loaded(CatalogueItem, values)
    return SeenReferences(project, unit, known, followed, item, basis, calendar)


async def _basis(session: AsyncSession, values: Sequence[Any]) -> tuple[Basis, Workdays]:
    """The calendar is remembered by what it holds."""
    *numbers, days, digest = values
    return Basis(*numbers), await calendar_days.of_content(session, (days, digest))
