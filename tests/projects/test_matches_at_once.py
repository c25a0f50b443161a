"""Whoever decides on a match goes by what others decide and find at the same moment."""

from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.collecting.models import PortalPage
from services.projects.duties import observing
from services.projects.duties.models import ClaimKind
from services.projects.duties.rules import Sighting
from services.projects.matching import sightings
from shared import clock
from shared.clock import now
from tests.projects.absence_world import long_ago
from tests.projects.judged_elsewhere import nothing, while_somebody_judges
from tests.projects.test_matching_review import Case, case, sql_owner
from tests.projects.unruly_portal import listing

__all__ = ["case", "sql_owner"]


async def late_page(case: Case) -> None:
    case.publish(f"{case.name}建议书批复", clock.today(clock.now()))
    await case.desk.collect(case.portal_id)


async def wrong_tallies(case: Case) -> int:
    async with case.desk.sessions() as session, session.begin():
        return await auditing.prove_tallies(session, now())


async def test_of_two_who_reject_the_last_two_candidates_the_second_is_not_alone(
    case: Case,
) -> None:
    await late_page(case)
    title = f"{case.name}建议书批复"
    today = clock.today(clock.now())
    case.portal.pages["/list"] = listing(f"/a|{title}|{today}", f"/b|{title}（续）|{today}")
    case.portal.pages["/b"] = str(case.portal.pages["/a"]).replace(title, f"{title}（续）")
    await case.desk.collect(case.portal_id)
    await case.desk.collect(case.portal_id)
    one, other = await case.queue()
    first, second = await while_somebody_judges(
        case.desk,
        nothing,
        partial(case.decide, one, "reject", "auditor-a"),
        partial(case.decide, other, "reject", "auditor-b"),
    )
    assert (first.status_code, first.json()["state"]) == (200, "rejected")
    assert (second.status_code, second.json()["state"]) == (200, "review")
    assert (second.json()["reason"], second.json()["first_by"]) == ("makes_overdue", "auditor-b")
    assert await case.verdict() == "unknown"
    assert [match["id"] for match in await case.queue()] == [other["id"]]
    assert await wrong_tallies(case) == 0


@pytest.mark.parametrize("then", ["accept", "reject"])
async def test_a_match_is_decided_once_by_two_at_once(case: Case, then: str) -> None:
    case.publish(f"{case.name}公示", long_ago() + timedelta(days=3))
    await case.desk.collect(case.portal_id)
    [match] = await case.queue()
    first, second = await while_somebody_judges(
        case.desk,
        nothing,
        partial(case.decide, match, "accept", "auditor-a"),
        partial(case.decide, match, then, "auditor-b"),
    )
    assert (first.status_code, first.json()["state"]) == (200, "accepted")
    assert (second.status_code, second.json()["state"]) == (409, "accepted")
    assert (await case.verdict(), await case.events("found")) == ("on_time", 1)


async def test_who_accepts_goes_by_what_was_seen_of_the_duty_meanwhile(case: Case) -> None:
    """A page that was there in time makes another that is late no fault of the unit."""
    await late_page(case)
    [match] = await case.queue()

    async def see(session: AsyncSession) -> None:
        sighting = Sighting(
            duty_id=UUID(case.duty["id"]),
            url="https://example.gov.cn/1.htm",
            observed_at=now(),
            claim_kind=ClaimKind.META,
            claimed_at=now() - timedelta(days=(clock.today(now()) - long_ago()).days - 3),
        )
        await observing.record_sightings(session, [sighting], now(), actor="matcher")

    (accepted,) = await while_somebody_judges(case.desk, see, partial(case.decide, match, "accept"))
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    assert await case.verdict() == "on_time"
    assert await wrong_tallies(case) == 0


async def test_who_accepts_goes_by_the_page_as_it_was_read_meanwhile(case: Case) -> None:
    """It claims another day since, which means late."""
    case.publish(f"{case.name}公示", long_ago() + timedelta(days=3))
    await case.desk.collect(case.portal_id)
    [match] = await case.queue()
    page = match["page"]["id"]

    async def read(session: AsyncSession) -> None:
        anew = "UPDATE portal_page SET claimed_at = now(), version = version + 1 WHERE id = :id"
        await session.execute(text(anew), {"id": UUID(page)})

    (passed_on,) = await while_somebody_judges(
        case.desk, read, partial(case.decide, match, "accept")
    )
    assert (passed_on.status_code, passed_on.json()["state"]) == (200, "review")
    assert passed_on.json()["reason"] == "makes_late"


async def test_a_page_whose_other_one_is_gone_by_then_is_the_last(case: Case) -> None:
    title, day = f"{case.name}建议书批复", long_ago() + timedelta(days=3)
    case.publish(title, day)
    case.portal.pages["/list"] = listing(f"/a|{title}|{day}", f"/b|{title}（续）|{day}")
    case.portal.pages["/b"] = str(case.portal.pages["/a"]).replace(title, f"{title}（续）")
    await case.desk.collect(case.portal_id)
    pages = "portal_id = :id AND url LIKE '%/a'"
    await case.desk.do(
        "UPDATE page_match SET unreadable_since = now()"
        f" WHERE page_id = (SELECT id FROM portal_page WHERE {pages})",
        id=case.portal_id,
    )
    [match] = await case.queue()

    async def lose(session: AsyncSession) -> None:
        of_portal = select(PortalPage).where(PortalPage.portal_id == case.portal_id)
        [other] = (await session.exec(of_portal.where(col(PortalPage.url).like("%/b")))).all()
        other.gone_at = now()
        await session.flush()
        await sightings.withdraw_gone(session, [other], now(), actor="matcher")

    (first,) = await while_somebody_judges(case.desk, lose, partial(case.decide, match, "reject"))
    assert (first.status_code, first.json()["state"]) == (200, "accepted")
    assert (first.json()["reason"], await case.verdict()) == ("makes_withdrawn", "on_time")


async def test_a_rejection_is_judged_by_the_walk_that_was_noted_meanwhile(case: Case) -> None:
    await late_page(case)
    [match] = await case.queue()
    passed_on = await case.decide(match, "reject", "auditor-a")

    async def walk(session: AsyncSession) -> None:
        await observing.note_full_walk(session, [case.unit], now(), now(), actor="matcher")

    await case.desk.do("UPDATE portal SET proven_at = now() WHERE id = :id", id=case.portal_id)
    (rejected,) = await while_somebody_judges(
        case.desk, walk, partial(case.decide, passed_on.json(), "reject", "auditor-b")
    )
    assert (rejected.json()["state"], await case.verdict()) == ("rejected", "overdue")
    assert await wrong_tallies(case) == 0
