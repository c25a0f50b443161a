"""Use cases of evidence: record a capture, give its bytes, seal a day, name the root."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.evidence import queries, rules, warc
from services.projects.evidence.buckets import EvidenceStoreDown
from services.projects.evidence.files import EvidenceStore
from services.projects.evidence.models import Capture, EvidenceDay, Redirect
from services.projects.fetching.fetcher import Fetched
from shared.clock import today
from shared.errors import Conflict, NotFound, Text, Unavailable
from shared.security.identity import Caller

SEAL_AFTER = timedelta(hours=1)
"""A run that crosses midnight still commits captures of the day before."""


class EvidenceDamaged(Conflict):
    """The stored bytes are gone or are not those that were captured."""

    type = "/problems/evidence-damaged"
    title = Text("证据文件缺失或已被改动", "The evidence file is missing or was altered")
    advice = Text(
        "请勿据此认定；请管理员核查存储并重新采集",
        "Do not judge by it; let an administrator check the store and fetch again",
    )


class NoWords(Conflict):
    """One of the captures is no page that can be read."""

    type = "/problems/no-words-to-compare"
    title = Text("其中一份没有可以比较的文字", "One of the two has no words to compare")
    advice = Text(
        "请下载两份的原始内容，用能打开它们的软件比较",
        "Please download both, and compare them with a program that opens them",
    )


@dataclass(frozen=True)
class Answer:
    """What a portal answered, as far as it is kept; the bytes are stored under `sha256`."""

    url: str
    final_url: str
    status: int
    headers: dict[str, str]
    fetched_at: datetime
    size: int
    sha256: str
    charset: str | None
    request_headers: dict[str, str] | None = None
    redirects: list[Redirect] | None = None


async def keep(files: EvidenceStore, answer: Fetched, charset: str | None) -> Answer:
    """What was answered as evidence has it, its bytes and those of each redirect in the store."""
    redirects = [await _redirect(files, led) for led in answer.redirects]
    return Answer(
        url=answer.url,
        final_url=answer.final_url[:2000],
        status=answer.status,
        headers=answer.headers,
        fetched_at=answer.fetched_at,
        size=len(answer.body),
        sha256=await files.put(answer.body),
        charset=charset,
        request_headers=answer.request_headers,
        redirects=redirects or None,
    )


async def _redirect(files: EvidenceStore, led: Fetched) -> Redirect:
    return Redirect(
        url=led.url[:2000],
        status=led.status,
        headers=led.headers,
        request_headers=led.request_headers or {},
        fetched_at=led.fetched_at.astimezone(UTC).isoformat(),
        size=len(led.body),
        sha256=await files.put(led.body),
    )


async def record(session: AsyncSession, chain: str, answer: Answer, *, is_public: bool) -> Capture:
    """Append a capture to the portal's chain. The caller holds the portal's run locked."""
    last_seq, last_hash = await queries.last_of_chain(session, chain)
    capture = Capture(
        chain=chain,
        seq=last_seq + 1,
        previous_hash=last_hash,
        captured_on=today(answer.fetched_at),
        is_public=is_public,
        hash="",
        **vars(answer),
    )
    capture.hash = rules.capture_hash(capture)
    session.add(capture)
    await session.flush()
    return capture


async def newest_of_url(session: AsyncSession, chain: str, url: str) -> Capture | None:
    """The newest capture of an address of a portal."""
    return await queries.newest_of_url(session, chain, url)


async def of_chain(session: AsyncSession, chain: str, ids: Collection[UUID]) -> Sequence[Capture]:
    """Those of these captures that are of one portal."""
    return await queries.of_chain(session, chain, ids)


async def of_day(session: AsyncSession, chain: str, day: date) -> Sequence[Capture]:
    """A portal's captures of a day, in their order."""
    return await queries.of_day(session, chain, day)


async def answered_before(session: AsyncSession, capture: Capture) -> Capture | None:
    """Of a capture that says "not modified" the one in which its bytes were received, else None."""
    if capture.status != warc.NOT_MODIFIED:
        return None
    return await queries.received(session, capture)


async def archived(
    session: AsyncSession, files: EvidenceStore, capture: Capture
) -> list[warc.Captured]:
    """What an archive of it alone holds: one that was not modified goes with the capture in which
    its bytes were received. Raises EvidenceDamaged, Unavailable."""
    own = await captured(session, files, capture)
    if own.earlier is None:
        return [own]
    return [(await captured(session, files, own.earlier)), own]


async def captured(session: AsyncSession, files: EvidenceStore, capture: Capture) -> warc.Captured:
    """The capture with all that a web archive says of it. Raises EvidenceDamaged, Unavailable."""
    earlier = await answered_before(session, capture)
    body, redirects = await raw(files, capture), await raw_redirects(files, capture)
    return warc.Captured(capture, body, earlier, redirects, await posted(files, capture))


async def visible(session: AsyncSession, capture_id: UUID, caller: Caller | None) -> Capture:
    """The capture, if the caller may see it: captures of public pages are for everybody."""
    capture = await queries.by_id(session, capture_id)
    may_see = capture and (capture.is_public or (caller and caller.has("auditor", "admin")))
    if capture is None or not may_see:
        raise NotFound
    return capture


async def raw(files: EvidenceStore, capture: Capture) -> bytes:
    """The captured bytes. Raises EvidenceDamaged, Unavailable."""
    return await bytes_of(files, capture.sha256)


async def raw_redirects(files: EvidenceStore, capture: Capture) -> list[bytes]:
    """The bytes of what led to it, in its order. Raises EvidenceDamaged, Unavailable."""
    return [await bytes_of(files, led["sha256"]) for led in capture.redirects or ()]


async def posted(files: EvidenceStore, capture: Capture) -> bytes | None:
    """What was sent when it was captured, if anything was. Raises as `raw` does."""
    sha256 = capture.posted_sha256
    return None if sha256 is None else await bytes_of(files, sha256)


async def bytes_of(files: EvidenceStore, sha256: str) -> bytes:
    """What is stored under this hash. Raises EvidenceDamaged rather than give other bytes, and
    Unavailable while the store cannot be had: then nothing is said of them."""
    try:
        body = await files.get(sha256)
    except EvidenceStoreDown as error:
        raise Unavailable from error
    if body is None or rules.content_hash(body) != sha256:
        raise EvidenceDamaged
    return body


async def seal_days(session: AsyncSession, now: datetime) -> int:
    """Keep the Merkle root of every day that is over; returns how many were sealed."""
    days = await queries.unsealed_days(session, today(now - SEAL_AFTER))
    for day in days:
        hashes = await queries.hashes_of_day(session, day)
        root = rules.merkle_root(hashes)
        await queries.seal(
            session, EvidenceDay(day=day, root=root, captures=len(hashes), sealed_at=now)
        )
    return len(days)


async def root_as_of(session: AsyncSession, now: datetime) -> str:
    """One root over everything captured until now: the sealed days, then what is not yet sealed."""
    day = today(now)
    sealed = await queries.sealed_days(session, day)
    open_days = await queries.unsealed_days(session, day + timedelta(days=1))
    roots = [kept.root for kept in sealed]
    for unsealed in open_days:
        roots.append(rules.merkle_root(await queries.hashes_of_day(session, unsealed)))
    return rules.merkle_root(roots)
