"""Versions of a guide: each from its day on, none ever changed."""

import asyncio
from datetime import timedelta

from services.appointments.guides import queries
from shared import clock
from shared.database.engine import Sessions
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_guides import put_guide


async def test_a_guide_comes_into_force_on_its_day_and_not_before(
    office: Office, sessions: Sessions
) -> None:
    item = office.items[0]
    today = clock.today(office.clock())
    later = today + timedelta(days=9)
    now = good(await put_guide(office))
    waits = good(await put_guide(office, version=2, valid_from=f"{later}", changes="材料减少一份"))
    before = good(await office.get(f"items/{item}/guide"))
    held = await office.hold(await office.slot(NINE.replace(hour=5)))
    async with sessions() as session, session.begin():
        early = await queries.bring_into_force(session, later - timedelta(days=1), [item])
        done = await queries.bring_into_force(session, later, [item])
        again = await queries.bring_into_force(session, later, [item])

    assert (now["version"], now["in_force"], waits["version"], waits["in_force"]) == (
        2,
        True,
        3,
        False,
    )
    assert (before["version"], held["guide_version"]) == (2, 2)
    assert (early, done, again) == (0, 1, 0)
    assert good(await office.get(f"items/{item}/guide"))["version"] == 3
    listed = good(await office.get(f"items/{item}/guides"))["items"]
    assert [(one["version"], one["in_force"], one["changes"]) for one in listed] == [
        (3, True, "材料减少一份"),
        (2, False, ""),
    ]
    assert listed[0]["valid_from"] == f"{later}"


async def test_what_is_published_last_replaces_what_still_waits(office: Office) -> None:
    later = clock.today(office.clock()) + timedelta(days=9)
    good(await put_guide(office, valid_from=f"{later}"))

    at_once = good(await put_guide(office, version=2))

    assert (at_once["version"], at_once["in_force"]) == (3, True)
    late = await put_guide(office, version=3, valid_from="2020-01-01")
    errors = problem(late, 422, "invalid-request")["errors"]
    assert errors[0]["pointer"] == "/body/valid_from"


async def test_versions_of_an_unknown_items_guide_are_not_found(office: Office) -> None:
    problem(await office.get("items/NO-SUCH/guides"), 404, "not-found")
    assert good(await office.get(f"items/{office.items[1]}/guides"))["items"] == []


async def test_of_two_who_publish_at_once_one_is_refused(office: Office) -> None:
    answers = await asyncio.gather(*(put_guide(office, summary=one) for one in "甲乙"))

    assert sorted(answer.status_code for answer in answers) == [200, 409]
