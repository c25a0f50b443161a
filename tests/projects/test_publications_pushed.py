"""What a unit says of its own publications: believed from when it reached us, and no earlier."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.projects.duties.models import ClaimKind, FactKind, PublicationFact
from services.projects.duties.trust import claim_trust, is_contradicted
from services.projects.publishing import rules
from services.projects.publishing.schemas import PushedPublication
from shared import clock
from tests.conftest import Headers
from tests.projects import make
from tests.projects.release_register import AUDITOR, AUTHOR, Register, new_project, yesterday
from tests.provoking import provokes
from tests.support import Connect

URL = "https://www.example.gov.cn/zdxm/t1.html"
NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)
"""12:00 in Shanghai."""


@pytest.fixture
async def register(projects: httpx.AsyncClient, as_: Headers, sql: Connect) -> Register:
    return Register(projects, as_, await make.unit(await sql("projects")), new_project())


async def test_a_push_of_today_is_released_to_be_verified_and_heard_of(
    register: Register, sql: Connect
) -> None:
    pushed = await register.push(URL)
    assert (pushed["origin"], pushed["state"]) == ("push", "released")
    assert pushed["register_no"] is None
    body = await (await sql("projects")).fetchval(
        "SELECT body::text FROM outbox WHERE subject LIKE $1",
        f"projects.publication.released.v1.{register.unit}",
    )
    assert body is not None


async def test_a_push_that_claims_yesterday_is_not_believed_and_waits_for_a_person(
    register: Register,
) -> None:
    pushed = await register.push(URL, at=yesterday())
    assert pushed["state"] == "contradicted"
    assert pushed["released_at"] > pushed["claimed_at"]
    assert await register.listed(AUDITOR, mine=True, unit=register.unit) == [pushed["id"]]
    why = {"reason": "核对了原网页，确已上网；时间不予采信"}
    verified = await register.take(pushed, "verify", AUDITOR, why)
    assert (verified["state"], verified["verification"]) == ("verified", why["reason"])
    assert [bool(place["seen_at"]) for place in verified["places"]] == [True]


async def test_only_the_places_that_a_person_has_looked_at_were_seen(register: Register) -> None:
    pushed = await register.push(URL, f"{URL}?2", f"{URL}?3", at=yesterday())

    async def verified(release: dict[str, Any], *urls: str) -> httpx.Response:
        places = {"places": [{"url": url} for url in urls]} if urls else {}
        return await register.send(release, "verify", AUDITOR, {"reason": "逐处看过"} | places)

    for urls in ((), ("https://www.example.gov.cn/other.html",), (URL, f"{URL}?9")):
        refused = await verified(pushed, *urls)
        assert refused.json()["errors"][0]["pointer"] == "/body/places", urls
    first = (await verified(pushed, URL, URL)).json()
    assert first["state"] == "verified"
    seen = {place["url"]: place["seen_at"] is not None for place in first["places"]}
    assert seen == {URL: True, f"{URL}?2": False, f"{URL}?3": False}
    second = (await verified(first, f"{URL}?2")).json()
    assert sum(place["seen_at"] is not None for place in second["places"]) == 2
    assert second["verified_at"] == first["verified_at"], "it was verified then"


@provokes("verify_release", "four-eyes")
async def test_nobody_verifies_what_their_own_unit_published(register: Register) -> None:
    pushed = await register.push(URL, at=yesterday())
    why = {"reason": "确已上网"}
    own = register.as_("auditor officer", register.unit, sub="both")
    answer = await register.client.post(
        f"/api/v1/release-register/{pushed['id']}/verify", json=why, headers=own
    )
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/four-eyes")


async def test_what_a_person_does_not_find_is_dismissed(register: Register) -> None:
    pushed = await register.push(URL, at=yesterday())
    dismissed = await register.take(pushed, "reject", AUDITOR, {"reason": "该网址没有这份文件"})
    assert dismissed["state"] == "dismissed"


async def test_the_same_push_again_is_the_same_entry_also_at_once(register: Register) -> None:
    at = clock.now()
    first, *others = await asyncio.gather(*(register.push(URL, at=at) for _ in range(4)))
    again = await register.push(URL, at=at)
    assert {one["id"] for one in (first, *others, again)} == {first["id"]}
    assert again["released_at"] == first["released_at"]
    another = await register.push(URL, at=at, title="第三水厂工程建议书批复之二")
    assert another["id"] != first["id"]


async def test_an_officer_enters_by_hand_for_their_own_unit(register: Register) -> None:
    entered = await register.push(URL, headers=register.by(AUTHOR))
    assert (entered["origin"], entered["created_by"]) == ("hand", AUTHOR)


@provokes("push_publication", "not-found")
@provokes("push_publication", "unknown-reference")
async def test_nobody_pushes_for_another_unit_nor_of_what_is_not_there_nor_ahead(
    register: Register, sql: Connect
) -> None:
    stranger = register.as_("system", await make.unit(await sql("projects")))
    await register.push(URL, headers=stranger, status=404)
    await register.push(URL, item_code="ZZ-99", status=422)
    await register.push(URL, at=clock.now() + timedelta(hours=1), status=422)
    await register.push(status=422)


@pytest.mark.parametrize(
    ("claimed", "received", "is_timely"),
    [
        (NOON, NOON, True),
        (NOON, NOON + timedelta(hours=11), True),
        (NOON, NOON + timedelta(hours=12), False),
        (NOON - timedelta(days=1), NOON, False),
        (NOON + timedelta(hours=11, minutes=50), NOON + timedelta(hours=12, minutes=10), True),
        (NOON + timedelta(minutes=4), NOON, True),
    ],
)
def test_a_time_is_believed_on_the_day_on_which_we_were_told(
    claimed: datetime, received: datetime, is_timely: bool
) -> None:
    """A report that was underway over midnight is of the day on which it came."""
    assert rules.is_timely(claimed, received) is is_timely


def test_a_push_of_an_earlier_release_is_still_the_same() -> None:
    """What it is about besides a project was not said then."""
    sent = (
        '{"unit_code":"D01","item_code":"MP-02-01","project_code":null,"duty_id":null,'
        '"doc_no":null,"title":"第三水厂工程建议书批复","places":[{"carrier_code":null,'
        f'"url":"{URL}"}}],"published_at":"2026-03-04T04:00:00Z"}}'
    )
    pushed = PushedPublication.model_validate_json(sent)
    assert rules.push_digest(pushed) == hashlib.sha256(sent.encode()).hexdigest()
    other = pushed.model_copy(update={"subject": "2026年第一季度"})
    assert rules.push_digest(other) != rules.push_digest(pushed)


def pushed_fact(**others: object) -> PublicationFact:
    fact = {
        "duty_id": uuid4(),
        "kind": FactKind.SIGHTING,
        "observed_at": NOON + timedelta(days=2),
        "url": URL,
        "claim_kind": ClaimKind.PUSH,
        "claimed_at": NOON,
        "received_at": NOON,
        "recorded_at": NOON,
        "sha256": "",
    }
    return PublicationFact.model_validate(fact | others)


@pytest.mark.parametrize(
    ("others", "trust", "contradicted"),
    [
        ({"claims_agree": True}, 5, False),
        ({}, 2, False),
        ({"claims_agree": True, "claimed_at": NOON - timedelta(hours=1)}, 0, True),
        ({"claims_agree": True, "received_at": None}, 0, True),
        ({"claims_agree": True, "last_absent_at": NOON + timedelta(days=1)}, 0, True),
        ({"claims_agree": True, "cms_at": NOON + timedelta(days=2)}, 0, True),
        ({"claims_agree": True, "observed_at": NOON - timedelta(days=1)}, 0, True),
        ({"claimed_at": None}, 0, False),
    ],
)
def test_a_push_is_trusted_most_where_the_page_agrees_and_never_before_we_were_told(
    others: dict[str, object], trust: int, contradicted: bool
) -> None:
    fact = pushed_fact(**others)
    assert (claim_trust(fact), is_contradicted(fact)) == (trust, contradicted)
