"""A file of units taken over: every line is right, or none is taken."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.register import queries
from services.projects.register.queries import UnitRow
from services.projects.register.schemas import ImportResult, UnitImportRow
from shared.security import audit_log
from shared.web import imports
from shared.web.imports import Columns, Line, LineError

COLUMNS = Columns(
    ("code", "name", "name_en", "aliases", "valid_from", "valid_to"),
    required={"code", "name", "valid_from"},
    lists={"aliases"},
)


async def import_units(
    session: AsyncSession, content: bytes, now: datetime, *, actor: str, dry_run: bool
) -> ImportResult:
    """Register and change the units of a file, all or none. Raises ImportRefused.

    A unit keeps no other name than those of its line; units that the file leaves out stay.
    """
    lines, errors = imports.read(content, UnitImportRow, COLUMNS)
    errors += imports.repeated(lines, "code")
    codes = [line.row.code for line in lines]
    known = await queries.known_units_by_code(session, codes)
    names = [alias for line in lines for alias in line.row.aliases]
    taken = await queries.aliases_of_others(session, names, codes)
    errors += _errors(lines, taken)
    if errors:
        raise imports.refuse(sorted(errors, key=lambda error: error.line))
    changed = [line.row for line in lines if _differs(known.get(line.row.code), line.row)]
    created = len(lines) - len(known)
    if changed and not dry_run:
        rows = [row.model_dump(mode="json") for row in sorted(changed, key=lambda row: row.code)]
        await queries.put_units(session, rows)
        entries = [(f"unit:{row.code}", {"imported": True}) for row in changed]
        await audit_log.write_many(session, actor, "unit.put", entries, now)
    return ImportResult(
        dry_run=dry_run,
        rows=len(lines),
        created=created,
        updated=len(changed) - created,
        unchanged=len(lines) - len(changed),
    )


def _errors(lines: Sequence[Line[UnitImportRow]], taken: dict[str, str]) -> Iterator[LineError]:
    """What of these lines gives a name twice, or one that another unit has; days in no order."""
    first: dict[str, int] = {}
    for number, row in lines:
        if row.valid_to is not None and row.valid_to < row.valid_from:
            yield LineError(number, "valid_to", "早于存在之日 | before it begins")
        for alias in row.aliases:
            if alias in taken:
                said = f"“{alias}”已是 {taken[alias]} 的名称 | another unit's name"
                yield LineError(number, "aliases", said)
            elif first.setdefault(alias, number) != number:
                said = f"“{alias}”与第 {first[alias]} 行重复 | repeated"
                yield LineError(number, "aliases", said)


def _differs(known: UnitRow | None, line: UnitImportRow) -> bool:
    if known is None:
        return True
    values = line.model_dump(exclude={"aliases"})
    is_same = all(getattr(known, name) == value for name, value in values.items())
    return not is_same or sorted(known.aliases) != sorted(set(line.aliases))
