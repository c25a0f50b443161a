"""The departments as everybody may see them."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.departments import queries
from services.feedback.departments.schemas import DepartmentView


async def every(session: AsyncSession) -> list[DepartmentView]:
    """All departments by code, inactive ones included."""
    return [DepartmentView.model_validate(found) for found in await queries.every(session)]
