"""A made-up city with known right answers: the demo data, the demo portal's pages and the tests.

`world(today)` is a pure function: the same day gives the same world. Dates are laid around `today`,
so that on any day some duties are settled, some fall due and some lie ahead. The right answer of a
duty is what one walk through the portal on that day must lead to, when nothing was seen before.
"""

import random
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache

from services.projects import demo_city
from services.projects.calendar.clocks import ClockRule
from services.projects.calendar.models import RuleKind
from services.projects.calendar.rules import due_on
from services.projects.catalogue.schemas import ItemRow
from services.projects.demo_city import DemoProject, DemoUnit
from shared.clock import SHANGHAI
from shared.workdays import CalendarUnknown, Workdays, official

DUTIES_A_UNIT = 20
DUE_SOON_DAYS = 3


class Case(StrEnum):
    """What a duty of the demo shows."""

    ON_TIME = "on_time"
    SEEN_IN_TIME = "seen_in_time"
    LATE = "late"
    OVERDUE = "overdue"
    EARLY = "early"
    CONTRADICTORY = "contradictory"
    NO_DATE = "no_date"
    NO_FORMATION_DATE = "no_formation_date"
    INCOMPLETE = "incomplete"
    SOURCE_DOWN = "source_down"
    PENDING = "pending"
    DUE_SOON = "due_soon"


SETTLED = {
    Case.ON_TIME: "on_time",
    Case.SEEN_IN_TIME: "on_time",
    Case.LATE: "late",
    Case.OVERDUE: "overdue",
    Case.EARLY: "early_violation",
    Case.CONTRADICTORY: "time_disputed",
    Case.NO_DATE: "unknown",
    Case.NO_FORMATION_DATE: "unknown",
    Case.INCOMPLETE: "incomplete",
    Case.SOURCE_DOWN: "unknown_source_down",
}
"""The right verdict of a case; that of a case still open depends on the calendar."""


@dataclass(frozen=True)
class DemoPage:
    """A page of the portal; every time on it is what the site claims, true or not."""

    path: str
    title: str
    project_code: str
    item_code: str
    list_on: date | None
    meta_at: datetime | None
    label_at: datetime | None
    elements: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DemoDuty:
    unit_code: str
    project_code: str
    item_code: str
    kind: str
    formed_on: date | None
    doc_no: str
    case: Case
    verdict: str
    page: DemoPage | None


@dataclass(frozen=True)
class World:
    today: date
    units: tuple[DemoUnit, ...]
    projects: tuple[DemoProject, ...]
    duties: tuple[DemoDuty, ...] = field(repr=False)

    @cached_property
    def pages(self) -> tuple[DemoPage, ...]:
        return tuple(duty.page for duty in self.duties if duty.page)


GOOD = (Case.ON_TIME,) * 10 + (Case.SEEN_IN_TIME, Case.PENDING, Case.PENDING, Case.DUE_SOON)
FAULTS: tuple[tuple[Case, ...], ...] = (
    (Case.LATE, Case.OVERDUE),
    (Case.CONTRADICTORY,),
    (Case.LATE, Case.LATE, Case.OVERDUE, Case.OVERDUE, Case.OVERDUE, Case.NO_DATE),
    (),
    (Case.EARLY, Case.INCOMPLETE, Case.LATE),
    (Case.OVERDUE, Case.NO_FORMATION_DATE, Case.CONTRADICTORY),
)


@lru_cache(maxsize=4)
def world(today: date) -> World:
    """The demo city as it stands on `today`."""
    calendar, items = official(), demo_city.items()
    units, projects = demo_city.units(), demo_city.projects()
    duties = tuple(
        _duty(unit, number, case, projects, items, today, calendar)
        for place, unit in enumerate(units)
        for number, case in enumerate(_cases(unit, place))
    )
    return World(today, units, projects, duties)


def put_up(city: World, duty: DemoDuty, at: datetime) -> DemoPage:
    """The page of a duty whose unit publishes it after all, at that moment."""
    unit = next(unit for unit in city.units if unit.code == duty.unit_code)
    project = next(each for each in city.projects if each.code == duty.project_code)
    item, on = demo_city.items()[duty.item_code], at.astimezone(SHANGHAI).date()
    number = [each for each in city.duties if each.unit_code == unit.code].index(duty)
    formed_on = duty.formed_on or on
    page = _page(unit, number, Case.LATE, project, item, formed_on, duty.doc_no, (on, on))
    return replace(page, meta_at=at.astimezone(SHANGHAI), label_at=at.astimezone(SHANGHAI))


def _cases(unit: DemoUnit, place: int) -> list[Case]:
    """A common core, the unit's own faults, and the rest on time; in no order."""
    cases = [*GOOD, *FAULTS[place % len(FAULTS)]]
    cases += [Case.ON_TIME] * (DUTIES_A_UNIT - len(cases))
    if unit.is_down:
        cases = [c if c in (Case.PENDING, Case.DUE_SOON) else Case.SOURCE_DOWN for c in cases]
    random.Random(unit.code).shuffle(cases)
    return cases


