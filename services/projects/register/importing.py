"""A file of projects taken over: all of it or nothing, in parts, so that others go on meanwhile.

A part is one statement each for what is known, new and changed: a hundred thousand rows are neither
a hundred thousand statements nor more parameters than the driver takes. Rows are locked in the
order of their codes over all parts, so that two imports wait for one another in one direction only.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.register import queries, rules, service
from services.projects.register.models import Project
from services.projects.register.schemas import ImportRow, ProjectImportResult
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import imports
from shared.web.imports import Line, LineError

PART = 2_000


async def import_projects(
    session: AsyncSession, content: bytes, now: datetime, caller: Caller, *, dry_run: bool
) -> ProjectImportResult:
    """Register and change the projects of a file, all or none. Raises ImportRefused."""
    lines, units = await _read(session, content)
    rows = [line.row for line in lines]
    created, updated, errors = 0, 0, list[LineError]()
    for at in range(0, len(lines), PART):
        part = lines[at : at + PART]
        known = await queries.known_projects(session, [line.row.code for line in part])
        new = len(part) - len(known)
        wrong = [*_errors(part, known, units, caller)]
        if not (dry_run or errors or wrong):
            raced = await _register(session, part, known, now)
            known, new = known | raced, new - len(raced)
            wrong = [*_errors(part, known, units, caller)]
        changed = [line.row for line in part if _differs(known.get(line.row.code), line.row, now)]
        errors += wrong
        if not (dry_run or errors):
            await _change(session, changed, known, now, caller)
        created, updated = created + new, updated + len(changed)
        session.expunge_all()
        await asyncio.sleep(0)
    if errors:
        raise imports.refuse(sorted(errors, key=lambda error: error.line))
    if not dry_run:
        await _put_on_lists(session, rows)
        counts = {"rows": len(rows), "created": created, "updated": updated}
        await audit_log.write(session, caller.sub, "projects.imported", "projects", now, counts)
    return ProjectImportResult(
        dry_run=dry_run,
        rows=len(rows),
        created=created,
        updated=updated,
        unchanged=len(rows) - created - updated,
        without_unit=sum(row.lead_unit is None for row in rows),
    )


async def _read(session: AsyncSession, content: bytes) -> tuple[list[Line[ImportRow]], set[str]]:
    """The lines in the order of their codes, and those of the units they name that there are."""
    # Before the transaction begins, and in a thread: it takes seconds of a large file.
    lines = await asyncio.to_thread(rules.read, content)
    lines.sort(key=lambda line: line.row.code)
    named = {line.row.lead_unit for line in lines if line.row.lead_unit}
    units = await queries.known_units(session, named)
    if rules.is_package(content):
        lines = [_known_here(line, units) for line in lines]
    return lines, units


def _known_here(line: Line[ImportRow], units: set[str]) -> Line[ImportRow]:
    """The authority of a package from elsewhere need not be a unit of ours: then none leads it."""
    if line.row.lead_unit in units:
        return line
    return Line(line.number, line.row.model_copy(update={"lead_unit": None}))


def _errors(
    part: Sequence[Line[ImportRow]], known: dict[str, Project], units: set[str], caller: Caller
) -> Iterator[LineError]:
    """What of these lines refers to no unit, or to projects of another one than the caller's."""
    for number, row in part:
        if row.lead_unit and row.lead_unit not in units:
            yield LineError(number, "lead_unit", "没有这个公开主体 | no such unit")
        old = known.get(row.code)
        theirs = [row.lead_unit, old.lead_unit_code if old else row.lead_unit]
        if not caller.has("admin") and not all(unit and caller.at(unit) for unit in theirs):
            yield LineError(number, "lead_unit", "只能导入本部门的项目 | not your unit")


async def _register(
    session: AsyncSession, part: Sequence[Line[ImportRow]], known: dict[str, Project], now: datetime
) -> dict[str, Project]:
    """Insert those that are new; those that others registered since, which are changed instead."""
    new = [line.row for line in part if line.row.code not in known]
    wanted = [service.new_row(row.code, row, now) for row in new]
    raced = {row.code for row in new} - await queries.insert_projects(session, wanted)
    return await queries.known_projects(session, raced) if raced else {}


async def _change(
    session: AsyncSession,
    changed: Sequence[ImportRow],
    known: dict[str, Project],
    now: datetime,
    caller: Caller,
) -> None:
    """Change these projects, which are locked; each is in the audit log as by itself."""
    rows = [_changed(known[row.code], row, now, caller) for row in changed]
    if not rows:
        return
    await queries.update_projects(session, rows)
    entries = [(f"project:{row['code']}", _details(row)) for row in rows]
    await audit_log.write_many(session, caller.sub, "project.put", entries, now)


def _changed(project: Project, row: ImportRow, now: datetime, caller: Caller) -> dict[str, Any]:
    kept = {name: getattr(project, name) for name in service.KEPT}
    return {**kept, **service.changes_of(project, row, now, caller)}


def _details(row: dict[str, Any]) -> dict[str, Any]:
    names = [row["name"], *row["aliases"]]
    return service.audited(names, row["confirmed_names"], row["version"] + 1)


def _differs(project: Project | None, row: ImportRow, now: datetime) -> bool:
    if project is None:
        return False
    values = service.values_of(row, now)
    return any(getattr(project, name) != values[name] for name in values if name != "updated_at")


async def _put_on_lists(session: AsyncSession, rows: Sequence[ImportRow]) -> None:
    members: dict[tuple[int, str], list[str]] = defaultdict(list)
    for row in rows:
        if row.list_year is not None and row.list_title is not None:
            members[row.list_year, row.list_title].append(row.code)
    for (year, title), codes in sorted(members.items()):
        project_list = await queries.put_list(session, year, title)
        for at in range(0, len(codes), PART):
            await queries.put_members(session, project_list.id, codes[at : at + PART])
