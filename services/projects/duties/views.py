"""Rows of duties turned into what people and programs read."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.deciding import judgement
from services.projects.auditing.models import Verdict
from services.projects.auditing.rules.judging import DISPUTE_OPEN
from services.projects.auditing.rules.scoring import LIGHT_OF, NOT_YET_DUE, OUTSIDE
from services.projects.auditing.views import reason_view
from services.projects.calendar.clocks import words
from services.projects.calendar.models import RuleKind
from services.projects.calendar.views import day_table
from services.projects.duties import queries, ruling, service
from services.projects.duties.making import rule_of_duty
from services.projects.duties.models import Duty
from services.projects.duties.record_schemas import (
    AskedExemption,
    AskedRuling,
    Coverage,
    DutyRectification,
    FactView,
    RulingView,
    ShortVerdict,
    VerdictMove,
)
from services.projects.duties.rows import DetailRow, DutyRow, LifeRow
from services.projects.duties.ruling import Ruled
from services.projects.duties.schemas import (
    ClockRuleView,
    DutiesMade,
    DutyClock,
    DutyDetail,
    DutyView,
    LifeItem,
    OpenDispute,
    ProjectLife,
    Published,
)
from services.projects.duties.seen import SeenDuty
from services.projects.duties.service import Made
from services.projects.register import service as register
from services.projects.register import views as project_views
from services.projects.register.schemas import ProjectView
from shared.clock import today
from shared.security.identity import Caller
from shared.web.models import Words
from shared.web.pagination import PageRequest, page


def rule_view(row: DutyRow | Duty) -> ClockRuleView:
    text = words(rule_of_duty(row))
    return ClockRuleView(
        kind=row.rule_kind,
        n=row.rule_n,
        version=row.rule_version,
        words=Words.of(text),
    )


def duty_view(row: DutyRow) -> DutyView:
    """A duty as lists show it."""
    return DutyView(
        id=row.id,
        project_code=row.project_code,
        subject=row.subject,
        unit_code=row.unit_code,
        item_code=row.item_code,
        formed_on=row.formed_on,
        due_on=row.due_on,
        keep_until=row.keep_until,
        verdict=row.verdict,
        over_by=row.over_by,
        by_days=row.basis == "calendar",
        published=Published.model_validate(
            {name: getattr(row, name) for name in Published.model_fields}
        ),
        reasons=[reason_view(row.reason)],
        dispute=_dispute(row),
        in_rectification=row.in_rectification,
        rectified=row.rectified,
        rule=rule_view(row),
        calendar_version=row.calendar_version,
        version=row.version,
    )


def _dispute(row: DutyRow) -> OpenDispute | None:
    if row.dispute_id is None or row.dispute_opened_at is None:
        return None
    return open_dispute(row.dispute_id, row.dispute_opened_at, row.dispute_due_on)


def made_view(made: Made) -> DutiesMade:
    """The duty that an event has made, as it stands once it is written: unpublished, undisputed."""
    duty = made.duty
    unseen = Published(claimed_at=None, first_seen_at=None, last_absent_at=None, trust=0, url=None)
    assert made.standing.verdict is not None
    assert made.standing.reason is not None
    view = DutyView(
        id=duty.id,
        project_code=duty.project_code,
        subject=duty.subject,
        unit_code=duty.unit_code,
        item_code=duty.item_code,
        formed_on=duty.formed_on,
        due_on=made.due_on,
        verdict=made.standing.verdict,
        over_by=made.days,
        by_days=duty.basis == "calendar",
        published=unseen,
        reasons=[reason_view(made.standing.reason)],
        dispute=None,
        in_rectification=False,
        rectified=False,
        rule=rule_view(duty),
        calendar_version=made.calendar_version,
        version=duty.version,
    )
    return DutiesMade(event=duty.trigger_id, duties=[view])


async def detail(session: AsyncSession, duty_id: UUID, caller: Caller, now: datetime) -> DutyDetail:
    """A duty with facts, rulings and the history of its verdict. Raises NotFound."""
    row = await service.duty_detail(session, duty_id, caller, now)
    if row.short_n is None or row.start_ord is None:
        return _detail(row, None)
    found = await ruling.find(session, duty_id, now, caller)
    return _detail(row, _if_licence(found))


async def ruled(session: AsyncSession, done: Ruled, caller: Caller, now: datetime) -> DutyDetail:
    """A duty as it is once a ruling on it is written. What is read here is of before, and guarded
    by the duty's versions, which are written with it."""
    duty, standing = done.seen.duty, done.seen.standing
    assert standing.verdict is not None
    assert standing.reason is not None
    row = await service.duty_detail(session, duty.id, caller, now)
    moved: dict[str, Any] = {}
    if done.move is not None:
        history = [*row.history, done.move.model_dump()]
        moved = {"history": history, "calendar_version": done.move.calendar_version}
    after = replace(
        row,
        hold=duty.hold,
        due_ord=duty.due_ord,
        due_on=done.seen.due_on(duty.due_ord),
        extended_by=duty.extended_by,
        version=duty.version,
        verdict=standing.verdict,
        reason=standing.reason,
        over_by=service.days_over(standing, done.seen.basis),
        rulings=[*row.rulings, done.ruling.model_dump()],
        **moved,
    )
    return _detail(after, _if_licence(done.seen))


