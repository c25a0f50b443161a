"""The items' own pages of a walk: read with their files, and stored with them in one step."""

from dataclasses import dataclass, field
from typing import NamedTuple

from services.projects.attachments import service as attachments
from services.projects.attachments.service import Attachments, ReadFile
from services.projects.collecting import documents, rules, service
from services.projects.collecting.answers import Answers, KeptAnswer, keep_before
from services.projects.collecting.holding import HeldRun
from services.projects.collecting.models import PortalPage
from services.projects.collecting.nothing import AnswersForNothing
from services.projects.evidence import service as evidence
from services.projects.fetching.fetcher import Fetched, Fetcher
from services.projects.portals.models import Portal
from services.projects.reading.article import FileLink
from services.projects.reading.beside import beside
from services.projects.reading.details import PageReading
from services.projects.reading.faults import Fault, OtherHost, SourceFault
from services.projects.reading.files import with_files
from services.projects.reading.readers import ReadPage, names_file
from services.projects.reading.rule import CollectorRule


class ReadItem(NamedTuple):
    """An item's page as it was answered, what it says with its files, and these."""

    answer: Fetched
    kept: KeptAnswer
    read: ReadPage
    files: list[ReadFile]


@dataclass
class Items:
    """Reads items of one portal, under the lease of its run."""

    held: HeldRun
    answers: Answers
    attachments: Attachments
    portal: Portal
    nothing: AnswersForNothing = field(init=False)

    def __post_init__(self) -> None:
        self.nothing = AnswersForNothing(self.answers)

    @property
    def rule(self) -> CollectorRule:
        return self.answers.rule

    async def fetch(self, fetcher: Fetcher, page: PortalPage) -> Fetched:
        """The item's address now. Raises SourceFault."""
        # What is rendered may have changed though the page that its scripts stand in has not.
        is_rendered = self.rule.renders("pages")
        known = None if is_rendered else documents.validators(page, self.portal)
        limit = attachments.FILE_BYTES if names_file(page.url) else None
        try:
            answer = await fetcher.get(page.url, known, limit=limit)
        except OtherHost as fault:
            raise documents.led_elsewhere(page, fault, self.portal.start_url) from fault
        return await self.answers.shown(fetcher, answer, "pages")

    async def read(self, fetcher: Fetcher, page: PortalPage, answer: Fetched) -> ReadItem:
        """What stands there. Raises SourceFault where that is no document of the item."""
        decoded = await beside(documents.decode, answer, self.rule)
        # The evidence is kept before it is read, so that a fault of the page leaves its bytes.
        kept = await self.answers.stored(answer, decoded.charset or None)
        files = []
        if decoded is documents.NO_TEXT:
            link = FileLink(page.url, page.listed_title or page.title)
            files = [await self.attachments.read(link, answer)]
        file = files[0].words if files else None
        start = self.portal.start_url
        read = await beside(documents.read, page, answer, decoded, start, self.rule, file)
        if await self.nothing.include(fetcher, page, read.reading):
            raise SourceFault(Fault.GONE, "the portal answers so for what is not there")
        fault = documents.why_no_successor(page, read.reading, self.rule)
        fault = fault or await self._emptied(page, read.reading)
        if fault is not None:
            raise fault
        files += await self._linked(fetcher, page, read.reading)
        own = [each.words for each in files] if file is None else []
        whole = await beside(with_files, read.reading, own)
        return ReadItem(answer, kept, read._replace(reading=whole), files)

    async def store_item(self, page: PortalPage, item: ReadItem) -> None:
        """Raises SourceFault for what the database cannot hold, and LeaseLost."""
        async with self.held.storing() as session:
            await keep_before(session, self.portal, item.kept)
            stored = await service.note_detail(
                session,
                self.held.run,
                self.portal,
                page,
                documents.SeenPage(item.answer, item.kept.capture, item.read),
                self.rule,
            )
            at = item.answer.fetched_at
            if await attachments.note(session, self.portal, stored.id, item.files, at):
                service.want_match(stored)

    async def _linked(
        self, fetcher: Fetcher, page: PortalPage, reading: PageReading
    ) -> list[ReadFile]:
        found = []
        # Of more than are read one stands for all: that they need a person is known by it.
        for number, link in enumerate(reading.files[: attachments.MAX_FILES + 1]):
            found.append(await self.attachments.follow(fetcher, page.url, link, number))
            async with self.held.step():  # files may take longer than a lease
                pass
        return found

    async def _emptied(self, page: PortalPage, reading: PageReading) -> SourceFault | None:
        if not rules.may_be_emptied(page, reading, self.rule.items):
            return None
        async with self.held.step() as session:
            before = await evidence.newest_of_url(session, self.portal.id, page.url)
        return await documents.emptied(before, self.answers.store, self.rule)
