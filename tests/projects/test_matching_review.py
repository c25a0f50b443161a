"""The review queue: people decide what a machine must not, and nobody alone calls a page late."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from shared import clock
from tests.conftest import Headers
from tests.projects import make
from tests.projects.absence_world import long_ago
from tests.projects.collecting_world import Desk, serving
from tests.projects.unruly_portal import UnrulyPortal, listing
from tests.provoking import provokes
from tests.support import connect

ITEM = "MP-02-01"
RULE = {
    "list": {"rows": "li", "date": "span"},
    "items": [{"item_code": ITEM, "columns": [], "words": ["建议书"]}],
}


@dataclass
class Case:
    """A unit with one duty and a portal of its own to publish on."""

    desk: Desk
    as_: Headers
    portal: UnrulyPortal
    portal_id: str
    unit: str
    project: str
    name: str
    duty: dict[str, Any]

    def publish(self, title: str, claimed_on: date, *, code: bool = True) -> None:
        said = f"<p>项目统一代码：{self.project}</p>" if code else ""
        self.portal.pages["/list"] = listing(f"/a|{title}|{claimed_on}")
        self.portal.pages["/a"] = (
            f'<meta name="PubDate" content="{claimed_on} 09:00"><p>{title}</p>{said}'
        )

    async def verdict(self) -> str:
        (row,) = await self.desk.rows(
            "SELECT verdict FROM standing WHERE duty_id = CAST(:id AS uuid)", id=self.duty["id"]
        )
        return str(row["verdict"])

    async def queue(self) -> list[dict[str, Any]]:
        answer = await self.desk.client.get(
            f"/api/v1/matches?state=review&unit={self.unit}", headers=self.as_("auditor", "*")
        )
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def decide(self, match: dict[str, Any], what: str, sub: str = "auditor-a") -> Any:
        return await self.desk.client.post(
            f"/api/v1/matches/{match['id']}/{what}",
            json={"version": match["version"]},
            headers=self.as_("auditor", "*", sub=sub),
        )

    async def reject(self, match: dict[str, Any]) -> None:
        """By two persons, as the last page of a duty whose limit is over."""
        first = await self.decide(match, "reject", "auditor-a")
        second = await self.decide(first.json(), "reject", "auditor-b")
        assert (second.status_code, second.json()["state"]) == (200, "rejected")

    async def events(self, kind: str) -> int:
        (row,) = await self.desk.rows(
            "SELECT count(*) AS n FROM outbox WHERE subject = :subject",
            subject=f"projects.publication.{kind}.v1.{self.unit}",
        )
        return int(row["n"])


@pytest.fixture
async def case(desk: Desk, as_: Headers, sql_owner: asyncpg.Connection) -> AsyncIterator[Case]:
    unit = await make.unit(sql_owner)
    project = await make.project(sql_owner, unit)
    name = await sql_owner.fetchval("SELECT name FROM project WHERE code = $1", project)
    body = make.event(project, unit, long_ago())
    duty = await make.duty(desk.client, as_("officer", unit), body)
    portal, portal_id = UnrulyPortal(), f"t-{uuid4().hex[:10]}"
    async with serving(portal) as address:
        await desk.portal(portal_id, f"{address}/list", unit, RULE)
        yield Case(desk, as_, portal, portal_id, unit, project, name, duty)


@pytest.fixture
async def sql_owner(desk: Desk) -> AsyncIterator[asyncpg.Connection]:
    url = desk.engine_url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await connect(url)
    yield connection
    await connection.close()


async def test_a_sure_match_in_time_needs_nobody(case: Case) -> None:
    case.publish(f"{case.name}建议书批复", long_ago() + timedelta(days=3))
    await case.desk.collect(case.portal_id)
    assert (await case.verdict(), await case.queue()) == ("on_time", [])
    assert await case.events("found") == 1


async def test_what_is_nowhere_is_overdue_once_everything_was_read(case: Case) -> None:
    case.publish("关于召开会议的通知", long_ago(), code=False)
    assert await case.verdict() == "unknown_source_down"
    run = await case.desk.collect(case.portal_id)
    assert run.proves_absence
    assert await case.verdict() == "unknown_source_down"
    await case.desk.collect(case.portal_id)
    assert await case.verdict() == "overdue"


async def test_a_sure_match_that_means_late_waits_for_a_person(case: Case) -> None:
    case.publish(f"{case.name}建议书批复", clock.today(clock.now()))
    await case.desk.collect(case.portal_id)
    [match] = await case.queue()
    assert (match["method"], match["reason"]) == ("code", "makes_late")
    assert (await case.verdict(), await case.events("found")) == ("unknown", 0)
    first = await case.decide(match, "accept", "auditor-a")
    assert (first.status_code, first.json()["state"]) == (200, "review")
    assert first.json()["first_by"] == "auditor-a"
    assert (await case.verdict(), await case.events("found")) == ("unknown", 0)
    accepted = await case.decide(first.json(), "accept", "auditor-b")
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    assert (await case.verdict(), await case.events("found")) == ("late", 1)


@provokes("accept_match", "four-eyes")
@pytest.mark.parametrize("code", [True, False], ids=["sure", "alike"])
async def test_nobody_alone_makes_a_duty_late(case: Case, code: bool) -> None:
    title = case.name if code else "".join(case.name[:-2]) + "某" + case.name[-2:]
    case.publish(f"{title}建议书批复", clock.today(clock.now()), code=code)
    await case.desk.collect(case.portal_id)
    [match] = await case.queue()
    for _ in range(2):
        first = await case.decide(match, "accept", "auditor-a")
        [match] = await case.queue()
        assert await case.verdict() == "unknown"
    assert (first.status_code, first.json()["type"]) == (409, "/problems/four-eyes")


@provokes("accept_match", "four-eyes")
async def test_a_likeness_that_means_late_needs_two_people(case: Case) -> None:
    title = "".join(case.name[:-2]) + "某" + case.name[-2:] + "建议书批复"
    case.publish(title, clock.today(clock.now()), code=False)
    await case.desk.collect(case.portal_id)
    [match] = await case.queue()
    assert (match["method"], match["reason"]) == ("similar", "only_similar")
    assert [each["rule"] for each in match["because"]] == ["similar", "only_similar"]
    assert all(each["zh"] and each["en"] for each in match["because"])
    first = await case.decide(match, "accept", "auditor-a")
    assert (first.json()["state"], first.json()["reason"]) == ("review", "makes_late")
    alone = await case.decide(first.json(), "accept", "auditor-a")
    assert (alone.status_code, alone.json()["type"]) == (409, "/problems/four-eyes")
    assert await case.verdict() == "unknown"
    second = await case.decide(first.json(), "accept", "auditor-b")
    assert (second.status_code, await case.verdict()) == (200, "late")


@provokes("reject_match", "four-eyes")
async def test_nobody_alone_makes_a_duty_overdue(case: Case) -> None:
    case.publish(f"{case.name}公示", long_ago() + timedelta(days=3))
    await case.desk.collect(case.portal_id)
    await case.desk.collect(case.portal_id)
    [match] = await case.queue()
    first = await case.decide(match, "reject", "auditor-a")
    assert (first.status_code, first.json()["state"]) == (200, "review")
    assert (first.json()["reason"], first.json()["first_by"]) == ("makes_overdue", "auditor-a")
    assert await case.verdict() == "unknown"
    alone = await case.decide(first.json(), "reject", "auditor-a")
    assert (alone.status_code, alone.json()["type"]) == (409, "/problems/four-eyes")
    assert await case.verdict() == "unknown"
    second = await case.decide(first.json(), "reject", "auditor-b")
    assert (second.json()["state"], await case.verdict()) == ("rejected", "overdue")


async def test_who_doubts_a_rejection_accepts_instead(case: Case) -> None:
    case.publish(f"{case.name}公示", long_ago() + timedelta(days=3))
    await case.desk.collect(case.portal_id)
    [match] = await case.queue()
    first = await case.decide(match, "reject", "auditor-a")
    await case.desk.do("UPDATE portal_page SET match_wanted = true")
    await case.desk.match()
    assert await case.queue() == [first.json()]
    second = await case.decide(first.json(), "accept", "auditor-b")
    assert (second.json()["state"], await case.verdict()) == ("accepted", "on_time")


async def test_a_rejection_of_a_page_that_means_late_begins_anew(case: Case) -> None:
    case.publish(f"{case.name}建议书批复", clock.today(clock.now()))
    await case.desk.collect(case.portal_id)
    [match] = await case.queue()
    accepted = await case.decide(match, "accept", "auditor-a")
    rejected = await case.decide(accepted.json(), "reject", "auditor-b")
    assert (rejected.json()["state"], rejected.json()["reason"]) == ("review", "makes_overdue")
    again = await case.decide(rejected.json(), "accept", "auditor-a")
    assert (again.json()["state"], again.json()["reason"]) == ("review", "makes_late")
    assert await case.verdict() == "unknown"


async def test_a_page_older_than_the_decision_waits_for_two_persons(case: Case) -> None:
    case.publish(f"{case.name}建议书", long_ago() - timedelta(days=4), code=False)
    await case.desk.collect(case.portal_id)
    [match] = await case.queue()
    assert (match["reason"], await case.verdict()) == ("makes_late", "unknown")
    first = await case.decide(match, "accept", "auditor-a")
    assert (first.json()["state"], await case.verdict()) == ("review", "unknown")
    second = await case.decide(first.json(), "accept", "auditor-b")
    assert (second.json()["state"], await case.verdict()) == ("accepted", "early_violation")


async def test_a_rejected_match_frees_the_duty_and_is_not_proposed_again(case: Case) -> None:
    case.publish(f"{case.name}建议书批复", clock.today(clock.now()))
    await case.desk.collect(case.portal_id)
    [match] = await case.queue()
    await case.desk.collect(case.portal_id)
    await case.reject(match)
    assert await case.verdict() == "overdue"
    await case.desk.do("UPDATE portal_page SET match_wanted = true")
    await case.desk.match()
    assert await case.queue() == []


@provokes("accept_match", "state-conflict")
@provokes("reject_match", "state-conflict")
async def test_a_decision_is_taken_once_and_on_what_was_seen(case: Case) -> None:
    case.publish(f"{case.name}建议书批复", clock.today(clock.now()))
    await case.desk.collect(case.portal_id)
    [match] = await case.queue()
    stale = await case.decide({**match, "version": 9}, "accept")
    assert (stale.status_code, stale.json()["state"]) == (409, "review")
    for what in ("accept", "reject"):
        first, stale = await case.decide(match, what), await case.decide(match, what)
        assert stale.json()["type"] == "/problems/state-conflict"
        match = first.json()
    assert (await case.decide(match, "reject", "auditor-b")).status_code == 200
    late = await case.decide(match, "accept")
    assert (late.status_code, late.json()["state"]) == (409, "rejected")
    again = await case.decide(match, "reject")
    assert (again.status_code, again.json()["state"]) == (409, "rejected")


@provokes("accept_match", "not-found")
async def test_an_auditor_of_another_unit_sees_and_decides_nothing(case: Case) -> None:
    case.publish(f"{case.name}建议书批复", clock.today(clock.now()))
    await case.desk.collect(case.portal_id)
    [match] = await case.queue()
    other = case.as_("auditor", "D99")
    listed = await case.desk.client.get("/api/v1/matches?state=review", headers=other)
    assert match["id"] not in [item["id"] for item in listed.json()["items"]]
    answer = await case.desk.client.post(
        f"/api/v1/matches/{match['id']}/accept", json={"version": 1}, headers=other
    )
    assert answer.status_code == 404


async def test_a_page_that_goes_away_is_withdrawn(case: Case) -> None:
    case.publish(f"{case.name}建议书批复", long_ago() + timedelta(days=3))
    await case.desk.collect(case.portal_id)
    del case.portal.pages["/a"]
    await case.desk.do("UPDATE portal_page SET checked_at = checked_at - interval '2 days'")
    await case.desk.collect(case.portal_id)
    assert (await case.verdict(), await case.events("withdrawn")) == ("withdrawn", 1)


async def test_a_page_back_dated_after_it_was_seen_absent_is_still_late(case: Case) -> None:
    case.publish("关于召开会议的通知", long_ago(), code=False)
    await case.desk.collect(case.portal_id)
    await case.desk.collect(case.portal_id)
    case.publish(f"{case.name}建议书批复", long_ago() + timedelta(days=3))
    await case.desk.collect(case.portal_id)
    [match] = await case.queue()
    assert match["reason"] == "makes_late"
    first = await case.decide(match, "accept", "auditor-a")
    await case.decide(first.json(), "accept", "auditor-b")
    assert await case.verdict() == "late"


async def test_the_index_number_of_a_page_is_shown_to_who_decides(case: Case) -> None:
    case.publish(f"{case.name}建议书批复", clock.today(clock.now()))
    page = str(case.portal.pages["/a"])
    case.portal.pages["/a"] = f"{page}<p>索引号：FZ00101-2708-2018-00033</p>"
    await case.desk.collect(case.portal_id)
    [match] = await case.queue()
    assert match["page"]["index_no"] == "FZ00101-2708-2018-00033"
    tried = await case.desk.client.post(
        f"/api/v1/portals/{case.portal_id}/runs:dry-run", headers=case.as_("auditor", "*")
    )
    assert tried.json()["detail"]["index_no"] == "FZ00101-2708-2018-00033"
