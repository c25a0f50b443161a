"""`python -m services.projects.demo`: the made-up city's units, projects, duties and portals.

May run again at any time: what is there already stays as it is. Its duties are those of the day it
first ran on, because the demo portal goes on showing the pages of that day.
"""

import asyncio
from datetime import date, datetime

from sqlalchemy import exists
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects import (
    demo_missing,
    demo_packs_loading,
    demo_portals,
    demo_publishing,
)
from services.projects.demo_world import World, world
from services.projects.duties import service as duties
from services.projects.duties.models import TriggerEvent, TriggerKind
from services.projects.duties.schemas import TriggerOrder
from services.projects.evidence.files import store_of
from services.projects.register.models import (
    ApprovalKind,
    Phase,
    Project,
    ProjectList,
    ProjectListMember,
    ResponsibleUnit,
    UnitAlias,
)
from services.projects.settings import ProjectsSettings
from shared import clock
from shared.database.engine import new_engine, new_sessions
from shared.security.identity import Caller

LOADER = Caller("demo", frozenset({"system"}), frozenset({"*"}))
SCOPE = "宁川市重点项目清单"


async def load(session: AsyncSession, now: datetime) -> int:
    """The demo city, if it is not there; returns how many duties were made."""
    city = world(clock.today(now))
    await put_units(session, city)
    await _projects(session, city, now)
    known = select(exists().where(col(TriggerEvent.recorded_by) == LOADER.sub))
    if (await session.exec(known)).one():
        return 0
    orders = [
        TriggerOrder(
            project_code=duty.project_code,
            item_code=duty.item_code,
            unit_code=duty.unit_code,
            kind=TriggerKind(duty.kind),
            on=duty.formed_on,
            doc_no=duty.doc_no,
        )
        for duty in city.duties
    ]
    made = await duties.record_trigger_events(session, orders, now, LOADER)
    await demo_missing.load(session, city, now)
    return len(made)


async def put_units(session: AsyncSession, city: World) -> None:
    """The units of the city with their other names, where they are not there."""
    units = [
        ResponsibleUnit(
            code=unit.code, name=unit.name, name_en=unit.name_en, valid_from=date(2000, 1, 1)
        )
        for unit in city.units
    ]
    aliases = [
        UnitAlias(alias=alias, unit_code=unit.code) for unit in city.units for alias in unit.aliases
    ]
    for table, rows in ((ResponsibleUnit, units), (UnitAlias, aliases)):
        values = [row.model_dump() for row in rows]
        await session.execute(insert(table).values(values).on_conflict_do_nothing())


async def _projects(session: AsyncSession, city: World, now: datetime) -> None:
    projects = [
        Project(
            code=project.code,
            name=project.name,
            approval_kind=ApprovalKind(project.approval_kind),
            phase=Phase(project.phase),
            lead_unit_code=project.lead_unit,
            scope_basis=SCOPE,
            investment_10k_yuan=project.investment_10k_yuan,
            updated_at=now,
        ).model_dump()
        for project in city.projects
    ]
    await session.execute(insert(Project).values(projects).on_conflict_do_nothing())
    for year in sorted({project.list_year for project in city.projects}):
        title = f"{year}年{SCOPE}"
        row = ProjectList(year=year, title=title).model_dump()
        await session.execute(insert(ProjectList).values(row).on_conflict_do_nothing())
        query = select(ProjectList.id).where(col(ProjectList.title) == title)
        list_id = (await session.exec(query)).one()
        members = [
            {"list_id": list_id, "project_code": project.code}
            for project in city.projects
            if project.list_year == year
        ]
        await session.execute(insert(ProjectListMember).values(members).on_conflict_do_nothing())


async def main() -> None:
    settings, now = ProjectsSettings(), clock.now()
    engine = new_engine(settings, "projects-demo")
    async with new_sessions(engine)() as session, session.begin():
        made = await load(session, now) + await demo_packs_loading.load(session, now)
        await demo_publishing.load(session, store_of(settings), now)
        columns = 0
        if settings.demo_portal_url:
            columns = await demo_portals.load(session, settings.demo_portal_url, now)
            columns += await demo_packs_loading.load_columns(session, settings.demo_portal_url, now)
    print(f"projects: +{made} 项公开义务 duties, +{columns} 个栏目 portals")
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
