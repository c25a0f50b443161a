"""Units, projects and their lists as the API shows them."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.register import queries
from services.projects.register.schemas import ListView, ProjectView, UnitView
from shared.web.pagination import Page, PageRequest, page


async def units(session: AsyncSession, paging: PageRequest) -> Page[UnitView]:
    """Units with their other names, by code."""
    after = paging.key(str)
    rows = await queries.units(session, after[0] if after else None, paging.limit + 1)
    return page(rows, paging, lambda row: (row.code,), lambda row: UnitView(**row._asdict()))


async def projects(
    session: AsyncSession,
    paging: PageRequest,
    *,
    words: str | None,
    unit: str | None,
    year: int | None,
) -> Page[ProjectView]:
    """Projects by code: whose code or name holds `words`, of a lead unit, on a year's list."""
    after = paging.key(str)
    rows = await queries.search(
        session,
        words=words,
        unit=unit,
        year=year,
        after=after[0] if after else None,
        limit=paging.limit + 1,
    )
    return page(rows, paging, lambda row: (row.code,), ProjectView.model_validate)


async def lists_of(session: AsyncSession, code: str) -> list[ListView]:
    """The yearly lists that a project is on."""
    return [ListView(**row._asdict()) for row in await queries.lists_of(session, code)]
