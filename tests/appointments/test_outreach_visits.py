"""出诊: who cannot come asks for a visit; it is planned or refused in time, and has a result."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.appointments.forgetting import service as forgetting
from services.appointments.forgetting.statement import HALF_YEAR
from services.appointments.outreach import queries, watching
from services.appointments.outreach.models import OutreachVisitState
from services.appointments.outreach.workflow import VISITS, VisitAction
from shared.database.engine import Sessions
from shared.security.crypto import is_rating_key
from tests.appointments.followup_helpers import lay_down
from tests.appointments.offices import KEYRING, Office
from tests.appointments.queue_helpers import Floor, good, problem
from tests.provoking import provokes

BODIES: dict[str, dict[str, Any]] = {
    "plan": {
        "leaves_at": "2026-11-26T08:30:00+08:00",
        "starts_at": "2026-11-26T09:30:00+08:00",
        "carries": ["便携打印机", "申请表"],
    },
    "refuse": {"reason": "此事须本人到大厅签名，可预约绿色通道"},
    "cancel": {"reason": "家人已代为办理"},
    "finish": {"outcome": "done", "text": "当场办结"},
}
URL = "/api/v1/outreach-visits"
FOLLOWUPS = "/api/v1/followups"


@dataclass
class Requested:
    """A request of a citizen, and short words for what people do."""

    office: Office
    me: dict[str, str]
    made: dict[str, Any]

    async def do(
        self, action: str, headers: dict[str, str], version: int | None = None, **body: Any
    ) -> httpx.Response:
        match = {"If-Match": f'"{version}"'} if version is not None else {}
        url = f"{URL}/{self.made['id']}/{action}"
        sent = body or BODIES[action]
        return await self.office.client.post(url, json=sent, headers={**headers, **match})

    async def see(self, headers: dict[str, str]) -> httpx.Response:
        return await self.office.client.get(f"{URL}/{self.made['id']}", headers=headers)


def wanted(office: Office, **others: Any) -> dict[str, Any]:
    return {
        "hall_code": office.code,
        "item_code": office.items[0],
        "reason": "old_age",
        "name": "王秀英",
        "phone": "13900000001",
        "address": "幸福小区 3 号楼 2 单元 501",
        "note": "听力不好，请敲门",
        **others,
    }


async def requested(office: Office, **others: Any) -> Requested:
    me = office.citizen()
    made = await office.client.post(URL, json=wanted(office, **others), headers=me)
    return Requested(office, me, good(made, 201))


async def test_who_cannot_come_is_visited(office: Office) -> None:
    asked = await requested(office)
    assert (asked.made["state"], asked.made["due_on"]) == ("requested", "2026-11-27")
    planned = good(await asked.do("plan", office.sign("clerk", office.code, sub="clerk-7")))
    assert (planned["travellers"], planned["carries"]) == (["clerk-7"], BODIES["plan"]["carries"])
    mine = good(await asked.see(asked.me))
    assert mine["starts_at"] == "2026-11-26T09:30:00+08:00"
    assert (mine["travellers"], mine["rating_key"]) == ([], None)
    done = good(await asked.do("finish", office.clerk()))
    assert (done["state"], done["outcome"], done["rating_key"]) == ("done", "done", None)
    mine = good(await asked.see(asked.me))
    assert is_rating_key(KEYRING, UUID(asked.made["id"]), mine["rating_key"])
    [case] = await office.events("case.finished")
    assert (case["case_id"], case["one_visit"]) == (asked.made["id"], True)
    [event] = await office.events("outreach_visit.finished")
    assert event["outcome"] == "done"


async def test_a_manager_has_a_visit_followed_up_as_a_case_at_a_window_is(office: Office) -> None:
    hall = Floor(office.client, office.sign, office.code, [], office.items, office.clock)
    await lay_down(hall, rules=[])
    asked, other = await requested(office), await requested(office)
    for one, outcome in ((asked, "done"), (other, "nobody_there")):
        good(await one.do("plan", office.sign("clerk", office.code, sub="clerk-7")))
        body = {"case_id": one.made["id"]}
        too_early = await office.client.post(FOLLOWUPS, json=body, headers=office.manager())
        problem(too_early, 404, "not-found")
        good(await one.do("finish", office.clerk(), outcome=outcome))

    picked = {"case_id": asked.made["id"]}
    invited = await office.client.post(FOLLOWUPS, json=picked, headers=office.manager())
    assert (shown := good(invited, 201))["state"] == "invited"
    assert "clerk-7" in shown["served_by"]
    nobody = {"case_id": other.made["id"]}
    refused = await office.client.post(FOLLOWUPS, json=nobody, headers=office.manager())
    problem(refused, 404, "not-found")


async def test_nobody_there_is_no_finished_case(office: Office) -> None:
    asked = await requested(office)
    good(await asked.do("plan", office.clerk()))
    good(await asked.do("finish", office.clerk(), outcome="nobody_there"))
    assert await office.events("case.finished") == []


async def test_staff_write_it_down_for_who_has_no_account(office: Office) -> None:
    made = await office.client.post(URL, json=wanted(office), headers=office.clerk())
    assert good(made, 201)["name"] == "王秀英"
    elsewhere = office.sign("clerk", "H-OTHER")
    problem(await office.client.post(URL, json=wanted(office), headers=elsewhere), 404, "not-found")
    other = wanted(office, item_code="NO-1")
    refused = await office.client.post(URL, json=other, headers=office.citizen())
    problem(refused, 422, "invalid-request")
    days = {"wanted_from": "2026-12-05", "wanted_to": "2026-12-01"}
    refused = await office.client.post(URL, json=wanted(office, **days), headers=office.citizen())
    problem(refused, 422, "invalid-request")


@pytest.mark.parametrize("state", list(OutreachVisitState))
async def test_every_state_action_and_role(
    office: Office, owner: asyncpg.Connection, state: OutreachVisitState
) -> None:
    asked = await requested(office)
    put = (
        "UPDATE outreach_visit SET state = $2::text, starts_at = now(),"
        " outcome = CASE WHEN $2::text = 'done' THEN 'done' END WHERE id = $1"
    )
    staff = {role: office.sign(role, office.code) for role in ("clerk", "hall_manager", "officer")}
    for role, headers in {"citizen": asked.me, **staff}.items():
        for action in VisitAction:
            await owner.execute(put, UUID(asked.made["id"]), state.value)
            answer = await asked.do(action, headers)
            row = VISITS.get(state, action)
            if role not in VISITS.roles_of(action):
                assert answer.status_code == 403, (role, action)
            elif row is None:
                assert problem(answer, 409, "state-conflict")["state"] == state
            else:
                assert good(answer)["state"] == row.to, (role, action)


@provokes("plan_visit", "state-conflict")
@provokes("get_visit", "not-found")
@provokes("cancel_visit", "not-found")
async def test_it_is_nobody_elses_business(office: Office) -> None:
    asked = await requested(office)
    for headers in (office.citizen(), office.sign("clerk", "H-OTHER")):
        problem(await asked.see(headers), 404, "not-found")
    problem(await asked.do("cancel", office.citizen()), 404, "not-found")
    stale = await asked.do("plan", office.clerk(), version=7)
    problem(stale, 409, "state-conflict")
    past = {**BODIES["plan"], "starts_at": "2026-11-24T08:59:00+08:00", "leaves_at": None}
    problem(await asked.do("plan", office.clerk(), **past), 422, "invalid-request")
    late = {**BODIES["plan"], "leaves_at": "2026-11-26T10:00:00+08:00"}
    problem(await asked.do("plan", office.clerk(), **late), 422, "invalid-request")
    mine = good(await office.client.get(URL, headers=asked.me))["items"]
    assert [one["id"] for one in mine] == [asked.made["id"]]
    assert not good(await office.client.get(URL, headers=office.citizen()))["items"]
    late_ones = {"hall": office.code, "overdue": "true", "state": "requested"}
    params: dict[str, Any] = {"params": late_ones, "headers": office.clerk()}
    assert not good(await office.client.get(URL, **params))["items"]
    office.clock.at += timedelta(days=4)
    [late_one] = good(await office.client.get(URL, **params))["items"]
    assert late_one["overdue"]


async def test_who_and_where_is_sealed_logged_and_in_no_event(
    office: Office, owner: asyncpg.Connection
) -> None:
    asked = await requested(office)
    good(await asked.see(office.clerk()))
    good(await asked.do("refuse", office.manager()))
    assert good(await asked.see(asked.me))["text"] == BODIES["refuse"]["reason"]
    stored = await owner.fetchval(
        "SELECT row_to_json(v)::text FROM outreach_visit v WHERE id = $1", UUID(asked.made["id"])
    )
    bodies = await owner.fetch("SELECT body FROM outbox WHERE subject LIKE '%outreach_visit%'")
    for text in (stored, *(row["body"].decode() for row in bodies)):
        assert not any(word in text for word in ("王秀英", "13900000001", "幸福小区", "敲门"))
    logged = "SELECT count(*) FROM audit_log WHERE object = $1 AND action = 'outreach_visit.read'"
    assert await owner.fetchval(logged, f"outreach_visit:{asked.made['id']}") == 2, "a step as well"


async def test_what_the_hall_does_not_answer_is_published_once(
    office: Office, sessions: Sessions
) -> None:
    asked = await requested(office)

    async def watch(moment: str) -> None:
        at = datetime.fromisoformat(f"{moment}+08:00").astimezone(UTC)
        async with sessions() as session, session.begin():
            await watching.watch(session, at)

    for moment in ("2026-11-27 16:00", "2026-11-28 10:00", "2026-11-29 10:00"):
        await watch(moment)
    assert await office.events("outreach_visit.delayed") == [], "a weekend is no working day"
    for moment in ("2026-11-30 10:00", "2026-11-30 10:05", "2026-12-01 10:00"):
        await watch(moment)
    [event] = await office.events("outreach_visit.delayed")
    assert (event["visit_id"], event["due_on"]) == (asked.made["id"], "2026-11-27")
    assert good(await asked.do("plan", office.clerk()))["state"] == "planned"


async def test_what_is_only_guessed_keeps_nobody_from_being_late(
    office: Office, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests whose day nobody can compute stay in front of the others."""
    monkeypatch.setattr(queries, "SWEEP", 2)
    asked = [await requested(office) for _ in range(5)]
    ids = sorted(UUID(one.made["id"]) for one in asked)
    unknown = datetime(2030, 1, 2, tzinfo=UTC)
    await office.owner.execute(
        "UPDATE outreach_visit SET requested_at = $2, due_on = '2026-11-20', provisional = true"
        " WHERE id = ANY($1)",
        ids[:4],
        unknown,
    )
    async with sessions() as session, session.begin():
        await watching.watch(session, datetime(2026, 11, 30, 2, tzinfo=UTC))

    delayed = await office.events("outreach_visit.delayed")
    assert str(ids[4]) in {one["visit_id"] for one in delayed}


