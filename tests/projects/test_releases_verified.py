"""What a unit says is out is held against what the collector reads: agreed, missed, or another."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from shared import clock
from tests.conftest import Headers
from tests.projects.absence_world import World, long_ago, new_world
from tests.projects.collecting_world import Desk
from tests.projects.proofs import proof_of, said
from tests.projects.release_register import AUDITOR, Register, publish_today, yesterday
from tests.projects.unruly_portal import listing


class Office(NamedTuple):
    """A unit with its portal, and its release register."""

    world: World
    register: Register

    @property
    def title(self) -> str:
        return f"{self.world.name}建议书批复"

    @property
    def url(self) -> str:
        return f"{self.world.address}/a"

    async def release(self, **others: Any) -> dict[str, Any]:
        return await self.register.released(self.url, **{"title": self.title, **others})

    async def push(self, **others: Any) -> dict[str, Any]:
        return await self.register.push(self.url, **{"title": self.title, **others})

    async def published(self, duty: str) -> dict[str, Any]:
        answer = await self.world.desk.client.get(
            f"/api/v1/duties/{duty}", headers=self.world.as_("auditor")
        )
        return dict(answer.json()["published"])


@pytest.fixture
async def office(desk: Desk, as_: Headers) -> AsyncIterator[Office]:
    async with new_world(desk, as_) as world:
        await world.register()
        await world.open()
        yield Office(world, Register(desk.client, as_, world.unit, world.project))


async def test_a_release_whose_page_is_read_is_verified_and_its_time_trusted_most(
    office: Office,
) -> None:
    duty = await office.world.record(on=long_ago(3))
    release = await office.release()
    publish_today(office.world)
    await office.world.walk()
    found = await office.register.read(release)
    assert (found["state"], found["verified_by"]) == ("verified", "matcher")
    assert found["places"][0]["seen_at"] is not None
    published = await office.published(duty)
    assert (published["trust"], published["claimed_at"]) == (5, release["released_at"])
    assert await office.world.verdict(duty) == "on_time"
    proof = await proof_of(office.world.desk.client, duty, office.world.as_("auditor"))
    [fact] = json.loads(proof["facts.json"])
    assert (fact["claim_kind"], fact["received_at"]) == ("push", fact["claimed_at"])
    assert said(proof) == []


async def test_a_page_that_was_read_before_is_looked_through_again_without_a_walk(
    office: Office,
) -> None:
    publish_today(office.world)
    await office.world.walk()
    release = await office.release()
    await office.world.desk.match()
    assert (await office.register.read(release))["state"] == "verified"


async def test_a_release_that_two_walks_do_not_find_is_unverified_and_for_a_person(
    office: Office,
) -> None:
    duty = await office.world.record()
    release = await office.release()
    await office.world.walk()
    assert (await office.register.read(release))["state"] == "released"
    await office.world.walk(2)
    assert (await office.register.read(release))["state"] == "unverified"
    assert await office.world.verdict(duty) == "overdue"
    waiting = await office.register.listed(AUDITOR, mine=True, unit=office.world.unit)
    assert waiting == [release["id"]]
    publish_today(office.world)
    await office.world.walk()
    assert (await office.register.read(release))["state"] == "verified"


async def test_what_stands_where_no_collector_looks_is_for_a_person_at_once(
    office: Office,
) -> None:
    office.world.served.pages["/list"] = ""
    await office.world.desk.do(
        "INSERT INTO carrier (code, name, name_en, kind, unit_code, is_statutory, must_for,"
        " enabled, updated_at, version) VALUES (:code, '公报', 'Gazette', 'gazette', :unit, true,"
        " '[]', true, now(), 1)",
        code=f"gazette-{office.world.unit}",
        unit=office.world.unit,
    )
    places = [{"carrier_code": f"gazette-{office.world.unit}"}]
    pushed = await office.register.push(places=places)
    await office.world.desk.match()
    assert (await office.register.read(pushed))["state"] == "unverified"
    seen = {"reason": "已在公报2026年第11期核对"}
    verified = await office.register.take(
        await office.register.read(pushed), "verify", AUDITOR, seen
    )
    assert verified["state"] == "verified"


@pytest.mark.parametrize(
    "others", [{"title": "另一条公路工程建议书批复"}, {"doc_no": "宁发改审〔2026〕99号"}]
)
async def test_another_document_at_the_address_verifies_nothing(
    office: Office, others: dict[str, str]
) -> None:
    office.world.publish(
        claimed_on=clock.today(clock.now()), text="<p>文号：宁发改审〔2026〕12号</p>"
    )
    release = await office.release(**others)
    await office.world.walk()
    assert (await office.register.read(release))["state"] == "released"


async def test_the_units_word_alone_moves_no_verdict(office: Office) -> None:
    duty = await office.world.record()
    await office.world.walk(2)
    for _ in range(2):
        assert await office.world.verdict(duty) == "overdue"
        await office.push()
        await office.release()
        await office.world.desk.match()


async def test_a_page_without_a_day_takes_that_of_the_register_at_less_trust(
    office: Office,
) -> None:
    """The list names a day, which nobody but the list says."""
    duty = await office.world.record(on=long_ago(3))
    await office.push()
    day = clock.today(clock.now())
    office.world.served.pages |= {
        "/a": f"<h1>{office.title}</h1><p>项目统一代码：{office.world.project}</p>",
        "/list": listing(f"/a|{office.title}|{day}"),
    }
    await office.world.walk()
    assert (await office.published(duty))["trust"] == 2


async def test_a_push_of_what_was_online_long_before_changes_nothing_of_its_day(
    office: Office,
) -> None:
    duty = await office.world.record()
    office.world.publish()
    pushed = await office.push()
    await office.world.walk()
    published = await office.published(duty)
    assert published["trust"] == 2
    assert published["claimed_at"] < pushed["released_at"]
    assert await office.world.verdict(duty) == "on_time"


async def test_a_push_that_claims_yesterday_gives_its_page_no_day(office: Office) -> None:
    """The page bears none of its own: it was not known before our own clock."""
    duty = await office.world.record()
    await office.push(at=yesterday())
    office.world.served.pages |= {
        "/a": f"<h1>{office.title}</h1><p>项目统一代码：{office.world.project}</p>",
        "/list": listing(f"/a|{office.title}|"),
    }
    await office.world.walk()
    assert (await office.published(duty))["claimed_at"] is None
    assert await office.world.verdict(duty) == "unknown"


@pytest.mark.parametrize("is_recorded_last", [False, True])
async def test_a_page_that_only_the_register_ties_to_a_duty_waits_for_a_person(
    office: Office, *, is_recorded_last: bool
) -> None:
    """Until then the duty is as unpublished as before: the unit lifts nothing by its own word."""
    world, title = office.world, "关于同意有关建设事项的批复"
    day = long_ago() + timedelta(days=3)
    world.publish(title, claimed_on=day, code=None)
    duty = "" if is_recorded_last else await world.record()
    await world.walk(2)
    await office.push(title=title)
    await world.desk.match()
    if is_recorded_last:
        duty = await world.record()
        await world.walk(2)
    assert await world.verdict(duty) == "overdue"
    [match] = await world.queue()
    assert (match["duty"]["id"], match["reason"]) == (duty, "named_by_unit")
    assert (match["method"], match["because"][0]["rule"]) == ("register", "register")
    accepted = await world.decide(match, "accept")
    assert accepted["state"] == "accepted"
    assert (await office.published(duty))["claimed_at"].startswith(day.isoformat())