async def disputed(
    session: AsyncSession, found: SeenDuty, dispute: OpenDispute, caller: Caller, now: datetime
) -> DutyDetail:
    """A duty as it is once a dispute about it is open; read and guarded as in `ruled`."""
    row = await service.duty_detail(session, found.duty.id, caller, now)
    view = _detail(replace(row, version=found.duty.version), _if_licence(found))
    return view.model_copy(update={"dispute": dispute})


async def ruling_asked(
    session: AsyncSession, found: SeenDuty, asked: dict[str, Any], caller: Caller, now: datetime
) -> DutyDetail:
    """A duty as it is once a ruling is asked for; read and guarded as in `ruled`."""
    row = await service.duty_detail(session, found.duty.id, caller, now)
    after = replace(row, version=found.duty.version, asked_ruling=asked)
    return _detail(after, _if_licence(found))


def open_dispute(dispute_id: UUID, opened_at: datetime, due_on: date | None) -> OpenDispute:
    """The mark of a finding about which a dispute is open."""
    words = DISPUTE_OPEN._asdict()
    return OpenDispute(id=dispute_id, **words, opened_at=opened_at, due_on=due_on)


def _detail(row: DetailRow, if_licence: ShortVerdict | None) -> DutyDetail:
    asked = row.asked_ruling
    return DutyDetail(
        **dict(duty_view(row)),
        project_name=row.project_name,
        unit_name=row.unit_name,
        item_name=row.item_name,
        legal_basis=row.legal_basis,
        kind=row.kind,
        doc_no=row.doc_no,
        hold=row.hold,
        extended_by=row.extended_by,
        if_licence=if_licence,
        exemption=AskedExemption.model_validate(asked) if asked and asked["article"] else None,
        asked_ruling=asked and AskedRuling.model_validate(asked),
        facts=[FactView.model_validate(fact) for fact in row.facts],
        rulings=[RulingView.model_validate(each) for each in row.rulings],
        rectifications=[DutyRectification.model_validate(each) for each in row.rectifications],
        history=[VerdictMove.model_validate(move) for move in row.history],
        coverage=Coverage(**row.coverage),
    )


async def life_of(
    session: AsyncSession, code: str, paging: PageRequest, now: datetime
) -> ProjectLife:
    """A project, its duties in the order of its life, the counts of all of them.

    Raises NotFound.
    """
    project = await register.find_project(session, code)
    after = _life_key(paging)
    rows = await queries.life(session, today(now), code, after=after, limit=paging.limit + 1)
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


def _if_licence(found: SeenDuty) -> ShortVerdict | None:
    """The same facts under the shorter limit of licences; None where that cannot apply."""
    duty, standing, basis = found.duty, found.standing, found.basis
    if duty.short_n is None or duty.start_ord is None:
        return None
    due_ord = duty.start_ord + duty.short_n + duty.extended_by
    given = judgement(standing, {"due_ord": due_ord}, basis)
    over_by = given.over_by
    if given.verdict is Verdict.OVERDUE:
        over_by = basis.day(by_days=standing.calendar_days).now_ord - due_ord
    due_on = found.due_on(due_ord)
    return ShortVerdict(n=duty.short_n, due_on=due_on, verdict=given.verdict, over_by=over_by)


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
    rule = rule_of_duty(duty)
    days = await day_table(session, duty.region, rule, row.formed_on, row.due_on)
    return DutyClock(**common, days=days)
