"""Files that a page leads to, or that stand in its place: fetched, read, and kept as evidence."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.attachments import queries
from services.projects.attachments.extraction import words_of
from services.projects.attachments.models import Attachment
from services.projects.evidence import service as evidence
from services.projects.evidence.files import EvidenceStore
from services.projects.fetching.fetcher import Fetched, Fetcher
from services.projects.portals.models import Portal
from services.projects.reading.article import FileLink
from services.projects.reading.beside import beside
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.files import AttachmentKind, FileFault, FileWords, labels_of
from services.projects.reading.hosts import host_of
from shared.errors import NotFound

MAX_FILES = 10
FILE_BYTES = 20_000_000


class ReadFile(NamedTuple):
    """A file with what it says; without bytes it could not be had."""

    link: FileLink
    words: FileWords
    seen: evidence.Answer | None = None
    text_sha256: str | None = None


@dataclass
class Attachments:
    """Reads the files of a walk."""

    files: EvidenceStore

    async def follow(self, fetcher: Fetcher, url: str, link: FileLink, number: int) -> ReadFile:
        """The file to which the page at `url` leads as its `number`-th, from 0.

        Those of other hosts are not fetched: only this portal was agreed on; nor are more of a page
        than MAX_FILES. Raises SourceFault where the portal is away.
        """
        if number >= MAX_FILES:
            return _unread(link, FileFault.TOO_MANY)
        if host_of(link.url) != host_of(url):
            return _unread(link, FileFault.OTHER_HOST)
        return await self._fetched(fetcher, link)

    async def read(self, link: FileLink, answer: Fetched) -> ReadFile:
        """What was answered, with its bytes and its text in the store."""
        seen = await evidence.keep(self.files, answer, None)
        words = await beside(_bounded, await words_of(answer.body))
        text = await self.files.put(words.text.encode()) if words.text else None
        return ReadFile(link, words, seen, text)

    async def _fetched(self, fetcher: Fetcher, link: FileLink) -> ReadFile:
        try:
            answer = await fetcher.get(link.url, limit=FILE_BYTES)
        except SourceFault as fault:
            if fault.fault in (Fault.TIMEOUT, Fault.UNREACHABLE):
                raise
            is_large = fault.fault is Fault.TOO_LARGE
            return _unread(link, FileFault.TOO_LARGE if is_large else FileFault.UNREACHABLE)
        return await self.read(link, answer)


def _bounded(words: FileWords) -> FileWords:
    try:
        labels_of(words)
    except SourceFault:
        return replace(words, tables=(), fault=FileFault.TOO_LARGE)
    return words


def _unread(link: FileLink, fault: FileFault) -> ReadFile:
    return ReadFile(link, FileWords(AttachmentKind.OTHER, fault=fault))


async def note(
    session: AsyncSession, portal: Portal, page_id: UUID, read: Sequence[ReadFile], at: datetime
) -> bool:
    """Keep the page's files as they are now; whether they say something else than before."""
    before = _say(await queries.of_page(session, page_id))
    if not read and not before:
        return False
    files = [await _kept(session, portal, page_id, each, at) for each in read]
    await queries.put_all(session, page_id, files)
    return before != _say(files)


def _say(files: Sequence[Attachment]) -> set[tuple[str, str | None, FileFault | None]]:
    return {(file.url, file.text_sha256, file.fault) for file in files}


async def _kept(
    session: AsyncSession, portal: Portal, page_id: UUID, read: ReadFile, at: datetime
) -> Attachment:
    labels, _ = labels_of(read.words)
    fault = read.words.fault
    return Attachment(
        portal_id=portal.id,
        page_id=page_id,
        url=read.link.url,
        name=read.link.name[:300],
        kind=read.words.kind,
        fault=fault and fault.as_before,
        not_asked=fault if fault and fault is not fault.as_before else None,
        evidence_id=await _captured(session, portal, read),
        text_sha256=read.text_sha256,
        letters=len(read.words.text),
        labels={word: values[0].offset for word, values in labels.items()},
        read_at=at,
    )


async def _captured(session: AsyncSession, portal: Portal, read: ReadFile) -> UUID | None:
    if read.seen is None:
        return None
    before = await evidence.newest_of_url(session, portal.id, read.seen.url)
    if before is None or before.sha256 != read.seen.sha256:
        before = await evidence.record(session, portal.id, read.seen, is_public=portal.is_public)
    return before.id


async def listed(
    session: AsyncSession,
    *,
    portal_id: str | None,
    needs_a_person: bool | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Attachment]:
    """Files of pages, in the order of their ids: one that is read again keeps its place."""
    return await queries.listed(
        session, portal_id=portal_id, needs_a_person=needs_a_person, after=after, limit=limit
    )


async def with_text(
    session: AsyncSession, store: EvidenceStore, attachment_id: UUID
) -> tuple[Attachment, str | None]:
    """A file and the text that was read of it. Raises NotFound, EvidenceDamaged, Unavailable."""
    file = await queries.by_id(session, attachment_id)
    if file is None:
        raise NotFound
    return file, await text_of(store, file)


async def of_page_at(session: AsyncSession, portal_id: str, url: str) -> Sequence[Attachment]:
    """The files of the page at an address of a portal of which something was read."""
    return await queries.of_address(session, portal_id, url)


async def text_of(store: EvidenceStore, file: Attachment) -> str | None:
    """The text that was read of a file, if any was. Raises EvidenceDamaged, Unavailable."""
    if file.text_sha256 is None:
        return None
    return (await evidence.bytes_of(store, file.text_sha256)).decode()
