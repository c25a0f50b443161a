"""A file of units taken over: every line is right, or none is taken."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.calendar.models import NATIONAL
from services.projects.register import queries, rules
from services.projects.register.queries import UnitRow
from services.projects.register.schemas import ImportResult, UnitImportRow
from shared import clock
from shared.database.faults import Overtaken
from shared.security import audit_log
from shared.web import imports
from shared.web.imports import Columns, Line, LineError

COLUMNS = Columns(
    ("code", "name", "name_en", "aliases", "valid_from", "valid_to", "region", "version"),
    required={"code", "name", "valid_from"},
    numbers={"version"},
    lists={"aliases"},
)
_UNTOUCHED = {"aliases", "region", "version"}
_MERGED = "已并入 {successor}，存续期间不再改动 | part of another unit, its days stay as they are"
_STALE = "不是现在的版本（{version}） | not the present version"
_OPEN = "还有未了结的事项，请办理并入或先了结 | something of it is open: merge it, or end that"

Known = Mapping[str, UnitRow]


async def import_units(
    session: AsyncSession, content: bytes, now: datetime, *, actor: str, dry_run: bool
) -> ImportResult:
    """Register and change the units of a file, all or none. Raises ImportRefused; where somebody
    changed one of them meanwhile, all is decided anew.

    A unit keeps no other name than those of its line; units that the file leaves out stay. A line
    may name the version of the unit that it was written for, and the unit's region.
    """
    lines, errors = imports.read(content, UnitImportRow, COLUMNS)
    errors += imports.repeated(lines, "code")
    known = await queries.known_units_by_code(session, [line.row.code for line in lines])
    errors += await _errors(session, lines, known, now)
    if errors:
        raise imports.refuse(sorted(errors, key=lambda error: error.line))
    changed = [line for line in lines if _differs(known.get(line.row.code), line.row)]
    created = len(lines) - len(known)
    if changed and not dry_run:
        await _put(session, changed, known)
        entries = [(f"unit:{line.row.code}", {"imported": True}) for line in changed]
        await audit_log.write_many(session, actor, "unit.put", entries, now)
    return ImportResult(
        dry_run=dry_run,
        rows=len(lines),
        created=created,
        updated=len(changed) - created,
        unchanged=len(lines) - len(changed),
    )


async def _put(session: AsyncSession, changed: Sequence[Line[UnitImportRow]], known: Known) -> None:
    """Write the lines over the units as they were read. Raises Overtaken, or ImportRefused."""
    rows = [_row(line.row, known.get(line.row.code)) for line in changed]
    rows.sort(key=lambda row: str(row["code"]))
    if await queries.put_units(session, rows) < len(rows):
        raise Overtaken
    # Another may have taken one of the names since they were looked at.
    names = [alias for line in changed for alias in line.row.aliases]
    taken = await queries.aliases_of_others(session, names, [row["code"] for row in rows])
    if errors := [*_of_names(changed, taken)]:
        raise imports.refuse(errors)


def _row(line: UnitImportRow, known: UnitRow | None) -> dict[str, Any]:
    region = line.region or (NATIONAL if known is None else known.region)
    seen = 0 if known is None else known.version
    return {**line.model_dump(mode="json"), "region": region, "seen": seen}


async def _errors(
    session: AsyncSession, lines: Sequence[Line[UnitImportRow]], known: Known, now: datetime
) -> list[LineError]:
    """What is wrong with these lines beside what stands in other rows."""
    codes = [line.row.code for line in lines]
    names = [alias for line in lines for alias in line.row.aliases]
    taken = await queries.aliases_of_others(session, names, codes)
    named = {line.row.region for line in lines if line.row.region}
    regions = await queries.known_regions(session, named) if named else set()
    found = [*_of_names(lines, taken)]
    for number, row in lines:
        if row.region and row.region not in regions:
            found.append(LineError(number, "region", "没有登记这个地区 | not registered"))
        if row.valid_to is not None and row.valid_to < row.valid_from:
            found.append(LineError(number, "valid_to", "早于存在之日 | before it begins"))
    return found + [*_of_units(lines, known)] + await _of_ends(session, lines, known, now)


def _of_names(
    lines: Sequence[Line[UnitImportRow]], taken: Mapping[str, str]
) -> Iterator[LineError]:
    """What of these lines gives a name twice, or one that another unit has."""
    first: dict[str, int] = {}
    for number, row in lines:
        for alias in row.aliases:
            if alias in taken:
                message = f"“{alias}”已是 {taken[alias]} 的名称 | another unit's name"
                yield LineError(number, "aliases", message)
            elif first.setdefault(alias, number) != number:
                message = f"“{alias}”与第 {first[alias]} 行重复 | repeated"
                yield LineError(number, "aliases", message)


def _of_units(lines: Sequence[Line[UnitImportRow]], known: Known) -> Iterator[LineError]:
    """What was written for another version of a unit, or brings one back that merged."""
    for number, row in lines:
        unit = known.get(row.code)
        if row.version is not None and row.version != (unit.version if unit else 0):
            message = _STALE.format(version=unit.version if unit else "没有登记")
            yield LineError(number, "version", message)
        if unit is not None and unit.successor_code and row.valid_to != unit.valid_to:
            yield LineError(number, "valid_to", _MERGED.format(successor=unit.successor_code))


async def _of_ends(
    session: AsyncSession, lines: Sequence[Line[UnitImportRow]], known: Known, now: datetime
) -> list[LineError]:
    """What ends a unit of which something is open."""
    ending = {
        row.code: number
        for number, row in lines
        if row.code in known and rules.ends(known[row.code].valid_to, row.valid_to)
    }
    if not ending:
        return []
    found = await queries.what_is_open(session, [*ending], clock.today(now))
    return [
        LineError(number, "valid_to", _OPEN) for code, number in ending.items() if any(found[code])
    ]


def _differs(known: UnitRow | None, line: UnitImportRow) -> bool:
    if known is None:
        return True
    values = line.model_dump(exclude=_UNTOUCHED)
    is_same = all(getattr(known, name) == value for name, value in values.items())
    is_same = is_same and line.region in (None, known.region)
    return not is_same or sorted(known.aliases) != sorted(set(line.aliases))
