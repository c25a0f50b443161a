"""The departments as everybody may see them, and with their staff as the office does."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.departments import queries
from services.feedback.departments.models import Department
from services.feedback.departments.schemas import DepartmentView, StaffedDepartmentView
from services.feedback.departments.service import NO_DEPARTMENT
from shared.errors import NotFound
from shared.web.pagination import Page, PageRequest, page


async def listed(session: AsyncSession, paging: PageRequest) -> Page[DepartmentView]:
    """Departments by code, inactive ones included."""
    after = paging.key(str)
    rows = await queries.listed(session, after[0] if after else None, paging.limit + 1)
    return page(rows, paging, lambda row: (row.code,), DepartmentView.model_validate)


async def of_code(session: AsyncSession, code: str) -> StaffedDepartmentView:
    """One department with its staff. Raises NotFound."""
    found = await queries.of_codes(session, [code])
    if not found:
        raise NotFound(NO_DEPARTMENT)
    return await staffed(session, found[0])


async def staffed(session: AsyncSession, department: Department) -> StaffedDepartmentView:
    staff = await queries.staff_of(session, [department.code])
    shown = DepartmentView.model_validate(department)
    return StaffedDepartmentView(**shown.model_dump(), staff_names=staff.get(department.code, []))