def _duty(
    unit: DemoUnit,
    number: int,
    case: Case,
    projects: tuple[DemoProject, ...],
    items: dict[str, ItemRow],
    today: date,
    calendar: Workdays,
) -> DemoDuty:
    project = projects[(int(unit.code[1:]) * 7 + number * 3) % len(projects)]
    item = items[unit.items[number % len(unit.items)]]
    chance = random.Random(f"{unit.code}-{number}")
    formed_on = _formed_on(case, item, chance, today, calendar)
    doc_no = f"宁川{unit.name[:2]}〔{(formed_on or today).year}〕{100 + number}号"
    claims = _claims(case, item, formed_on, chance, today, calendar)
    page = None
    if claims is not None:
        page = _page(unit, number, case, project, item, formed_on, doc_no, claims)
    return DemoDuty(
        unit_code=unit.code,
        project_code=project.code,
        item_code=item.item_code,
        kind="decided" if item.short_limit_wd and item.licence == "yes" else "formed",
        formed_on=formed_on if case is not Case.NO_FORMATION_DATE else None,
        doc_no=doc_no,
        case=case,
        verdict=_verdict(case, item, formed_on, today, calendar),
        page=page,
    )


def limit(item: ItemRow) -> ClockRule:
    """The clock of an item; a confirmed licence or penalty has its 7 working days."""
    if item.licence == "yes" and item.licence_verified and item.short_limit_wd:
        return ClockRule(RuleKind.WORKING_DAYS, item.short_limit_wd)
    kind = RuleKind.CALENDAR_DAYS if item.limit_unit == "CD" else RuleKind.WORKING_DAYS
    return ClockRule(kind, item.limit_value or 0)


def _back(day: date, n: int, calendar: Workdays) -> date:
    """The n-th working day before `day`; before the last known day where `day` is not known."""
    day = min(day, calendar.last_day)
    while n:
        day -= timedelta(days=1)
        n -= calendar.is_workday(day)
    return day


def _formed_on(
    case: Case, item: ItemRow, chance: random.Random, today: date, calendar: Workdays
) -> date:
    """Settled cases fell due at least 11 working days ago; open ones have their due day ahead."""
    n = limit(item).n
    if case is Case.SEEN_IN_TIME:
        return _back(today, 1, calendar)
    if case is Case.PENDING:
        return _back(today, 1 if n > DUE_SOON_DAYS + 1 else 0, calendar)
    if case is Case.DUE_SOON:
        return _back(today, max(n - 2, 0), calendar)
    return _back(today, n + chance.randint(11, 150), calendar)


def _claims(
    case: Case,
    item: ItemRow,
    formed_on: date,
    chance: random.Random,
    today: date,
    calendar: Workdays,
) -> tuple[date | None, date | None] | None:
    """The day that a page claims and the day in its address; None: there is no page."""
    if case in (Case.OVERDUE, Case.PENDING, Case.DUE_SOON, Case.SOURCE_DOWN):
        return None
    if case is Case.NO_DATE:
        return None, None
    if case is Case.SEEN_IN_TIME:
        return formed_on, formed_on
    due = due_on(limit(item), formed_on, calendar)
    after = calendar.nth_after(due, chance.randint(2, 9))
    if case is Case.LATE:
        return after, after
    if case is Case.EARLY:
        before = formed_on - timedelta(days=chance.randint(2, 6))
        return before, before
    claimed = min(formed_on + timedelta(days=chance.randint(1, 20)), due)
    return claimed, after if case is Case.CONTRADICTORY else claimed


def _page(
    unit: DemoUnit,
    number: int,
    case: Case,
    project: DemoProject,
    item: ItemRow,
    formed_on: date,
    doc_no: str,
    claims: tuple[date | None, date | None],
) -> DemoPage:
    claimed_on, url_on = claims
    serial = 100000 + int(unit.code[1:]) * 100 + number
    folder = f"/{unit.code.lower()}/{item.item_code.lower()}"
    name = f"{url_on:%Y%m}/t{url_on:%Y%m%d}_{serial}.htm" if url_on else f"content_{serial}.htm"
    moment = None
    if claimed_on:
        moment = datetime.combine(claimed_on, time(9 + number % 8, number * 7 % 60), SHANGHAI)
    elements = tuple(_element(label, unit, project, doc_no, formed_on) for label in _labels(item))
    return DemoPage(
        path=f"{folder}/{name}",
        title=f"宁川市{unit.name}关于{project.name}{item.item_l2.partition('（')[0]}的公示",
        project_code=project.code,
        item_code=item.item_code,
        list_on=claimed_on,
        meta_at=moment,
        label_at=moment,
        elements=elements[: len(elements) // 2] if case is Case.INCOMPLETE else elements,
    )


def _labels(item: ItemRow) -> list[str]:
    own = [label for label in ("项目名称", "项目统一代码") if label not in item.content_elements]
    return [*own, *item.content_elements]


def _element(
    label: str, unit: DemoUnit, project: DemoProject, doc_no: str, formed_on: date
) -> tuple[str, str]:
    """A label and a value that fits it."""
    fitting = (
        (("项目名称",), project.name),
        (("代码",), project.code),
        (("文号", "证号", "编号", "备案号"), doc_no),
        (("时间", "日期"), f"{formed_on.year}年{formed_on.month}月{formed_on.day}日"),
        (("单位", "机关", "部门", "机构"), f"宁川市{unit.name}"),
        (("结果", "结论"), "同意"),
    )
    return label, next((v for keys, v in fitting if any(k in label for k in keys)), "详见附件")


def _verdict(case: Case, item: ItemRow, formed_on: date, today: date, calendar: Workdays) -> str:
    if case in SETTLED:
        return SETTLED[case]
    try:
        due = due_on(limit(item), formed_on, calendar)
        left = calendar.ord_start(due) - calendar.ord_end(today)
    except CalendarUnknown:
        return "calendar_unknown"
    return "due_soon" if left <= DUE_SOON_DAYS else "pending"
