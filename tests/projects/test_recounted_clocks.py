"""What SQL sets right after a notice moved is what the pure rule says, for clocks of every kind."""

import random
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import col, select

from services.projects.calendar import service as calendars
from services.projects.calendar.clocks import ClockRule, as_data
from services.projects.calendar.models import CountedIn, Every, RuleKind
from services.projects.catalogue.models import CatalogueItem
from services.projects.duties import recounting
from services.projects.duties.making import dated, new_duty
from services.projects.duties.models import Duty, TriggerEvent, TriggerKind
from shared.clock import now
from shared.database.engine import RoomSession
from tests.projects import make
from tests.projects.test_reports import inside
from tests.support import Connect, Databases

KINDS: tuple[ClockRule, ...] = (
    ClockRule(RuleKind.WORKING_DAYS, 20),
    ClockRule(RuleKind.CALENDAR_DAYS, 20),
    ClockRule(RuleKind.CALENDAR_DAYS, 20, roll_forward=False),
    ClockRule(RuleKind.REALTIME),
    ClockRule(RuleKind.MONTHS, 2),
    ClockRule(RuleKind.MONTHS, 1, roll_forward=False),
    ClockRule(RuleKind.FIXED_DATE, month_day="01-31"),
    ClockRule(RuleKind.PERIOD, 10, every=Every.QUARTER),
    ClockRule(RuleKind.PERIOD, every=Every.YEAR, month_day="01-31"),
    ClockRule(RuleKind.PERIOD, 1, every=Every.MONTH, counted_in=CountedIn.MONTHS),
    ClockRule(RuleKind.SAME_TIME_AS),
    ClockRule(RuleKind.SAME_TIME_AS, 3),
    ClockRule(RuleKind.MIN_DISPLAY, 3),
    ClockRule(RuleKind.WORKING_DAYS, 7, keep=ClockRule(RuleKind.KEEP_ONLINE, 90)),
    ClockRule(RuleKind.WORKING_DAYS, 20, stricter_of=(ClockRule(RuleKind.CALENDAR_DAYS, 20),)),
    ClockRule(
        RuleKind.WORKING_DAYS, 20, stricter_of=(ClockRule(RuleKind.FIXED_DATE, month_day="12-31"),)
    ),
)


class _Undone(Exception):
    """Nothing of it is kept: it recounts what other tests made as well."""


async def test_a_recount_by_sql_dates_every_kind_of_clock_as_the_rule_does(
    databases: Databases, sql: Connect
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    wrong: list[Any] = []

    async def recount(session: RoomSession) -> None:
        made = await _duties(session, unit, project)
        ids = [duty.id for duty in made]
        off = "UPDATE duty SET due_ord = 7, start_ord = 7 WHERE id = ANY(:ids) AND"
        await session.execute(text(f"{off} rule_kind <> 'none'"), {"ids": ids})
        await recounting.recount(session, "CN", 2004, now())
        session.expire_all()
        calendar = await calendars.load(session)
        for duty in (await session.exec(select(Duty).where(col(Duty.id).in_(ids)))).all():
            expected = dated(duty, duty.formed_on, calendar)
            found = {name: getattr(duty, name) for name in expected}
            if found != expected:
                wrong.append((duty.rule, duty.rule_kind, found, expected))
        raise _Undone

    with suppress(_Undone):
        await inside(databases, recount)
    assert not wrong, wrong[:3]


async def _duties(session: RoomSession, unit: str, project: str) -> list[Duty]:
    """A duty by each kind, on days over two years and on the last ones that are known."""
    [item] = (
        await session.exec(select(CatalogueItem).where(CatalogueItem.item_code == "MP-02-01"))
    ).all()
    calendar, chance = await calendars.load(session), random.Random(4)
    days = [calendar.last_day - timedelta(days=chance.randrange(700)) for _ in range(3)]
    days += [calendar.last_day - timedelta(days=ago) for ago in (0, 3, 12)]
    made = []
    for at, rule in enumerate(KINDS):
        worded = item.model_copy(update={"clock": as_data(rule), "short_limit_wd": None})
        for n, day in enumerate(days):
            made.append(_duty(worded, unit, project, day, at * 100 + n, calendar))
    session.add_all(trigger for trigger, _ in made)
    await session.flush()
    session.add_all(duty for _, duty in made)
    await session.flush()
    return [duty for _, duty in made]


def _duty(
    item: CatalogueItem, unit: str, project: str, day: date, number: int, calendar: Any
) -> tuple[TriggerEvent, Duty]:
    trigger = TriggerEvent(
        project_code=project,
        item_code=item.item_code,
        unit_code=unit,
        kind=TriggerKind.FORMED,
        occurred_on=day,
        doc_no=f"{number}号",
        recorded_at=now(),
        recorded_by="test",
    )
    return trigger, new_duty(trigger, item, calendar, 1, now())
