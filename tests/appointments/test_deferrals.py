"""A matter is taken up with minor papers missing, against a promise with its last day."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.appointments.deferrals import rules, settling
from services.appointments.deferrals.models import DeferralState
from services.appointments.deferrals.workflow import WORKFLOW, DeferralAction
from shared.clock import SHANGHAI
from shared.database.engine import Sessions
from shared.errors import Invalid
from shared.workdays import official
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_guides import put_guide
from tests.appointments.test_pre_checks import MATERIALS
from tests.provoking import provokes

PHOTO = [3]
BODIES: dict[str, dict[str, Any]] = {"supply": {}, "cancel": {"reason": "登记错了"}}


@pytest.fixture
async def guided(office: Office) -> Office:
    """An office whose first item has a guide with a material that may follow."""
    good(await put_guide(office, materials=MATERIALS))
    return office


async def ticket(office: Office, me: dict[str, str], state: str = "serving") -> str:
    """A ticket of that person, as if it had come so far."""
    taken = await office.client.post(
        "/api/v1/tickets",
        json={"hall_code": office.code, "items": [office.items[0]]},
        headers={**me, "Idempotency-Key": uuid4().hex},
    )
    found = str(good(taken, 201)["id"])
    await office.owner.execute("UPDATE ticket SET state = $2 WHERE id = $1", found, state)
    return found


async def promise(office: Office, of: str, **change: Any) -> httpx.Response:
    headers = change.pop("headers", None) or office.clerk()
    body = {"ticket_id": of, "materials": PHOTO, **change}
    return await office.client.post("/api/v1/deferrals", json=body, headers=headers)


async def act(
    office: Office, one: dict[str, Any], action: str, who: dict[str, str], **body: Any
) -> httpx.Response:
    url = f"/api/v1/deferrals/{one['id']}/{action}"
    return await office.client.post(url, json={**BODIES[action], **body}, headers=who)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 10, tzinfo=SHANGHAI)


async def sweep(sessions: Sessions, day: date) -> None:
    async with sessions() as session, session.begin():
        await settling.remind(session, at(day))
        await settling.lapse(session, at(day))


async def test_papers_are_promised_and_handed_in(guided: Office) -> None:
    me = guided.citizen()
    made = good(await promise(guided, await ticket(guided, me)), 201)

    own = good(await guided.get("deferrals", headers=me))["items"]
    done = good(await act(guided, made, "supply", guided.clerk()))

    assert (made["state"], made["materials"], made["guide_version"]) == ("promised", ["照片"], 2)
    assert own == [made]
    assert (done["state"], done["version"]) == ("supplied", 2)
    [first], [last] = [await guided.events(f"deferral.{kind}") for kind in ("promised", "supplied")]
    assert (first["due_on"], last["state"]) == (made["due_on"], "supplied")


@pytest.mark.parametrize(
    ("today", "workdays", "due", "remind"),
    [
        (date(2026, 3, 2), 5, date(2026, 3, 9), date(2026, 3, 6)),
        (date(2026, 3, 6), 1, date(2026, 3, 9), date(2026, 3, 6)),
        (date(2026, 9, 30), 1, date(2026, 10, 8), date(2026, 9, 30)),
    ],
)
def test_the_last_day_is_a_working_day(today: date, workdays: int, due: date, remind: date) -> None:
    assert rules.days_of(today, workdays, official()) == (due, remind)


def test_an_unknown_calendar_is_said() -> None:
    with pytest.raises(Invalid):
        rules.days_of(official().last_day, 3, official())


async def test_a_reminder_before_the_last_day_and_an_end_after_it(
    guided: Office, sessions: Sessions
) -> None:
    made = good(await promise(guided, await ticket(guided, guided.citizen())), 201)
    due = date.fromisoformat(made["due_on"])
    url = f"deferrals?hall={guided.code}"

    await sweep(sessions, date.fromisoformat(made["accepted_on"]))
    early = await guided.events("deferral.reminded")
    await sweep(sessions, due)
    await sweep(sessions, due)
    kept = good(await guided.get(url, headers=guided.clerk()))["items"][0]
    await sweep(sessions, due + timedelta(days=1))
    gone = good(await guided.get(f"{url}&state=lapsed", headers=guided.clerk()))["items"][0]

    assert early == []
    assert (kept["state"], kept["reminded_at"] is None) == ("promised", False)
    assert gone["state"] == "lapsed"
    assert len(await guided.events("deferral.reminded")) == 1
    assert len(await guided.events("deferral.lapsed")) == 1
    problem(await act(guided, made, "supply", guided.clerk()), 403, "forbidden")
    for headers in (guided.clerk(), guided.manager()):
        again = await promise(guided, made["ticket_id"], headers=headers)
        assert "逾期" in problem(again, 409, "state-conflict")["detail"], "no time without end"
    late = good(await act(guided, made, "supply", guided.manager()))
    assert late["state"] == "supplied"


async def test_what_staff_just_work_on_keeps_no_other_from_its_reminder(
    guided: Office, sessions: Sessions
) -> None:
    busy, other = [
        good(await promise(guided, await ticket(guided, guided.citizen())), 201) for _ in range(2)
    ]
    due = date.fromisoformat(busy["due_on"])
    async with guided.owner.transaction():
        await guided.owner.execute("SELECT FROM deferral WHERE id = $1 FOR UPDATE", busy["id"])
        async with asyncio.timeout(5):
            await sweep(sessions, due)

    listed = good(await guided.get(f"deferrals?hall={guided.code}", headers=guided.clerk()))
    reminded = {one["id"] for one in listed["items"] if one["reminded_at"] is not None}
    assert reminded == {other["id"]}


@pytest.mark.parametrize("state", list(DeferralState))
@pytest.mark.parametrize("action", [DeferralAction.SUPPLY, DeferralAction.CANCEL])
async def test_every_action_in_every_state_is_as_the_table_has_it(
    guided: Office, state: DeferralState, action: DeferralAction
) -> None:
    made = good(await promise(guided, await ticket(guided, guided.citizen())), 201)
    settled = "NULL" if state is DeferralState.PROMISED else "now()"
    await guided.owner.execute(
        f"UPDATE deferral SET state = $2, settled_at = {settled} WHERE id = $1",
        made["id"],
        state.value,
    )

    got = await act(guided, made, action, guided.manager())

    row = WORKFLOW.get(state, action)
    if row is None:
        assert problem(got, 409, "state-conflict")["state"] == state
    else:
        assert good(got)["state"] == row.to


@provokes("promise_deferral", "state-conflict")
@provokes("supply_deferral", "state-conflict")
@provokes("cancel_deferral", "state-conflict")
async def test_what_stands_otherwise_than_seen_is_refused(guided: Office) -> None:
    waiting = await promise(guided, await ticket(guided, guided.citizen(), "waiting"))
    assert problem(waiting, 409, "state-conflict")["state"] == "waiting"
    made = good(await promise(guided, await ticket(guided, guided.citizen())), 201)
    for action in BODIES:
        late = await act(guided, made, action, guided.clerk(), version=9)
        assert problem(late, 409, "state-conflict")["version"] == 1


@provokes("promise_deferral", "deferral-open")
async def test_one_promise_at_a_time_for_a_ticket(guided: Office) -> None:
    of = await ticket(guided, guided.citizen())

    answers = await asyncio.gather(*(promise(guided, of) for _ in range(3)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "deferral-open")


async def test_what_was_served_long_ago_is_promised_nothing_for(guided: Office) -> None:
    before, of = "UPDATE ticket SET state_since = $2 WHERE id = $1", []
    for hours in (23, 25):
        of.append(await ticket(guided, guided.citizen(), "done"))
        await guided.owner.execute(before, of[-1], guided.clock.at - timedelta(hours=hours))
    good(await promise(guided, of[0]), 201)
    problem(await promise(guided, of[1]), 409, "state-conflict")


async def test_only_what_the_guide_lets_follow(guided: Office) -> None:
    of = await ticket(guided, guided.citizen())
    for materials in ([1], [3, 1], [4], [3, 3]):
        refused = problem(await promise(guided, of, materials=materials), 422, "invalid-request")
        assert refused["errors"][0]["pointer"] == "/body/materials"


async def test_another_halls_staff_and_strangers_find_nothing(guided: Office) -> None:
    of = await ticket(guided, guided.citizen())
    made = good(await promise(guided, of), 201)
    elsewhere = guided.sign("clerk", "H-ELSE")
    body = {"ticket_id": of, "materials": PHOTO}

    foreign = await guided.client.post("/api/v1/deferrals", json=body, headers=elsewhere)

    problem(foreign, 404, "not-found")
    problem(await act(guided, made, "supply", elsewhere), 404, "not-found")
    for other in (elsewhere, guided.citizen()):
        assert good(await guided.get("deferrals", headers=other))["items"] == []
