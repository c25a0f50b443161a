"""The collector at work: walks a portal's list, reads its items, and writes after every step.

No transaction is open while a portal is being waited for. Each step is committed with the run's
progress, under the run's lease, so that a killed run is taken up where it stopped and two runners
never write for the same portal.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

import structlog
from sqlalchemy.exc import SQLAlchemyError

from services.projects.attachments.service import Attachments
from services.projects.collecting import list_notes, queries, rules, service
from services.projects.collecting.answers import Answers
from services.projects.collecting.holding import HeldRun, LeaseLost, reading
from services.projects.collecting.items import Items
from services.projects.collecting.list_pages import ListPages
from services.projects.collecting.models import CollectorRun, PortalPage
from services.projects.collecting.runners import LOOK_AGAIN_SECONDS, Shift
from services.projects.evidence.buckets import EvidenceStoreDown
from services.projects.evidence.files import EvidenceStore, store_of
from services.projects.fetching.fetcher import Fetched, Fetcher, Limits
from services.projects.fetching.rendering import Renderer, renderer_of
from services.projects.portals.models import Portal
from services.projects.reading.beside import beside
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.lists import ListPage
from services.projects.reading.readers import read_list
from services.projects.reading.rule import CollectorRule
from services.projects.settings import ProjectsSettings
from shared.clock import now as clock_now
from shared.database.engine import Sessions
from shared.jobs import LongJob

RUNNERS = 4
DETAILS_A_BATCH = 20

log = structlog.get_logger()


@dataclass
class Collector:
    """Walks runs; `limits` bounds what one fetch may cost. `renderer` runs the scripts of pages."""

    sessions: Sessions
    files: EvidenceStore
    limits: Limits = field(default_factory=Limits)
    look_again: float = LOOK_AGAIN_SECONDS
    renderer: Renderer | None = None
    attachments: Attachments = field(init=False)

    def __post_init__(self) -> None:
        self.attachments = Attachments(self.files)

    async def work(self, now: datetime) -> int:
        """Walk what is due, until no run waits; returns how many were walked."""
        renew = partial(self._queue_due, now - clock_now())
        return await Shift(self._claim, renew, self.look_again).work(RUNNERS)

    async def _queue_due(self, ahead: timedelta) -> int:
        async with self.sessions() as session, session.begin():
            return await service.queue_due(session, clock_now() + ahead)

    async def _claim(self) -> "Walk | None":
        runner = uuid4()
        async with self.sessions() as session, session.begin():
            claimed = await service.claim_run(session, runner, clock_now())
        if claimed is None:
            return None
        run, portal, rule, pace = claimed
        return Walk(self, HeldRun(self.sessions, runner, run), portal, rule, pace)


def collect_portals(settings: ProjectsSettings) -> LongJob:
    """The job that reads portals when they are due or when a run was ordered."""
    files, renderer = store_of(settings), renderer_of(settings)

    async def collect(sessions: Sessions, now: datetime) -> int:
        return await Collector(sessions, files, renderer=renderer).work(now)

    return LongJob("collect-portals", timedelta(seconds=2), collect)


@dataclass
class Walk:
    """One run under way; `pace` is the least pause on its host, in seconds."""

    collector: Collector
    held: HeldRun
    portal: Portal
    rule: CollectorRule
    pace: float
    fetcher: Fetcher = field(init=False)
    walked: set[str] = field(default_factory=set)
    lists: ListPages = field(init=False)
    items: Items = field(init=False)

    def __post_init__(self) -> None:
        limits = replace(self.collector.limits, interval_seconds=self.pace)
        self.fetcher = Fetcher(self.portal.start_url, self.portal.allow_private, limits)
        collector = self.collector
        answers = Answers(collector.files, self.rule, collector.renderer)
        self.lists = ListPages(self.held, answers, self.portal)
        self.items = Items(self.held, answers, collector.attachments, self.portal)

    @property
    def run(self) -> CollectorRun:
        """The run as it is held now: another object after each step."""
        return self.held.run

    async def go(self) -> None:
        """Walk to the end, to the first fault of the portal, or until the lease is lost."""
        try:
            await self._walk()
        except LeaseLost:
            log.warning("collector_lease_lost", portal=self.portal.id)
            return
        except (OSError, SQLAlchemyError) as error:
            # Our own disk or database: the portal is not to blame, and the lease runs out soon.
            log.warning("collector_stopped", portal=self.portal.id, error=type(error).__name__)
            if isinstance(error, EvidenceStoreDown):
                await self.held.note_stopped(error)
            return
        except asyncio.CancelledError:
            await self.held.release(self.fetcher.pause_seconds)
            raise
        log.info(
            "portal_walked",
            portal=self.portal.id,
            state=self.run.state,
            pages=self.run.pages,
            items=self.run.items,
            errors=self.run.error_count,
        )

    async def _walk(self) -> None:
        try:
            with reading(self.portal.id, self.portal.start_url):
                async with self.fetcher as fetcher:
                    await self._walk_list(fetcher)
                    await self._read_details(fetcher)
        except SourceFault as fault:
            async with self.held.ending(self.fetcher.pause_seconds) as session:
                await service.fail_run(session, self.run, fault, clock_now())
        else:
            async with self.held.ending(self.fetcher.pause_seconds) as session:
                await service.finish_run(session, self.run, self.rule, clock_now())

    async def _walk_list(self, fetcher: Fetcher) -> None:
        while not self.run.list_complete and not rules.ends_early(self.run):
            number = self.run.pages + 1
            url = self.run.next_url or self.portal.start_url
            if number > 1 and self.run.next_url is None:
                return
            try:
                await self._list_page(fetcher, url, number)
            except SourceFault as fault:
                declared = self.run.declared_pages
                is_past = rules.may_be_past_the_end(number, self.rule, declared)
                if not is_past or fault.fault is not Fault.GONE:
                    raise
                async with self.held.step():
                    self.run.list_complete, self.run.next_url = True, None
        while self.rule.lists_everything and rules.wants_rereading(self.run):
            await self._list_page_again(fetcher)

    async def _list_page_again(self, fetcher: Fetcher) -> None:
        """Read the next page of the list a second time; what is new there is kept like any entry.

        A next page that is not there any more is a list that has become shorter meanwhile.
        """
        number = self.run.reread + 1
        url = self.portal.start_url if number == 1 else self.run.next_url
        if url is None:
            async with self.held.step():
                list_notes.note_shift(self.run, self.portal.start_url)
            return
        answer = await self.lists.fetch(fetcher, url)
        page, decoded = await beside(
            read_list,
            answer.body,
            answer.headers,
            answer.final_url,
            self.rule,
            number=number,
        )
        is_same = rules.list_mark(page) == self.run.list_marks[number - 1]
        kept = None if is_same else await self.lists.stored(answer, decoded.charset)
        async with self.held.storing() as session:
            if kept is None:
                self.run.reread, self.run.next_url = number, page.next_url
                return
            await list_notes.note_shifted_page(session, self.run, self.portal, page, kept)

    async def _list_page(self, fetcher: Fetcher, url: str, number: int) -> None:
        answer = await self.lists.fetch(fetcher, url)
        page, decoded = await beside(
            read_list,
            answer.body,
            answer.headers,
            answer.final_url,
            self.rule,
            number=number,
        )
        fault = rules.list_fault(
            page,
            number,
            self.rule,
            declared=self.run.declared_pages,
            layout=self.portal.layout if self.run.error_count == 0 else None,
        )
        if fault is not None:
            raise fault
        kept = await self.lists.stored(answer, decoded.charset)
        async with self.held.storing() as session:
            await list_notes.note_list_page(session, self.run, self.portal, page, kept)
            is_repeat = self._turn_page(page)
        # After the step: what the page lists is kept, whatever becomes of the walk.
        if rules.ends_too_soon(self.run, self.rule):
            raise SourceFault(Fault.REDESIGNED, "the list ends before its last page")
        if rules.hides_a_page(self.run, is_repeat=is_repeat) and not self.run.is_shifted:
            raise SourceFault(Fault.REDESIGNED, "an earlier page of the list was answered again")

    def _turn_page(self, page: ListPage) -> bool:
        """Go on after a page, or end; whether it is one that was read before."""
        run = self.run
        is_repeat = rules.repeats(run, page, self.walked)
        following, run.parts_left = rules.goes_on(run, self.rule, page)
        is_end = run.pages == run.declared_pages or following is None or is_repeat
        is_short = rules.is_left(run, self.rule) or rules.hides_a_page(run, is_repeat=is_repeat)
        run.next_url = None if is_end else following
        run.list_complete = is_end and not is_short
        self.walked.add(rules.entries_mark(page))
        return is_repeat

    async def _read_details(self, fetcher: Fetcher) -> None:
        in_a_row = rechecks = 0
        while rechecks <= rules.RECHECKS_A_RUN:
            async with self.held.step() as session:
                batch = await service.pages_to_read(
                    session, self.run, self.portal, limit=DETAILS_A_BATCH
                )
            if not batch:
                return
            for page in batch:
                rechecks += page.text_sha256 is not None
                fault = await self._detail(fetcher, page)
                in_a_row = in_a_row + 1 if fault and fault.fault in rules.PORTAL_WIDE else 0
                if fault and in_a_row >= rules.FAULTS_IN_A_ROW:
                    raise fault

    async def _detail(self, fetcher: Fetcher, page: PortalPage) -> SourceFault | None:
        page_id = page.id
        try:
            with reading(self.portal.id, page.url):
                answer = await self.items.fetch(fetcher, page)
                await self._note_detail(fetcher, page, answer)
        except SourceFault as fault:
            async with self.held.storing() as session:
                # Anew: the step that failed may have taken what is known of it along.
                page = await queries.page(session, page_id)
                await service.note_unread(session, self.run, page, fault, clock_now())
            return fault
        return None

    async def _note_detail(self, fetcher: Fetcher, page: PortalPage, answer: Fetched) -> None:
        if answer.not_modified:
            async with self.held.storing() as session:
                await service.note_unchanged(session, self.run, page, answer.fetched_at)
            return
        await self.items.store_item(page, await self.items.read(fetcher, page, answer))
