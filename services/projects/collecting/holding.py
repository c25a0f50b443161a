"""A run that a runner holds, and the steps that are written under its lease."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting import queries
from services.projects.collecting.hosts import queries as hosts
from services.projects.collecting.list_notes import note_stopped
from services.projects.collecting.models import CollectorRun
from services.projects.reading.faults import Fault, SourceFault
from shared.database.engine import Sessions
from shared.database.faults import is_bad_value

log = structlog.get_logger()


class LeaseLost(Exception):
    """Another runner has taken the run over; this one must not write any more."""


@contextmanager
def reading(portal_id: str, url: str) -> Iterator[None]:
    """Whatever a page of strangers brings to fall that nobody has thought of is its fault.

    Raises SourceFault(unreadable) for it: else the next runner would fall over it as well, and all
    that stands on the host would wait for ever. Not so for our own database and store.
    """
    try:
        yield
    except (SourceFault, LeaseLost, OSError, SQLAlchemyError):
        raise
    except Exception as error:
        log.exception("page_not_understood", portal=portal_id, url=url)
        raise SourceFault(Fault.UNREADABLE, f"not understood: {type(error).__name__}") from error


@dataclass
class HeldRun:
    """A run in the hands of `runner`; `run` as the present step makes it, or the last one left it.

    So it can be read whatever becomes of a step: nothing can be read of what was loaded in a
    transaction that was taken back.
    """

    sessions: Sessions
    runner: UUID
    run: CollectorRun

    @asynccontextmanager
    async def step(self) -> AsyncIterator[AsyncSession]:
        """A short transaction that holds the run. Raises LeaseLost."""
        kept = self.run
        try:
            async with self.sessions() as session, session.begin():
                held = await queries.hold_run(session, kept.id, self.runner)
                if held is None:
                    raise LeaseLost
                self.run = held
                yield session
            kept = self.run
        finally:
            self.run = kept

    @asynccontextmanager
    async def storing(self) -> AsyncIterator[AsyncSession]:
        """A step that stores what a page says. Raises LeaseLost.

        What the database cannot hold, or not beside what it holds, is the page's fault:
        SourceFault(unreadable). Pages that were loaded before are not to be read after it.
        """
        try:
            async with self.step() as session:
                yield session
        except DBAPIError as error:
            if not isinstance(error, IntegrityError) and not is_bad_value(error):
                raise
            raise SourceFault(Fault.UNREADABLE, "it cannot be stored") from error

    @asynccontextmanager
    async def ending(self, pause: float) -> AsyncIterator[AsyncSession]:
        """The last step, `pause` seconds after which others may ask its host. Raises LeaseLost."""
        async with self.step() as session:
            yield session
            await hosts.free(session, self.run.id, pause)

    async def note_stopped(self, error: OSError) -> None:
        """The run says that evidence could not be kept, if it can be said at all; whoever takes it
        up goes on where it stopped."""
        with suppress(LeaseLost, SQLAlchemyError, OSError):
            async with self.step():
                note_stopped(self.run, error)

    async def release(self, pause: float) -> None:
        """Let another runner go on where this one stopped, after `pause` seconds."""
        async with self.sessions() as session, session.begin():
            await queries.release_run(session, self.run.id, self.runner, pause)
