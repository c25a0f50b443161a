"""整改: ordered on a fault, answered by the unit, ended by proof or by two persons."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.duties import observing
from services.projects.duties.rules import Sighting
from services.projects.portals.models import Portal
from services.projects.rectification import rules
from shared import clock
from shared.database.engine import Sessions
from shared.workdays import official
from tests.projects.judged_elsewhere import driver_connection
from tests.projects.rectifying import AUDITORS, NOBODY, PATH, REPLY, Case, Headers
from tests.provoking import provokes
from tests.support import Connect
from tests.waiting import until_it_waits


@pytest.fixture
async def case(projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions) -> Case:
    """A duty that is overdue."""
    made = Case(projects, as_, sql, sessions)
    await made.overdue()
    return made


async def test_an_order_names_its_fault_its_last_day_and_its_number(case: Case) -> None:
    order = await case.ordered(working_days=7)
    assert (order["cause"], order["state"], order["level"]) == ("overdue", "issued", 1)
    today = clock.today(clock.now())
    due_on = rules.due_on(today, 7, official())
    assert order["due_on"] == (due_on and due_on.isoformat())
    year, number = order["number"].removeprefix("整改〔").removesuffix("号").split("〕")
    assert (int(year), int(number) > 0) == (today.year, True)
    [event] = await case.published("ordered")
    assert event["rectification_id"] == order["id"]
    assert (event["unit_code"], event["due_on"]) == (case.unit, order["due_on"])
    assert "demand" not in event


async def test_an_order_takes_its_last_day_itself_and_no_day_that_is_over(case: Case) -> None:
    today = clock.today(clock.now())
    refused = await case.ask(due_on=today.isoformat())
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/body/due_on")
    last = rules.due_on(today, 4, official())
    if last is not None:
        order = await case.ordered(due_on=last.isoformat())
        assert (order["term_days"], order["due_on"]) == (4, last.isoformat())


async def test_numbers_of_a_year_run_without_a_gap_however_many_order_at_once(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions
) -> None:
    cases = [Case(projects, as_, sql, sessions) for _ in range(3)]
    for one in cases:
        await one.overdue()
    orders = await asyncio.gather(*(one.ordered() for one in cases))
    numbers = sorted(int(o["number"].split("〕")[1].removesuffix("号")) for o in orders)
    assert numbers == [*range(numbers[0], numbers[0] + 3)]


async def test_a_term_that_no_notice_covers_has_no_last_day(case: Case) -> None:
    day = official().last_day
    assert rules.due_on(day, 1, official()) is None
    order = await case.ordered()
    rows = await case.rows()
    await rows.execute(
        "UPDATE rectification_order SET term_from = $2, due_on = NULL WHERE id = $1",
        order["id"],
        day,
    )
    read = await case.read()
    assert (read["due_on"], read["overdue"]) == (None, False)


@provokes("order_rectification", "no-fault")
async def test_only_a_fault_is_ordered_to_be_put_right(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions
) -> None:
    unproven = Case(projects, as_, sql, sessions)
    await unproven.formed()
    answer = await unproven.ask()
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/no-fault")
    assert answer.json()["verdict"] == "unknown_source_down"


@provokes("order_rectification", "rectification-open", "not-found", "state-conflict")
async def test_a_duty_has_one_open_order(case: Case) -> None:
    stale = await case.ask(version=9)
    assert (stale.status_code, stale.json()["type"]) == (409, "/problems/state-conflict")
    answers = await asyncio.gather(*(case.ask(which) for which in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    [order] = [answer.json() for answer in answers if answer.status_code == 201]
    refused = next(answer for answer in answers if answer.status_code == 409).json()
    assert refused["type"] == "/problems/rectification-open"
    assert (refused["rectification_id"], refused["number"]) == (order["id"], order["number"])
    unknown = await case.ask(duty_id=NOBODY)
    assert unknown.status_code == 404


async def test_an_order_goes_by_the_verdict_that_stands_once_it_is_written(case: Case) -> None:
    """The verdict moves while somebody orders: they are not told that they were too slow."""
    asking = list[asyncio.Task[httpx.Response]]()

    async def seen_in_time(session: AsyncSession) -> None:
        sighting = Sighting(
            duty_id=UUID(case.duty["id"]),
            url="https://example.gov.cn/1.htm",
            observed_at=datetime(2026, 3, 10, tzinfo=UTC),
        )
        await observing.record_sightings(session, [sighting], clock.now(), actor="matcher")
        asking.append(asyncio.create_task(case.ask()))
        await until_it_waits(await driver_connection(session), asking[0])

    await case.inside(seen_in_time)
    answer = await asking[0]
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/no-fault")
    assert answer.json()["verdict"] == "on_time"


async def test_a_reply_has_the_units_portals_read_next(case: Case) -> None:
    await case.ordered()
    rows, portal = await case.rows(), f"p-{case.unit}"
    at = clock.now() + timedelta(days=1)
    made = Portal(id=portal, name="栏目", unit_code=case.unit, start_url="-", next_run_at=at)
    values = made.model_dump(include={"id", "name", "unit_code", "start_url", "next_run_at"})
    await rows.execute(
        f"INSERT INTO portal ({', '.join(values)}, health, version, allow_private, is_public,"
        " interval_ms, every_minutes, enabled)"
        " VALUES ($1, $2, $3, $4, $5, 'unknown', 1, false, true, 1000, 1440, true)",
        *values.values(),
    )
    await case.reply()
    due = "SELECT next_run_at <= now() FROM portal WHERE id = $1"
    assert await rows.fetchval(due, portal) is True


@provokes("order_rectification", "dispute-open")
async def test_nothing_is_ordered_while_a_dispute_is_open(case: Case) -> None:
    body = {"document": "宁发改函〔2026〕8号", "reason": "网页其实按时", "version": 1}
    path = f"/api/v1/duties/{case.duty['id']}/dispute"
    assert (await case.client.post(path, json=body, headers=case.officer)).status_code == 200
    answer = await case.ask()
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/dispute-open")


async def test_the_unit_acknowledges_replies_and_replies_again_once_it_is_returned(
    case: Case,
) -> None:
    order = await case.ordered()
    taken = await case.act("acknowledge")
    assert (taken.json()["state"], taken.json()["due_on"]) == ("acknowledged", order["due_on"])
    replied = await case.reply()
    assert replied.json()["state"] == "replied"
    [event] = await case.published("answered")
    assert (event["kind"], "url" in event) == ("address", False)
    back = await case.act("return", case.auditor(), reason="网页打不开")
    assert back.json()["state"] == "returned"
    again = await case.reply(kind="explanation", text="已请网站修复")
    assert again.json()["state"] == "replied"
    steps = (await case.read())["steps"]
    assert [step["step"] for step in steps] == [
        *("ordered", "acknowledged", "replied", "returned", "replied")
    ]
    assert [step["by"] for step in steps[:3]] == [AUDITORS[0], *[f"officer-{case.unit}"] * 2]
    assert (steps[2]["url"], steps[3]["text"]) == (REPLY["url"], "网页打不开")


@pytest.mark.parametrize(
    ("reply", "pointer"),
    [
        ({"kind": "address", "url": None, "text": "已公开"}, "/body/url"),
        ({"kind": "document", "url": None, "text": "见文件"}, "/body/document"),
        ({"url": "javascript:alert(1)//", "text": "已公开"}, "/body/url"),
    ],
)
async def test_a_reply_names_the_place_or_the_document_that_it_is_about(
    case: Case, reply: dict[str, Any], pointer: str
) -> None:
    await case.ordered()
    answer = await case.reply(**reply)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


@provokes("close_rectification", "four-eyes", "state-conflict")
async def test_closing_without_proof_takes_a_second_person_who_had_no_part_in_it(
    case: Case,
) -> None:
    await case.ordered()
    await case.reply(kind="explanation", text="涉及第三方，正在征求意见")
    first = await case.end("close", 1)
    assert (first.json()["state"], first.json()["proposal"]) == ("replied", "close")
    assert first.json()["first_by"] == AUDITORS[1]
    for alone in (0, 1):  # who ordered it, who proposed it
        answer = await case.end("close", alone)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/four-eyes")
    officer_too = case.as_("auditor officer", case.unit, sub=AUDITORS[2])
    assert (await case.act("close", officer_too, reason="情况属实")).status_code == 409
    closed = await case.end("close", 2)
    assert (closed.json()["state"], closed.json()["closing"]) == ("closed", "explained")
    assert (closed.json()["rectified"], closed.json()["proof"]) == (False, None)
    [event] = await case.published("closed")
    assert (event["closing"], event["rectified"]) == ("explained", False)
    assert (await case.end("close", 2)).status_code == 409


@provokes("revoke_rectification", "four-eyes", "state-conflict", "not-found")
async def test_an_order_that_was_wrong_is_revoked_by_two(case: Case) -> None:
    await case.ordered()
    assert (await case.end("revoke", 0)).json()["proposal"] == "revoke"
    assert (await case.end("revoke", 0)).status_code == 409
    revoked = await case.end("revoke", 1, version=2)
    assert (revoked.json()["state"], revoked.json()["closing"]) == ("revoked", "revoked")
    assert (await case.end("revoke", 1, version=2)).json()["type"] == "/problems/state-conflict"
    assert (await case.ask()).status_code == 201  # the duty is free for another
    case.order = {"id": NOBODY}
    assert (await case.end("revoke", 1)).status_code == 404


async def test_what_one_has_proposed_is_dropped_once_something_else_is_done(case: Case) -> None:
    await case.ordered()
    await case.end("close", 0)
    other = await case.end("revoke", 1)
    assert (other.json()["proposal"], other.json()["first_by"]) == ("revoke", AUDITORS[1])
    replied = await case.reply()
    assert (replied.json()["proposal"], replied.json()["first_by"]) == (None, None)


@provokes("return_rectification", "four-eyes", "state-conflict", "not-found")
async def test_who_replied_for_the_unit_returns_nothing(case: Case) -> None:
    await case.ordered()
    early = await case.act("return", case.auditor(), reason="还没有回复")
    assert (early.status_code, early.json()["state"]) == (409, "issued")
    await case.reply()
    both = case.as_("auditor officer", case.unit, sub=f"officer-{case.unit}")
    assert (await case.act("return", both, reason="不齐")).json()["type"] == "/problems/four-eyes"
    await case.act("return", case.auditor(), reason="不齐")
    colleague = case.as_("officer", case.unit, sub="a-colleague")
    await case.act("reply", colleague, **REPLY)
    since = case.as_("auditor", sub=f"officer-{case.unit}")  # who replied first has another post
    assert (await case.act("return", since, reason="不齐")).json()["type"] == "/problems/four-eyes"
    case.order = {"id": NOBODY}
    assert (await case.act("return", case.auditor(), reason="不齐")).status_code == 404


@provokes("acknowledge_rectification", "state-conflict", "not-found")
@provokes("reply_to_rectification", "state-conflict", "not-found")
@provokes("read_rectification", "not-found")
@provokes("close_rectification", "not-found")
async def test_a_unit_sees_and_answers_only_what_is_theirs(case: Case) -> None:
    order = await case.ordered()
    stranger = case.as_("officer", "D99")
    for action, body in (("acknowledge", {}), ("reply", REPLY)):
        assert (await case.act(action, stranger, **body)).status_code == 404
        # An auditor sees every order, and answers none.
        both = case.as_("auditor officer", "D99")
        assert (await case.act(action, both, **body)).status_code == 404
    for path in (f"{PATH}/{order['id']}", f"{PATH}?unit={case.unit}"):
        assert (await case.client.get(path, headers=stranger)).status_code == 404
    assert (await case.client.get(PATH, headers=stranger)).json()["items"] == []
    assert (await case.act("close", stranger, reason="情况属实")).status_code == 403
    await case.reply()
    assert (await case.act("acknowledge")).json()["state"] == "replied"
    assert (await case.reply(version=1)).status_code == 409
    case.order = {"id": NOBODY}
    assert (await case.end("close", 1)).status_code == 404
