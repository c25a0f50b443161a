"""SQL of the answers to what is reported missing."""

from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.missing_disclosures.models import DisclosureAnswer


async def put_answer(session: AsyncSession, values: dict[str, Any]) -> None:
    """The answer, unless a later one is here already: of any order the latest stays."""
    new = insert(DisclosureAnswer).values(**values)
    later = new.on_conflict_do_update(
        index_elements=["reference"],
        set_={name: new.excluded[name] for name in values if name != "reference"},
        where=col(DisclosureAnswer.version) < new.excluded["version"],
    )
    await session.execute(later)
