from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.departments.models import Department, StaffName


async def every(session: AsyncSession) -> Sequence[Department]:
    rows = select(Department).order_by(col(Department.code))
    return (await session.execute(rows)).scalars().all()


async def of_codes(session: AsyncSession, codes: Iterable[str]) -> Sequence[Department]:
    rows = select(Department).where(col(Department.code).in_(list(codes)))
    return (await session.execute(rows)).scalars().all()


async def staff_names(session: AsyncSession, department: str | None) -> Sequence[str]:
    """The names of one department's staff, of everybody's without a department."""
    rows = select(col(StaffName.name))
    if department is not None:
        rows = rows.where(col(StaffName.department_code) == department)
    return (await session.execute(rows)).scalars().all()
