"""A duty whose page was captured, chained and sealed, to be proven."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from services.projects.duties import observing
from services.projects.duties.models import ClaimKind
from services.projects.duties.rules import Sighting
from services.projects.evidence import service as evidence
from shared import clock
from tests.projects.absence_world import World
from tests.projects.collecting_world import Desk

SEEN_AT = datetime(2026, 11, 20, 2, tzinfo=UTC)
PAGE = "<h1>建议书批复</h1><p>发布时间：2026-11-20 09:00</p>".encode()
NOBODY = "00000000-0000-7000-8000-000000000000"


async def publish(desk: Desk, world: World) -> str:
    """A duty whose page was captured, between two others, on a day that is sealed since."""
    duty = await world.record(on=date(2026, 11, 2))
    url = f"{world.address}/a"
    captures = [await _capture(desk, world.unit, url, body) for body in (b"1", PAGE, b"3")]
    sighting = Sighting(
        duty_id=UUID(duty),
        url=url,
        observed_at=SEEN_AT,
        last_absent_at=SEEN_AT - timedelta(days=2),
        claim_kind=ClaimKind.LABEL,
        claimed_at=SEEN_AT - timedelta(hours=1),
        evidence_id=captures[1],
    )
    async with desk.sessions() as session, session.begin():
        await session.execute(text("DELETE FROM evidence_day WHERE day = DATE '2026-11-20'"))
        await evidence.seal_days(session, SEEN_AT + timedelta(days=2))
    await see(desk, sighting)
    return duty


async def see(desk: Desk, sighting: Sighting) -> None:
    """It is seen so."""
    async with desk.sessions() as session, session.begin():
        await observing.record_sightings(session, [sighting], clock.now(), actor="test")


async def _capture(desk: Desk, chain: str, url: str, body: bytes) -> UUID:
    answer = evidence.Answer(
        url=url,
        final_url=url,
        status=200,
        headers={"content-type": "text/html", "server": "x"},
        fetched_at=SEEN_AT,
        size=len(body),
        sha256=await desk.files.put(body),
        charset="utf-8",
        request_headers={"Accept": "text/html"},
    )
    async with desk.sessions() as session, session.begin():
        return (await evidence.record(session, chain, answer, is_public=True)).id
