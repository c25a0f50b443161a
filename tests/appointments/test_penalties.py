"""The way back after a no-show: seen, appealed, lifted, put right; and a grace after booking."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.appointments.booking import settling
from shared.database.engine import Sessions
from tests.appointments.offices import NINE, Office, person
from tests.appointments.queue_helpers import good, problem
from tests.provoking import provokes

Miss = Callable[..., Awaitable[list[dict[str, Any]]]]
TEXT = "当天地铁停运，没有赶上"
REASON = "经核实，地铁确实停运"


@pytest.fixture
def miss(office: Office, sessions: Sessions) -> Miss:
    """`await miss(me)`: three days on which they did not come; it is the third of them still."""

    async def missed(me: dict[str, str], days: int = 3, **options: Any) -> list[dict[str, Any]]:
        pool = "assisted" if options else "online"
        held = []
        for day in range(1, days + 1):
            slot = await office.slot(NINE + timedelta(days=day), pool=pool)
            held.append(await office.hold(slot, headers=me, **options))
            good(await office.do(held[-1], "confirm", me))
        office.clock.at = NINE + timedelta(days=days, hours=1)
        await _sweep(sessions, office)
        return held

    return missed


async def _sweep(sessions: Sessions, office: Office) -> None:
    async with sessions() as session, session.begin():
        await settling.miss_absent(session, office.clock.at)


async def _act(
    office: Office, penalty: dict[str, Any], action: str, headers: dict[str, str], **body: Any
) -> httpx.Response:
    url = f"/api/v1/penalties/{penalty['id']}/{action}"
    return await office.client.post(url, json=body, headers=headers)


async def _only(office: Office, headers: dict[str, str]) -> dict[str, Any]:
    found = good(await office.get(f"penalties?hall={office.code}", headers=headers))["items"]
    [penalty] = found
    assert isinstance(penalty, dict)
    return penalty


async def _book_again(office: Office, me: dict[str, str]) -> httpx.Response:
    return await office.ask(await office.slot(office.clock.at + timedelta(days=2)), headers=me)


async def test_who_is_barred_learns_until_when_and_by_which_penalty(
    office: Office, miss: Miss
) -> None:
    me = office.citizen()
    held = await miss(me)

    refused = problem(await _book_again(office, me), 403, "booking-barred")

    mine = await _only(office, me)
    assert (refused["penalty_id"], refused["blocked_until"]) == (mine["id"], mine["blocked_until"])
    assert (mine["state"], mine["no_shows"]) == ("in_force", 3)
    assert mine["appointment_id"] in [one["id"] for one in held]
    assert mine["hall_code"] == office.code


async def test_a_manager_lifts_a_penalty_after_an_appeal_and_the_person_books_again(
    office: Office, miss: Miss
) -> None:
    me = office.citizen()
    await miss(me)
    penalty = await _only(office, me)

    appealed = good(await _act(office, penalty, "appeal", me, text=TEXT))
    seen = await _only(office, office.manager())
    lifted = good(await _act(office, penalty, "lift", office.manager(), reason=REASON))

    assert (appealed["state"], appealed["appeal"]) == ("appealed", TEXT)
    assert (seen["appeal"], seen["version"]) == (TEXT, 2)
    assert (lifted["state"], lifted["lift_reason"]) == ("lifted", REASON)
    assert (await _only(office, me))["lift_reason"] == REASON
    good(await _book_again(office, me), 201)


async def test_what_was_said_is_sealed_and_the_act_is_in_the_audit_log(
    office: Office, miss: Miss
) -> None:
    me = office.citizen()
    await miss(me)
    penalty = await _only(office, me)
    good(await _act(office, penalty, "appeal", me, text=TEXT))
    good(await _act(office, penalty, "lift", office.manager(), reason=REASON))

    row = await office.owner.fetchrow("SELECT * FROM penalty WHERE id = $1", UUID(penalty["id"]))
    acts = await office.owner.fetch(
        "SELECT action, details::text FROM audit_log WHERE object = $1 ORDER BY id",
        f"penalty:{penalty['id']}",
    )

    assert row is not None
    assert TEXT not in str(dict(row))
    assert REASON not in str(dict(row))
    assert [act["action"] for act in acts] == ["penalty.appealed", "penalty.lifted"]
    assert all(TEXT not in act["details"] and REASON not in act["details"] for act in acts)


async def test_staff_see_and_appeal_for_somebody_without_an_account(
    office: Office, miss: Miss
) -> None:
    await miss(office.clerk(), citizen=person(name="李小明"))
    penalty = await _only(office, office.clerk())

    assert penalty["citizen"]["name"] == "李**"
    good(await _act(office, penalty, "appeal", office.clerk(), text=TEXT))


async def test_nobody_sees_or_changes_the_penalties_of_others(office: Office, miss: Miss) -> None:
    await miss(me := office.citizen())
    penalty = await _only(office, me)
    stranger, elsewhere = office.citizen(), office.sign("hall_manager", "OTHER")

    assert good(await office.get("penalties", headers=stranger))["items"] == []
    answer = await office.get(f"penalties?hall={office.code}", headers=elsewhere)
    problem(answer, 404, "not-found")
    problem(await office.get("penalties", headers=office.manager()), 422, "invalid-request")
    problem(await _act(office, penalty, "appeal", stranger, text=TEXT), 404, "not-found")
    problem(await _act(office, penalty, "lift", elsewhere, reason=REASON), 404, "not-found")
    for role in (me, office.clerk()):
        problem(await _act(office, penalty, "lift", role, reason=REASON), 403, "forbidden")


@provokes("appeal_penalty", "state-conflict")
@provokes("lift_penalty", "state-conflict")
async def test_an_appeal_is_made_once_and_what_is_lifted_stays_so(
    office: Office, miss: Miss
) -> None:
    me = office.citizen()
    await miss(me)
    penalty = await _only(office, me)
    good(await _act(office, penalty, "appeal", me, text=TEXT))

    again = problem(await _act(office, penalty, "appeal", me, text=TEXT), 409, "state-conflict")
    assert again["state"] == "appealed"
    good(await _act(office, penalty, "lift", office.manager(), reason=REASON))
    answer = await _act(office, penalty, "lift", office.manager(), reason=REASON)
    problem(answer, 409, "state-conflict")


@provokes("appeal_penalty", "too-late")
async def test_a_penalty_that_is_over_needs_no_appeal(office: Office, miss: Miss) -> None:
    me = office.citizen()
    await miss(me)
    penalty = await _only(office, me)
    office.clock.at += timedelta(days=31)

    problem(await _act(office, penalty, "appeal", me, text=TEXT), 409, "too-late")
    good(await _book_again(office, me), 201)


async def test_penalties_are_listed_page_by_page(office: Office, sessions: Sessions) -> None:
    policy = {"no_show_limit": 1, "version": 0}
    url = f"/api/v1/policies/{office.code}"
    good(await office.client.put(url, json=policy, headers=office.manager()))
    me = office.citizen()
    for day in range(1, 4):
        slot = await office.slot(NINE + timedelta(days=day))
        good(await office.do(await office.hold(slot, headers=me), "confirm", me))
    for day in range(1, 4):
        office.clock.at = NINE + timedelta(days=day, hours=1)
        await _sweep(sessions, office)

    first = good(await office.get("penalties?limit=2", headers=me))
    rest = good(await office.get(f"penalties?limit=2&cursor={first['next_cursor']}", headers=me))

    found = [one["id"] for one in first["items"] + rest["items"]]
    assert found == sorted(set(found), reverse=True)
    assert (len(found), rest["next_cursor"]) == (3, None)


async def test_a_no_show_put_right_the_same_day_is_checked_in_and_bars_nobody(
    office: Office, miss: Miss
) -> None:
    me = office.citizen()
    held = await miss(me)

    corrected = good(await office.do(held[-1], "correct-no-show", office.clerk(), reason=REASON))

    assert corrected["state"] == "checked_in"
    penalty = await _only(office, me)
    assert (penalty["state"], penalty["lift_reason"]) == ("lifted", REASON)
    good(await _book_again(office, me), 201)
    noted = await office.owner.fetchval(
        "SELECT actor FROM audit_log WHERE action = 'appointment.no_show_corrected'"
        " AND object = $1",
        f"appointment:{corrected['id']}",
    )
    assert noted == "clerk-test"


async def test_a_penalty_that_still_has_its_no_shows_stays(office: Office, miss: Miss) -> None:
    policy = {"no_show_limit": 2, "version": 0}
    url = f"/api/v1/policies/{office.code}"
    good(await office.client.put(url, json=policy, headers=office.manager()))
    me = office.citizen()
    held = await miss(me)

    good(await office.do(held[-1], "correct-no-show", office.clerk(), reason=REASON))

    problem(await _book_again(office, me), 403, "booking-barred")


async def test_what_is_left_bars_as_it_would_have_without_the_no_show_that_was_none(
    office: Office, miss: Miss, sessions: Sessions
) -> None:
    """Missed twice, barred; a third time, barred for longer: that one is put right."""
    url = f"/api/v1/policies/{office.code}"
    body = {"no_show_limit": 2, "version": 0}
    good(await office.client.put(url, json=body, headers=office.manager()))
    me = office.citizen()
    third = await office.hold(await office.slot(NINE + timedelta(days=3)), headers=me)
    good(await office.do(third, "confirm", me))
    await miss(me, days=2)
    first = await _only(office, me)
    office.clock.at = NINE + timedelta(days=3, hours=1)
    await _sweep(sessions, office)
    listed = good(await office.get(f"penalties?hall={office.code}", headers=me))["items"]
    assert [one["appointment_id"] for one in listed] == [third["id"], first["appointment_id"]]

    good(await office.do(third, "correct-no-show", office.clerk(), reason=REASON))

    refused = problem(await _book_again(office, me), 403, "booking-barred")
    assert refused["blocked_until"] == first["blocked_until"]
    listed = good(await office.get(f"penalties?hall={office.code}", headers=me))["items"]
    assert [one["state"] for one in listed] == ["lifted", "in_force"]


async def test_one_that_was_counted_with_others_leaves_a_penalty_of_those(
    office: Office, miss: Miss
) -> None:
    body = {"no_show_limit": 2, "version": 0}
    url = f"/api/v1/policies/{office.code}"
    good(await office.client.put(url, json=body, headers=office.manager()))
    me = office.citizen()
    held = await miss(me)
    await _only(office, me)

    good(await office.do(held[-1], "correct-no-show", office.clerk(), reason=REASON))

    listed = good(await office.get(f"penalties?hall={office.code}", headers=me))["items"]
    shown = [(one["appointment_id"], one["state"], one["no_shows"]) for one in listed]
    assert shown == [(held[1]["id"], "in_force", 2), (held[2]["id"], "lifted", 3)]


@provokes("correct_no_show", "too-late")
@provokes("correct_no_show", "state-conflict")
async def test_a_no_show_is_put_right_on_its_day_and_only_if_it_was_one(
    office: Office, miss: Miss
) -> None:
    held = await miss(office.citizen())
    other = await office.hold(await office.slot(NINE + timedelta(days=5)))

    early = await office.do(held[0], "correct-no-show", office.clerk(), reason=REASON)
    never = await office.do(other, "correct-no-show", office.clerk(), reason=REASON)

    problem(early, 409, "too-late")
    problem(never, 409, "state-conflict")
    missing = await office.do(held[-1], "correct-no-show", office.clerk())
    problem(missing, 422, "invalid-request")


@provokes("correct_no_show", "already-booked")
async def test_who_booked_the_same_again_meanwhile_keeps_that_one(
    office: Office, miss: Miss
) -> None:
    me = office.citizen()
    [held] = await miss(me, days=1)
    await office.hold(await office.slot(office.clock.at + timedelta(hours=3)), headers=me)

    answer = await office.do(held, "correct-no-show", office.clerk(), reason=REASON)

    problem(answer, 409, "already-booked")
