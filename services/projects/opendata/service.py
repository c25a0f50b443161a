"""What the open data hold, read as it stands now."""

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.opendata import oc4ids, queries
from services.projects.opendata.facts import PublicationFilter, PublicDuty, PublicProject
from services.projects.packs import service as packs
from services.projects.packs.rules import PhaseOf
from services.projects.register import service as register
from services.projects.register import views as register_views
from services.projects.register.models import Project
from services.projects.settings import ProjectsSettings
from shared.errors import NotFound, Text
from shared.web.pagination import PageRequest, encode

ROOT = "/api/v1/opendata"
MOST_ON_A_PAGE = 1_000
MOST_IN_A_PACKAGE = 5_000
"""Duties: of projects that owe very much a package has fewer."""
FEED_DAYS = timedelta(days=90)
_NO_PROJECT = Text("还没有这样的项目", "There is no such project yet")
_PUBLISHER = "政务公开办公室"


class ExportPart(NamedTuple):
    """A part of what is exported, and the address of the next one; None: this is the last."""

    content: Any
    next_url: str | None
    next_cursor: str | None = None


class ProjectFilter(NamedTuple):
    """Which projects are exported: those that a unit leads, those on the list of a year."""

    unit: str | None = None
    year: int | None = None


async def oc4ids_package(
    session: AsyncSession, paging: PageRequest, wanted: ProjectFilter, settings: ProjectsSettings
) -> ExportPart:
    """A part of the projects as an OC4IDS package, by two statements however many they are.

    Raises NotFound where there is none, for a package holds at least one.
    """
    after = paging.key(str)
    rows = await queries.projects(
        session,
        after=after[0] if after else None,
        limit=paging.limit + 1,
        **wanted._asdict(),
    )
    if not rows:
        raise NotFound(_NO_PROJECT)
    shown, of_project = await _with_duties(session, rows[: paging.limit])
    asked = {name: value for name, value in wanted._asdict().items() if value is not None}
    here = asked | ({} if after is None else {"cursor": encode(after)}) | {"limit": paging.limit}
    # In a thread: it takes tenths of a second of projects that owe very much.
    made = await asyncio.to_thread(
        oc4ids.package,
        shown,
        of_project,
        prefix=settings.oc4ids_prefix,
        uri=address(settings, "oc4ids.json", here),
        publisher=publisher(settings),
        licence=settings.open_licence,
    )
    if len(rows) == len(shown):
        return ExportPart(made, None)
    last = encode((shown[-1].code,))
    return ExportPart(made, _following(settings, "oc4ids.json", asked, last, paging.limit))


async def _with_duties(
    session: AsyncSession, projects: list[PublicProject]
) -> tuple[list[PublicProject], dict[str, list[PublicDuty]]]:
    """So many of the projects, at least one, as owe no more than a package holds, with what they
    owe; of one alone the first of it."""
    codes = [project.code for project in projects]
    owed = await queries.duties_of(session, codes, MOST_IN_A_PACKAGE + 1)
    if len(owed) > MOST_IN_A_PACKAGE:
        cut = codes.index(owed.pop().project_code or "")
        projects = projects[: max(cut, 1)]
    of_project: dict[str, list[PublicDuty]] = defaultdict(list)
    for duty in owed:
        of_project[duty.project_code or ""].append(duty)
    return projects, of_project


class ProjectLifeLine(NamedTuple):
    """A project with what must be published about it, in the order of its life; `is_cut` where
    there is more."""

    project: Project
    duties: list[PublicDuty]
    is_cut: bool
    phase_of: PhaseOf


async def life(session: AsyncSession, code: str) -> ProjectLifeLine:
    """What everybody may know of a project. Raises NotFound."""
    project = await register.find_project(session, code)
    duties = await queries.duties_of(session, [code], MOST_ON_A_PAGE + 1)
    is_cut, shown = len(duties) > MOST_ON_A_PAGE, duties[:MOST_ON_A_PAGE]
    return ProjectLifeLine(project, shown, is_cut, await packs.phases(session))


async def newest(
    session: AsyncSession, paging: PageRequest, wanted: PublicationFilter, now: datetime
) -> list[PublicDuty]:
    """The newest publications: of a project all that there are, of others those of the last days.
    A feed is read again and again, and whoever wants all takes the table.
    """
    since = None if wanted.project is not None else now - FEED_DAYS
    return await queries.newest(session, wanted, since=since, after=None, limit=paging.limit)


async def publications(
    session: AsyncSession,
    paging: PageRequest,
    wanted: PublicationFilter,
    settings: ProjectsSettings,
    file: str,
) -> ExportPart:
    """A part of all publications, that which was seen last in front."""
    key = paging.key(datetime, UUID)
    after = None if key is None else (key[0], key[1])
    rows = await queries.newest(session, wanted, since=None, after=after, limit=paging.limit + 1)
    shown = rows[: paging.limit]
    if len(rows) <= paging.limit:
        return ExportPart(shown, None)
    last = encode((shown[-1].first_seen_at, shown[-1].id))
    following = _following(settings, file, wanted._asdict(), last, paging.limit)
    return ExportPart(shown, following, last)


async def projects(
    session: AsyncSession, paging: PageRequest, wanted: ProjectFilter, settings: ProjectsSettings
) -> ExportPart:
    """A part of the projects, by their codes."""
    after = paging.key(str)
    rows = await queries.projects(
        session, after=after[0] if after else None, limit=paging.limit + 1, **wanted._asdict()
    )
    shown = rows[: paging.limit]
    if len(rows) <= paging.limit:
        return ExportPart(shown, None)
    last = encode((shown[-1].code,))
    return ExportPart(
        shown, _following(settings, "projects.csv", wanted._asdict(), last, paging.limit)
    )


async def units(
    session: AsyncSession, paging: PageRequest, settings: ProjectsSettings
) -> ExportPart:
    """A part of the units, by their codes."""
    found = await register_views.units(session, paging)
    if found.next_cursor is None:
        return ExportPart(found.items, None)
    return ExportPart(
        found.items, _following(settings, "units.csv", {}, found.next_cursor, paging.limit)
    )


def _following(
    settings: ProjectsSettings, file: str, asked: dict[str, Any], cursor: str, limit: int
) -> str:
    """Where the next part of a file is."""
    given = {name: value for name, value in asked.items() if value is not None}
    return address(settings, file, given | {"cursor": cursor, "limit": limit})


async def duties_about(
    session: AsyncSession, wanted: PublicationFilter, limit: int
) -> list[PublicDuty]:
    """Some duties of a unit, about a project and of an item, as far as these are named."""
    return await queries.duties_about(session, wanted, limit)


def publisher(settings: ProjectsSettings) -> dict[str, str]:
    """Who publishes: the office of the city."""
    return {"name": f"{settings.city}{_PUBLISHER}", "uri": settings.public_url}


def projects_url(settings: ProjectsSettings) -> str:
    """Where the public pages of projects begin."""
    return f"{settings.public_url}/api/v1/projects"


def address(settings: ProjectsSettings, file: str, asked: dict[str, Any]) -> str:
    """Where everybody finds that file, asked for so."""
    query = f"?{urlencode(asked)}" if asked else ""
    return f"{settings.public_url}{ROOT}/{file}{query}"
