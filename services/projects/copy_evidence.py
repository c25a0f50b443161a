"""`python -m services.projects.copy_evidence`: have all evidence in the store of the settings.

To move it: name the new store by `PROJECTS_EVIDENCE_STORE` or `_DIR` and the one before by
`PROJECTS_EVIDENCE_FORMER`, and restart the service, which keeps in the new one and reads in both.
Run this; once nothing is missing, take `PROJECTS_EVIDENCE_FORMER` away. It can be stopped and run
again. Each is compared with its hash; what is nowhere whole is named, and it exits 1: the service
then does not start without the former store, unless `--accept-loss` says that it is gone for good.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.attachments import service as attachments
from services.projects.evidence import marking, moving
from services.projects.evidence.files import former_store_of, present_store_of
from services.projects.publishing import service as publishing
from services.projects.settings import ProjectsSettings
from shared.clock import now
from shared.database.engine import new_engine, new_sessions


async def copy(settings: ProjectsSettings, *, accept_loss: bool = False) -> moving.Copied:
    """What became of it; the store is marked as that of the evidence once it holds all."""
    engine = new_engine(settings, "projects-copy")
    present, former = present_store_of(settings), former_store_of(settings)
    try:
        async with new_sessions(engine)() as session, session.begin():
            found = await moving.copy(_names(session), present, former)
            if accept_loss or not found.missing:
                await marking.mark(session, present, now())
    finally:
        await engine.dispose()
    return found


async def _names(session: AsyncSession) -> AsyncIterator[Sequence[str]]:
    """All that lies in the store, in batches."""
    async for batch in moving.names_of_captures(session):
        yield batch
    async for batch in names_besides(session):
        yield batch


async def names_besides(session: AsyncSession) -> AsyncIterator[Sequence[str]]:
    """What lies there besides captures: texts of files, documents of the register."""
    after: UUID | None = None
    while files := await attachments.listed(
        session, portal_id=None, needs_a_person=None, after=after, limit=moving.A_BATCH
    ):
        yield [file.text_sha256 for file in files if file.text_sha256 is not None]
        after = files[-1].id
    after = None
    while releases := await publishing.with_documents(session, after, moving.A_BATCH):
        yield [name for _, name in releases]
        after = releases[-1][0]


def main() -> int:
    """0 when all evidence is in the store, else 1."""
    parser = argparse.ArgumentParser(description="迁移存证 | Move the evidence to another store")
    parser.add_argument(
        "--accept-loss", action="store_true", help="遗失的不再等 | Do without what is nowhere whole"
    )
    given = parser.parse_args()
    found = asyncio.run(copy(ProjectsSettings(), accept_loss=given.accept_loss))
    for name in found.missing:
        sys.stdout.write(f"✗ {name}: 缺失或已被改动 | gone or altered\n")
    sys.stdout.write(
        f"已在库中 {found.here} 份，迁入 {found.copied} 份，缺失 {len(found.missing)} 份 | "
        f"{found.here} were there, {found.copied} copied, {len(found.missing)} missing\n"
    )
    return 1 if found.missing else 0


if __name__ == "__main__":
    sys.exit(main())
