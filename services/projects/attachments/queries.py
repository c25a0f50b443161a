"""SQL of the attachments room."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.attachments.models import Attachment

_KEY = ("page_id", "url")
_KEPT = {"id", *_KEY}


async def of_page(session: AsyncSession, page_id: UUID) -> Sequence[Attachment]:
    return (await session.exec(select(Attachment).where(col(Attachment.page_id) == page_id))).all()


async def put_all(session: AsyncSession, page_id: UUID, files: Sequence[Attachment]) -> None:
    """The page has these files now, and no others; one that it had before keeps its id."""
    urls = [file.url for file in files]
    gone = delete(Attachment).where(
        col(Attachment.page_id) == page_id, col(Attachment.url).not_in(urls)
    )
    await session.execute(gone.execution_options(synchronize_session=False))
    if not files:
        return
    fresh = insert(Attachment).values([file.model_dump() for file in files])
    again = {name: fresh.excluded[name] for name in files[0].model_dump() if name not in _KEPT}
    await session.execute(fresh.on_conflict_do_update(index_elements=[*_KEY], set_=again))


# A page of a collector's; which one, only its address tells who has a capture of it.
_OF_ADDRESS = text("""
  SELECT a.* FROM attachment a JOIN portal_page p ON p.id = a.page_id
  WHERE p.portal_id = :portal_id AND p.url = :url AND a.text_sha256 IS NOT NULL
  ORDER BY a.id""")


async def of_address(session: AsyncSession, portal_id: str, url: str) -> Sequence[Attachment]:
    """The files of the page at that address of which something was read."""
    found = select(Attachment).from_statement(_OF_ADDRESS)
    return (await session.execute(found, {"portal_id": portal_id, "url": url})).scalars().all()


async def by_id(session: AsyncSession, attachment_id: UUID) -> Attachment | None:
    found = select(Attachment).where(col(Attachment.id) == attachment_id)
    return (await session.exec(found)).first()


async def listed(
    session: AsyncSession,
    *,
    portal_id: str | None,
    needs_a_person: bool | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Attachment]:
    """In the order of their ids."""
    found = select(Attachment).order_by(col(Attachment.id)).limit(limit)
    if portal_id is not None:
        found = found.where(col(Attachment.portal_id) == portal_id)
    if needs_a_person is not None:
        fault = col(Attachment.fault)
        found = found.where(fault.is_not(None) if needs_a_person else fault.is_(None))
    if after is not None:
        found = found.where(col(Attachment.id) > after)
    return (await session.exec(found)).all()
