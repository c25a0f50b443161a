"""Rows of duties turned into what people and programs read."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.auditing.models import Standing, Verdict
from services.projects.auditing.rules.judging import DISPUTE_OPEN, Day, Facts, judge
from services.projects.auditing.rules.scoring import LIGHT_OF, NOT_YET_DUE, OUTSIDE
from services.projects.auditing.views import reason_view
from services.projects.calendar import rules as clock_rules
from services.projects.calendar import service as calendars
from services.projects.calendar.models import RuleKind
from services.projects.calendar.rules import ClockRule
from services.projects.calendar.views import day_table
from services.projects.catalogue.models import CatalogueItem
from services.projects.duties import queries, service
from services.projects.duties.models import Duty, TriggerEvent
from services.projects.duties.queries import DutyRow, LifeRow
from services.projects.duties.schemas import (
    ClockRuleView,
    DutiesMade,
    DutyClock,
    DutyDetail,
    DutyView,
    FactView,
    LifeItem,
    OpenDispute,
    ProjectLife,
    Published,
    RulingView,
    ShortVerdict,
    VerdictMove,
)
from services.projects.register import service as register
from services.projects.register import views as project_views
from services.projects.register.models import Project, ResponsibleUnit
from services.projects.register.schemas import ProjectView
from shared.clock import today
from shared.security.identity import Caller
from shared.web.pagination import PageRequest, page
from shared.workdays import CalendarUnknown


def rule_view(row: DutyRow) -> ClockRuleView:
    return ClockRuleView(kind=row.rule_kind, n=row.rule_n, version=row.rule_version)


def duty_view(row: DutyRow) -> DutyView:
    """A duty as lists show it."""
    return DutyView(
        id=row.id,
        project_code=row.project_code,
        unit_code=row.unit_code,
        item_code=row.item_code,
        formed_on=row.formed_on,
        due_on=row.due_on,
        verdict=row.verdict,
        over_by=row.over_by,
        published=Published.model_validate(
            {name: getattr(row, name) for name in Published.model_fields}
        ),
        reasons=[reason_view(row.reason)],
        dispute=_dispute(row),
        rule=rule_view(row),
        calendar_version=row.calendar_version,
        version=row.version,
    )


def _dispute(row: DutyRow) -> OpenDispute | None:
    if row.dispute_id is None or row.dispute_opened_at is None:
        return None
    return OpenDispute(
        id=row.dispute_id,
        **DISPUTE_OPEN._asdict(),
        opened_at=row.dispute_opened_at,
        due_on=row.dispute_due_on,
    )


async def made(session: AsyncSession, event: UUID, ids: list[UUID], now: datetime) -> DutiesMade:
    """The duties that an event made, as they stand."""
    rows = await service.views_of(session, ids, now)
    return DutiesMade(event=event, duties=[duty_view(row) for row in rows])


async def detail(session: AsyncSession, duty_id: UUID, caller: Caller, now: datetime) -> DutyDetail:
    """A duty with facts, rulings and the history of its verdict. Raises NotFound."""
    row = await service.duty_view(session, duty_id, caller, now)
    item = await session.get_one(CatalogueItem, row.item_id)
    project = await session.get_one(Project, row.project_code)
    unit = await session.get_one(ResponsibleUnit, row.unit_code)
    trigger = await session.get_one(TriggerEvent, row.trigger_id)
    return DutyDetail(
        **dict(duty_view(row)),
        project_name=project.name,
        unit_name=unit.name,
        item_name=item.item_l2,
        legal_basis=item.legal_basis,
        kind=trigger.kind,
        doc_no=row.doc_no,
        hold=row.hold,
        extended_by=row.extended_by,
        if_licence=await _if_licence(session, row, now),
        facts=await _facts(session, duty_id),
        rulings=[RulingView.model_validate(r) for r in await queries.rulings(session, duty_id)],
        history=[VerdictMove.model_validate(e) for e in await queries.history(session, duty_id)],
    )


async def _facts(session: AsyncSession, duty_id: UUID) -> list[FactView]:
    aside = await auditing.set_aside(session, duty_id)
    return [
        FactView.model_validate(fact).model_copy(update={"absence_set_aside": fact.id in aside})
        for fact in await queries.facts(session, [duty_id])
    ]


async def life_of(
    session: AsyncSession, code: str, paging: PageRequest, now: datetime
) -> ProjectLife:
    """A project, its duties in the order of its life, the counts of all of them.

    Raises NotFound.
    """
    project = await register.find_project(session, code)
    after = _life_key(paging)
    day = await queries.day_numbers(session, today(now))
    rows = await queries.life(session, day, code, after=after, limit=paging.limit + 1)
    counts = await queries.life_counts(session, code)
    waiting = [count for count in counts if not count.is_published]
    ahead = sum(count.n for count in waiting if Verdict(count.verdict) in NOT_YET_DUE)
    outside = sum(count.n for count in waiting if Verdict(count.verdict) in OUTSIDE)
    shown = page(rows, paging, lambda row: (row.formed_on or date.max, row.id), _life_item)
    return ProjectLife(
        project=ProjectView.model_validate(project),
        lists=await project_views.lists_of(session, code),
        published=sum(count.n for count in counts if count.is_published),
        due=sum(count.n for count in waiting) - ahead - outside,
        ahead=ahead,
        items=shown.items,
        next_cursor=shown.next_cursor,
    )


def _life_key(paging: PageRequest) -> tuple[date | None, UUID] | None:
    """After which duty: the day it was formed on (None: not known, the last ones), and its id."""
    key = paging.key(date, UUID)
    return None if key is None else (None if key[0] == date.max else key[0], key[1])


def _life_item(row: LifeRow) -> LifeItem:
    same = LifeItem.model_fields.keys() - {"duty_id", "category", "light", "in_dispute"}
    return LifeItem(
        duty_id=row.id,
        category=row.category_l1,
        light=LIGHT_OF[Verdict(row.verdict)],
        in_dispute=row.dispute_id is not None,
        **{name: getattr(row, name) for name in same},
    )


async def _if_licence(session: AsyncSession, row: DutyRow, now: datetime) -> ShortVerdict | None:
    """The same facts under the shorter limit of licences; None where that cannot apply."""
    if row.short_n is None or row.start_ord is None:
        return None
    today_is = await queries.day_numbers(session, today(now))
    standing = await session.get_one(Standing, row.id)
    due_ord = row.start_ord + row.short_n + row.extended_by
    known = {name: getattr(standing, name) for name in Facts.__dataclass_fields__}
    walked_at = await queries.last_walk(session, row.unit_code, now)
    calendar = await calendars.load(session)
    walked_ord = None
    if walked_at is not None and today(walked_at) <= calendar.last_day:
        walked_ord = calendar.ord_end(today(walked_at))
    day = Day(today_is.now_ord, today_is.last_ord, walked_ord)
    found = judge(Facts(**{**known, "due_ord": due_ord}), day)
    try:
        due_on = clock_rules.workday(due_ord, calendar)
    except CalendarUnknown:
        due_on = None
    over_by = day.now_ord - due_ord if found.verdict == "overdue" else found.over_by
    return ShortVerdict(n=row.short_n, due_on=due_on, verdict=found.verdict, over_by=over_by)


async def clock(session: AsyncSession, duty_id: UUID, caller: Caller, now: datetime) -> DutyClock:
    """The duty's clock day by day; no table while its end is not known. Raises NotFound."""
    row = await service.duty_view(session, duty_id, caller, now)
    duty = await session.get_one(Duty, duty_id)
    common = {
        "formed_on": row.formed_on,
        "due_on": row.due_on,
        "rule": rule_view(row),
        "extended_by": duty.extended_by,
    }
    if row.formed_on is None or row.due_on is None:
        unknown = row.formed_on is not None and duty.rule_kind is not RuleKind.NONE
        return DutyClock(**common, verdict="calendar_unknown" if unknown else None, days=None)
    rule = ClockRule(duty.rule_kind, duty.rule_n or 0)
    days = await day_table(session, duty.region, rule, row.formed_on, row.due_on)
    return DutyClock(**common, days=days)
