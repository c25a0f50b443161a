from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, String, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.departments.models import Department, StaffName
from shared.database.reading import Reading

_WITH_CODES = (
    select(Department)
    .where(col(Department.code) == func.any(bindparam("codes", type_=ARRAY(String))))
    .order_by(col(Department.code))
)
_OF_CODES = Reading(_WITH_CODES)
_LOCKED = _WITH_CODES.with_for_update().execution_options(populate_existing=True)


async def listed(session: AsyncSession, after: str | None, limit: int) -> Sequence[Department]:
    """By code, after one."""
    rows = select(Department).order_by(col(Department.code)).limit(limit)
    if after is not None:
        rows = rows.where(col(Department.code) > after)
    return (await session.execute(rows)).scalars().all()


async def of_codes(
    session: AsyncSession, codes: Iterable[str], *, locked: bool = False
) -> Sequence[Department]:
    """`locked` in the order of their codes, so that two imports cannot block one another."""
    wanted = {"codes": list(codes)}
    if locked:
        return (await session.execute(_LOCKED, wanted)).scalars().all()
    return [row[0] for row in await _OF_CODES.all(session, **wanted)]


async def insert_new(
    session: AsyncSession, departments: Sequence[Mapping[str, Any]]
) -> frozenset[str]:
    """The codes of those that were not there yet."""
    if not departments:
        return frozenset()
    added = insert(Department).on_conflict_do_nothing().returning(col(Department.code))
    rows = await session.execute(added, [dict(one) for one in departments])
    return frozenset(rows.scalars())


async def put_staff(session: AsyncSession, staff: Mapping[str, Collection[str]]) -> None:
    """From now on these names, and no others, for each of the departments."""
    if not staff:
        return
    await session.execute(delete(StaffName).where(col(StaffName.department_code).in_(list(staff))))
    names = [
        {"department_code": code, "name": name}
        for code, given in staff.items()
        for name in dict.fromkeys(given)
    ]
    if names:
        await session.execute(insert(StaffName).on_conflict_do_nothing(), names)


async def staff_of(session: AsyncSession, codes: Iterable[str]) -> dict[str, list[str]]:
    """The names of each department's staff, in order."""
    rows = (
        select(StaffName)
        .where(col(StaffName.department_code).in_(list(codes)))
        .order_by(col(StaffName.department_code), col(StaffName.name))
    )
    found: dict[str, list[str]] = {}
    for staff in (await session.execute(rows)).scalars():
        found.setdefault(staff.department_code, []).append(staff.name)
    return found


async def numbers(session: AsyncSession) -> Sequence[str]:
    """The telephone numbers of all departments."""
    rows = select(func.unnest(col(Department.numbers)))
    return (await session.execute(rows)).scalars().all()


async def staff_names(session: AsyncSession, department: str | None) -> Sequence[str]:
    """The names of one department's staff, of everybody's without a department."""
    rows = select(col(StaffName.name))
    if department is not None:
        rows = rows.where(col(StaffName.department_code) == department)
    return (await session.execute(rows)).scalars().all()
