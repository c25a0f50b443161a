"""Answers of a portal as they are read and kept: rendered where the rule says so, with what was."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.evidence import service as evidence
from services.projects.evidence.files import EvidenceStore
from services.projects.fetching.fetcher import Fetched, Fetcher
from services.projects.fetching.rendering import Renderer
from services.projects.portals.models import Portal
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.lists import MAX_ADDRESS
from services.projects.reading.readers import is_file
from services.projects.reading.rule import CollectorRule, Posted, Rendered

FETCHED = "#fetched"
"""Ends the address under which it is kept what a page was before its scripts ran."""


class KeptAnswer(NamedTuple):
    """An answer whose bytes are in the store, and what it was before its scripts ran, if they did.

    Its headers name that by its hash.
    """

    capture: evidence.Answer
    before: evidence.Answer | None


@dataclass(frozen=True)
class Answers:
    """What is read of a portal's answers by its rule."""

    store: EvidenceStore
    rule: CollectorRule
    renderer: Renderer | None

    async def shown(self, fetcher: Fetcher, answer: Fetched, part: Rendered) -> Fetched:
        """The answer, or what the scripts of a page make of it where those are to be run.

        Raises SourceFault, also where no rendering service is set up: without one nobody knows what
        such a page says.
        """
        if answer.not_modified or not self.rule.renders(part):
            return answer
        if is_file(answer.body, answer.headers, answer.final_url):
            return answer
        if self.renderer is None:
            raise SourceFault(Fault.UNREADABLE, "no rendering service is set up")
        return await self.renderer.shown(fetcher, answer)

    async def stored(
        self, answer: Fetched, charset: str | None, posted: Posted | None = None
    ) -> KeptAnswer:
        """Keep its bytes, those that were `posted` for it, and those that it was rendered from."""
        if posted is not None:
            await self.store.put(posted.body)
        capture = await evidence.keep(self.store, answer, charset)
        fetched = answer.rendered_from
        if fetched is None:
            return KeptAnswer(capture, None)
        named = replace(fetched, url=f"{answer.url[: MAX_ADDRESS - len(FETCHED)]}{FETCHED}")
        return KeptAnswer(capture, await evidence.keep(self.store, named, None))


async def keep_before(session: AsyncSession, portal: Portal, kept: KeptAnswer) -> None:
    """Capture what a page was before its scripts ran, unless it is as it was."""
    if kept.before is None:
        return
    known = await evidence.newest_of_url(session, portal.id, kept.before.url)
    if known is None or known.sha256 != kept.before.sha256:
        await evidence.record(session, portal.id, kept.before, is_public=portal.is_public)
