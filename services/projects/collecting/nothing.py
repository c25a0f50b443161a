"""What a portal answers for what is not there."""

from dataclasses import dataclass, field

from services.projects.collecting import rules
from services.projects.collecting.answers import Answers
from services.projects.collecting.models import PortalPage
from services.projects.fetching.fetcher import Fetcher
from services.projects.reading.beside import beside
from services.projects.reading.details import PageReading
from services.projects.reading.faults import SourceFault
from services.projects.reading.readers import decode_by, read_page


@dataclass
class AnswersForNothing:
    """What a portal answers for an address at which there is nothing: it is asked for one in each
    folder that never was. Such an answer behind a 200 is no document.
    """

    answers: Answers
    _known: dict[str, str | None] = field(default_factory=dict)

    async def include(self, fetcher: Fetcher, page: PortalPage, reading: PageReading) -> bool:
        """Whether that is what the page, new or no longer what it was, holds now."""
        is_known = page.content_sha256 is not None
        if is_known and rules.same_document(page, reading, self.answers.rule.items):
            return False
        where = rules.missing_address(page.url, page.id)
        folder = where.rpartition("/")[0]
        if folder not in self._known:
            self._known[folder] = await self._ask(fetcher, where)
        return self._known[folder] == reading.text_sha256

    async def _ask(self, fetcher: Fetcher, where: str) -> str | None:
        rule = self.answers.rule
        try:
            answer = await self.answers.shown(fetcher, await fetcher.get(where), "pages")
            decoded = decode_by(rule, answer.body, answer.headers)
            read = await beside(read_page, decoded, answer.url, rule, answer.fetched_at)
            return read.text_sha256
        except SourceFault:
            return None
