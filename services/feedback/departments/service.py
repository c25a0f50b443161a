"""Which departments there are, and whose names an answer may show."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.departments import queries, rules
from services.feedback.departments.models import Department
from services.feedback.departments.schemas import (
    DepartmentImportResult,
    DepartmentInput,
    DepartmentRow,
)
from services.feedback.redaction.office_numbers import spellings
from shared.database.versioned import swap
from shared.errors import NotFound, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions
from shared.workflow import refuse

NO_DEPARTMENT = Text(
    "没有这个部门代码；请从部门名录中选",
    "No department has this code; please choose from the list of departments",
)
_KNOWN = Text(
    "这个部门已登记；要修改，请带上读到的版本号",
    "This department is registered; to change it, send the version that you read",
)


async def of_codes(session: AsyncSession, codes: Iterable[str]) -> dict[str, Department]:
    """The departments of these codes, as far as they exist."""
    return {found.code: found for found in await queries.of_codes(session, codes)}


async def names_shown(session: AsyncSession, department: str | None) -> frozenset[str]:
    """Names of staff that may stand in an answer."""
    return frozenset(await queries.staff_names(session, department))


async def numbers_shown(session: AsyncSession) -> frozenset[str]:
    """The departments' own telephone numbers, as they may be spelled: no text has to hide them."""
    return spelled(await queries.numbers(session))


def spelled(numbers: Iterable[str]) -> frozenset[str]:
    """These numbers, as they may be spelled."""
    return _spelled(tuple(sorted(numbers)))


@lru_cache(maxsize=5)
def _spelled(numbers: tuple[str, ...]) -> frozenset[str]:
    """Kept, because all departments together have hundreds, and most texts are hidden by them."""
    return frozenset[str]().union(*(spellings(number) for number in numbers))


async def put(
    session: AsyncSession, code: str, order: DepartmentInput, caller: Caller, now: datetime
) -> tuple[Department, bool]:
    """Register a department, or change it; also whether it is new.

    Raises StateConflict where it changed since it was read, NotFound for a change of none.
    """
    values = order.model_dump(exclude={"version", "staff_names"}, exclude_none=True)
    is_new = order.version is None
    new = {"numbers": [], **values, "code": code, "version": 1}
    if is_new and not await queries.insert_new(session, [new]):
        known = await session.get_one(Department, code)
        refuse("registered", known.version, _KNOWN)
    department = await session.get(Department, code, populate_existing=True)
    if department is None:
        raise NotFound(NO_DEPARTMENT)
    if not is_new:
        versions.ensure(order.version, version=department.version, state="registered")
        department = await swap(session, department, values, state="code")
    if order.staff_names is not None:
        await queries.put_staff(session, {code: order.staff_names})
    await audit_log.write(session, caller.sub, "department.put", f"department:{code}", now)
    return department, is_new


async def import_file(
    session: AsyncSession, content: bytes, caller: Caller, now: datetime, *, dry_run: bool
) -> DepartmentImportResult:
    """Register and change the departments of a file, all or none. Raises ImportRefused."""
    rows = rules.read(content)
    codes = [row.code for row in rows]
    created: frozenset[str] = frozenset()
    if not dry_run:
        # In one order, so that two imports at a time cannot block one another.
        new = [rules.new(row) for row in sorted(rows, key=lambda row: row.code)]
        created = await queries.insert_new(session, new)
    known = {d.code: d for d in await queries.of_codes(session, codes, locked=not dry_run)}
    created = created or frozenset(codes) - known.keys()
    changed = await _change(session, rows, known, created, write=not dry_run)
    if not dry_run:
        details = {"rows": len(rows), "created": len(created), "updated": len(changed)}
        await audit_log.write(
            session, caller.sub, "departments.imported", "department", now, details
        )
    return DepartmentImportResult(
        dry_run=dry_run,
        rows=len(rows),
        created=len(created),
        updated=len(changed),
        unchanged=len(rows) - len(created) - len(changed),
    )


async def _change(
    session: AsyncSession,
    rows: list[DepartmentRow],
    known: dict[str, Department],
    created: frozenset[str],
    *,
    write: bool,
) -> set[str]:
    """What the lines give, written where it differs; the codes of the changed departments."""
    present = await queries.staff_of(session, known)
    staff = {
        row.code: row.staff_names
        for row in rows
        if row.staff_names is not None and {*row.staff_names} != {*present.get(row.code, ())}
    }
    columns = {
        row.code: values
        for row in rows
        if row.code not in created and (values := rules.changes(known[row.code], row))
    }
    changed = (staff.keys() - created) | columns.keys()
    if write:
        for code in sorted(changed):
            await swap(session, known[code], columns.get(code, {}), state="code")
        await queries.put_staff(session, staff)
    return changed
