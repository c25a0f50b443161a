"""Which departments there are, and whose names an answer may show."""

from collections.abc import Iterable

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.departments import queries
from services.feedback.departments.models import Department


async def of_codes(session: AsyncSession, codes: Iterable[str]) -> dict[str, Department]:
    """The departments of these codes, as far as they exist."""
    return {found.code: found for found in await queries.of_codes(session, codes)}


async def names_shown(session: AsyncSession, department: str | None) -> frozenset[str]:
    """Names of staff that may stand in an answer."""
    return frozenset(await queries.staff_names(session, department))
