"""A dry run: read one list page and its first item by a rule, or captures; store nothing."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.attachments.extraction import words_of
from services.projects.collecting import rules
from services.projects.collecting.answers import Answers
from services.projects.collecting.hosts import queries as hosts
from services.projects.collecting.hosts.turn import turn
from services.projects.evidence import service as evidence
from services.projects.evidence.files import EvidenceStore
from services.projects.evidence.models import Capture
from services.projects.fetching.fetcher import Fetched, Fetcher, Limits
from services.projects.portals.models import Portal
from services.projects.portals.schemas import CaptureTrial, DetailTrial, Trial
from services.projects.reading.beside import beside
from services.projects.reading.claims import claim_of
from services.projects.reading.details import PageReading
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.files import page_of_file
from services.projects.reading.lists import Entry, ListPage
from services.projects.reading.readers import decode_by, is_file, read_list, read_page
from services.projects.reading.rule import CollectorRule
from shared.database.engine import Sessions

LIMITS = Limits(connect_seconds=2, read_seconds=3, total_seconds=4)
LASTS_SECONDS = 20.0
PATIENCE_SECONDS = 5.0


async def try_rule(sessions: Sessions, answers: Answers, portal: Portal, now: datetime) -> Trial:
    """What the rule of `answers` reads from the portal now; a fault is part of the answer.

    In the host's turn and at its pace, as a walk would. Raises HostBusy while it is walked.
    """
    async with sessions() as session:
        pace = await hosts.pace_ms(session, portal.id) / 1000
    limits = replace(LIMITS, interval_seconds=pace)
    async with (
        Fetcher(portal.start_url, portal.allow_private, limits) as fetcher,
        turn(
            sessions,
            portal.host,
            lasts=LASTS_SECONDS,
            patience=PATIENCE_SECONDS,
            pause=lambda: fetcher.pause_seconds,
        ),
    ):
        return await _try(fetcher, answers, portal.start_url, now)


async def _try(fetcher: Fetcher, answers: Answers, start_url: str, now: datetime) -> Trial:
    """An item at a host so slow that its turn ends before it was asked for is left out."""
    rule = answers.rule
    page: ListPage | None = None
    try:
        async with asyncio.timeout(LASTS_SECONDS):
            answer = await fetcher.get(start_url, posted=rule.posted(start_url))
            answer = await answers.shown(fetcher, answer, "list")
            read = await beside(read_list, answer.body, answer.headers, answer.final_url, rule)
            page = read.page
            if not page.entries:
                return Trial(fault=Fault.REDESIGNED)
            detail = await _try_detail(fetcher, answers, page.entries[0], now)
            return Trial.of(page, detail=detail)
    except TimeoutError:
        return Trial(fault=Fault.TIMEOUT) if page is None else Trial.of(page)
    except SourceFault as fault:
        return Trial(fault=fault.fault)


async def captures_to_try(
    session: AsyncSession, portal_id: str, ids: Collection[UUID]
) -> dict[UUID, Capture]:
    """The portal's captures of these ids. Raises Invalid where one is not the portal's."""
    if not ids:
        return {}
    found = {each.id: each for each in await evidence.of_chain(session, portal_id, ids)}
    if found.keys() != {*ids}:
        raise rules.other_capture()
    return found


async def try_on_captures(
    files: EvidenceStore, lists: Sequence[Capture], pages: Sequence[Capture], rule: CollectorRule
) -> list[CaptureTrial]:
    """What the rule reads from each capture, in their order. Raises EvidenceDamaged."""
    tried = [await _on_list(files, capture, rule) for capture in lists]
    return tried + [await _on_page(files, capture, rule) for capture in pages]


async def _on_list(files: EvidenceStore, capture: Capture, rule: CollectorRule) -> CaptureTrial:
    body = await evidence.raw(files, capture)
    where = _where(capture)
    try:
        page = (await beside(read_list, body, capture.headers, capture.final_url, rule)).page
    except SourceFault as fault:
        return CaptureTrial(**where, fault=fault.fault)
    read = Trial.of(page).model_dump(include={"entries", "with_date", "sample", "next_url"})
    return CaptureTrial(**where, **read, fault=None if page.entries else Fault.REDESIGNED)


async def _on_page(files: EvidenceStore, capture: Capture, rule: CollectorRule) -> CaptureTrial:
    """As the walk would have read it at the moment of the capture."""
    answer = Fetched(
        capture.url,
        capture.final_url,
        capture.status,
        capture.headers,
        await evidence.raw(files, capture),
        capture.fetched_at,
    )
    detail = await _detail(answer, None, rule, capture.fetched_at)
    return CaptureTrial(**_where(capture), detail=detail, fault=detail.fault)


def _where(capture: Capture) -> dict[str, Any]:
    return {
        "evidence_id": capture.id,
        "url": capture.url,
        "fetched_at": capture.fetched_at,
    }


async def _try_detail(
    fetcher: Fetcher, answers: Answers, entry: Entry, now: datetime
) -> DetailTrial:
    try:
        answer = await answers.shown(fetcher, await fetcher.get(entry.url), "pages")
    except SourceFault as fault:
        return DetailTrial(url=entry.url, fault=fault.fault)
    return await _detail(answer, entry.listed_on, answers.rule, now)


async def _detail(
    answer: Fetched, listed_on: date | None, rule: CollectorRule, now: datetime
) -> DetailTrial:
    try:
        read = await _read(answer, rule, now)
    except SourceFault as fault:
        return DetailTrial(url=answer.url, fault=fault.fault)
    claim = claim_of(read, listed_on=listed_on, header_at=answer.last_modified_at, now=now)
    return DetailTrial.of(answer.url, read, claim)


async def _read(answer: Fetched, rule: CollectorRule, now: datetime) -> PageReading:
    """Of what the page alone says; the files to which it leads are not asked for."""
    if is_file(answer.body, answer.headers, answer.final_url):
        words = await words_of(answer.body)
        return page_of_file(answer.body, words, rule.label_words, now)
    decoded = decode_by(rule, answer.body, answer.headers)
    return await beside(read_page, decoded, answer.url, rule, now)
