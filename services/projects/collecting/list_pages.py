"""The pages of a portal's list, as they are asked for in a walk."""

from dataclasses import dataclass, replace

from services.projects.collecting.answers import Answers, KeptAnswer
from services.projects.collecting.holding import HeldRun
from services.projects.evidence import service as evidence
from services.projects.fetching.fetcher import Fetched, Fetcher, Validators
from services.projects.portals.models import Portal


@dataclass(frozen=True)
class ListPages:
    """Asks for them under the lease of the portal's run."""

    held: HeldRun
    answers: Answers
    portal: Portal

    async def fetch(self, fetcher: Fetcher, url: str) -> Fetched:
        """The list page now; when the portal says that it has not changed, as captured before.

        What is sent for, or rendered, may have changed although what was fetched has not.
        """
        rule, posted = self.answers.rule, self.answers.rule.posted(url)
        if posted is not None or rule.renders("list"):
            answer = await fetcher.get(url, posted=posted)
            return await self.answers.shown(fetcher, answer, "list")
        async with self.held.step() as session:
            known = await evidence.newest_of_url(session, self.portal.id, url)
        if known is None:
            return await fetcher.get(url)
        headers = known.headers
        answer = await fetcher.get(
            url, Validators(headers.get("etag"), headers.get("last-modified"))
        )
        if not answer.not_modified:
            return answer
        body = await self.answers.store.get(known.sha256)
        if body is None:
            return await fetcher.get(url)
        return replace(answer, body=body, headers={**headers, **answer.headers})

    async def stored(self, answer: Fetched, charset: str) -> KeptAnswer:
        """Its bytes, and those that were sent for it, in the store."""
        return await self.answers.stored(answer, charset, self.answers.rule.posted(answer.url))
