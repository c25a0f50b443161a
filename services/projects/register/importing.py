"""A file of projects taken over: all of it or nothing, in parts, so that others go on meanwhile.

A part is one statement each for what is known, new and changed: a hundred thousand rows are neither
a hundred thousand statements nor more parameters than the driver takes. Rows are locked in the
order of their codes over all parts, so that two imports wait for one another in one direction only.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.register import oc4ids, queries, rules, service
from services.projects.register.models import Project
from services.projects.register.schemas import (
    EmptiedField,
    ImportRow,
    NotTaken,
    PackageRow,
    ProjectImportResult,
)
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import imports
from shared.web.imports import Line, LineError

PART = 2_000
MOST_NAMED = 100
"""So many of what is emptied, or not taken over, are named."""


@dataclass
class _Done:
    """What was made of the lines so far."""

    created: int = 0
    updated: int = 0
    renamed: int = 0
    emptied: list[EmptiedField] = field(default_factory=list)
    errors: list[LineError] = field(default_factory=list)


async def import_projects(
    session: AsyncSession, content: bytes, now: datetime, caller: Caller, *, dry_run: bool
) -> ProjectImportResult:
    """Register and change the projects of a file, all or none. Raises ImportRefused."""
    lines, units = await _read(session, content)
    done = _Done()
    for at in range(0, len(lines), PART):
        await _take(session, lines[at : at + PART], units, done, now, caller, dry_run=dry_run)
        session.expunge_all()
        await asyncio.sleep(0)
    if done.errors:
        raise imports.refuse(sorted(done.errors, key=lambda error: error.line))
    rows = [line.row for line in lines]
    if not dry_run:
        await _put_on_lists(session, rows)
        counts = {"rows": len(rows), "created": done.created, "updated": done.updated}
        await audit_log.write(session, caller.sub, "projects.imported", "projects", now, counts)
    return ProjectImportResult(
        dry_run=dry_run,
        rows=len(rows),
        created=done.created,
        updated=done.updated,
        unchanged=len(rows) - done.created - done.updated,
        without_unit=sum(row.lead_unit is None for row in rows),
        renamed=done.renamed,
        emptied=done.emptied[:MOST_NAMED],
        not_taken=_not_taken(rows),
    )


async def _take(
    session: AsyncSession,
    part: Sequence[Line[ImportRow]],
    units: set[str],
    done: _Done,
    now: datetime,
    caller: Caller,
    *,
    dry_run: bool,
) -> None:
    """A part of the lines: written, unless it is only tried or something is wrong."""
    known = await queries.known_projects(session, [line.row.code for line in part])
    wrong = [*_errors(_by_known(part, known), known, units, caller)]
    if not (dry_run or done.errors or wrong):
        known |= (raced := await _register(session, part, known, now))
        wrong = [*_errors(_by_known(part, known), known, units, caller)] if raced else []
    whole = _by_known(part, known)
    changed = [line.row for line in whole if _differs(known.get(line.row.code), line.row, now)]
    done.errors += wrong
    if not (dry_run or done.errors):
        await _change(session, changed, known, now, caller)
    done.created += len(part) - len(known)
    done.updated += len(changed)
    done.renamed += sum(known[row.code].name != row.name for row in changed)
    done.emptied += _emptied(whole, known)


def _by_known(part: Sequence[Line[ImportRow]], known: dict[str, Project]) -> list[Line[ImportRow]]:
    """The lines, those of a package with what it does not say of the projects that are known."""
    return [
        Line(number, oc4ids.as_known(row, known[row.code]))
        if isinstance(row, PackageRow) and row.code in known
        else Line(number, row)
        for number, row in part
    ]


def _emptied(part: Sequence[Line[ImportRow]], known: dict[str, Project]) -> Iterator[EmptiedField]:
    for number, row in part:
        old = known.get(row.code)
        stored = (
            ("lead_unit", old and old.lead_unit_code),
            ("investment_10k_yuan", old and old.investment_10k_yuan),
        )
        for name, value in stored:
            if value is not None and getattr(row, name) is None:
                yield EmptiedField(line=number, code=row.code, field=name)


def _not_taken(rows: Sequence[ImportRow]) -> list[NotTaken]:
    """The standard's fields that packages have and nobody reads, the most frequent in front."""
    counted = Counter(
        name for row in rows if isinstance(row, PackageRow) for name in sorted(row.not_taken)
    )
    named = sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    return [NotTaken(field=name, projects=n) for name, n in named[:MOST_NAMED]]


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
    unsaid: dict[str, Any] = {"lead_unit": None}
    if isinstance(line.row, PackageRow):
        unsaid |= {"unsaid": line.row.unsaid | {"lead_unit"}}
    return Line(line.number, line.row.model_copy(update=unsaid))


def _errors(
    part: Sequence[Line[ImportRow]], known: dict[str, Project], units: set[str], caller: Caller
) -> Iterator[LineError]:
    """What of these lines refers to no unit, or to projects of another one than the caller's."""
    for number, row in part:
        old = known.get(row.code)
        before = old.lead_unit_code if old else row.lead_unit
        if row.lead_unit and row.lead_unit not in units and (not old or row.lead_unit != before):
            yield LineError(number, "lead_unit", "没有这个公开主体 | no such unit")
        theirs = [row.lead_unit, before]
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
    is_from_elsewhere = isinstance(row, PackageRow)
    waits = is_from_elsewhere or not caller.has("admin")
    return {**kept, **service.changes_of(project, row, now, names_wait=waits)}


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