async def test_who_it_was_is_forgotten_half_a_year_after_it_ended(
    office: Office, sessions: Sessions
) -> None:
    open_one, ended = await requested(office), await requested(office)
    good(await ended.do("cancel", ended.me))
    at = office.clock.at + HALF_YEAR

    async def forget(moment: datetime) -> None:
        async with sessions() as session, session.begin():
            await forgetting.forget(session, moment)

    await forget(at)
    assert good(await ended.see(ended.me))["name"] == "王秀英"
    await forget(at + timedelta(minutes=1))
    forgotten = good(await ended.see(ended.me))
    assert [forgotten[name] for name in ("name", "phone", "address", "note", "text")] == [None] * 5
    assert good(await open_one.see(open_one.me))["name"] == "王秀英"


@provokes("request_visit", "visit-requested")
async def test_the_same_is_asked_for_once_at_a_time(office: Office) -> None:
    asked = await requested(office)
    again = await office.client.post(URL, json=wanted(office), headers=asked.me)
    problem(again, 409, "visit-requested")
    other = wanted(office, item_code=office.items[1])
    good(await office.client.post(URL, json=other, headers=asked.me), 201)
    good(await asked.do("cancel", asked.me))
    good(await office.client.post(URL, json=wanted(office), headers=asked.me), 201)
