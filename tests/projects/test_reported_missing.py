"""What citizens report as missing: one check however many report it, answered by the duty or by a
person, in any order."""

import asyncio
import itertools
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from services.projects.duties import observing
from services.projects.reported_missing import handlers, service
from services.projects.reported_missing.contracts import (
    MissingReported,
    OrderEnded,
    OwedByAnother,
    PublicationGone,
    PublicationOrdered,
)
from services.projects.reported_missing.schemas import DOCUMENT
from shared.clock import now, today
from tests.conftest import Headers
from tests.projects import make
from tests.projects.missing_reports import CHECKS, ITEM, REPORTED_AT, Place
from tests.projects.test_reports import inside, see, walk
from tests.provoking import provokes
from tests.support import Connect, Databases, eventually

NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
async def place(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> Place:
    rows = await sql("projects")
    made = Place(projects, as_, databases, rows)
    made.unit, made.project = await make.unit(rows), await make.project(rows)
    return made


async def test_many_reports_of_one_thing_are_one_check_and_one_answer(place: Place) -> None:
    duty = await place.record(now().date().isoformat())
    await place.report(5)
    check = await place.check()
    assert (check["reports"], check["state"], check["version"]) == (5, "answered", 2)
    assert (check["answer"], check["due_on"]) == ("not_due", duty["due_on"])
    [answer] = await place.answers()
    assert (answer["duty_id"], answer["department_code"]) == (duty["id"], place.unit)
    assert answer["version"] == 2


async def test_an_overdue_duty_answers_and_so_does_its_publication_later(place: Place) -> None:
    duty = await place.record("2026-03-02")
    await walk(place.databases, place.unit)
    await place.report()
    await see(place.databases, duty["id"], "2026-03-10")
    await place.moved()
    first, second = await place.answers()
    assert (first["answer"], first["due_on"]) == ("overdue", duty["due_on"])
    assert (second["answer"], second["url"]) == ("published", "https://example.gov.cn/t1.htm")
    assert second["published_at"] == "2026-03-10T01:00:00Z"
    assert second["version"] > first["version"]


@pytest.mark.parametrize("order", list(itertools.permutations(("report", "record", "move"))))
async def test_whatever_comes_first_the_answer_is_the_same(
    place: Place, order: tuple[str, ...]
) -> None:
    for what in order:
        if what == "report":
            await place.report()
        elif what == "record":
            await place.record(now().date().isoformat())
        else:
            await place.moved()
    await place.moved()
    check = await place.check()
    assert (check["answer"], check["reports"]) == ("not_due", 1)
    assert len(await place.answers()) == 1


async def test_a_report_and_a_duty_that_come_at_once_find_one_another(place: Place) -> None:
    async def report_that_has_looked(session: Any) -> None:
        named = {"project_code": place.project, "item_code": ITEM, "department_code": place.unit}
        event = MissingReported(**named, reported_at=REPORTED_AT)
        await service.take_report(session, event, now())
        await place.record(now().date().isoformat())
        mine = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        moving.append(asyncio.create_task(place.moved()))
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))"
        await eventually(lambda: place.rows.fetchval(waiting, mine), 20)

    moving: list[asyncio.Task[None]] = []
    await inside(place.databases, report_that_has_looked)
    await moving[0]
    assert (await place.check())["answer"] == "not_due"


async def test_what_no_duty_answers_waits_for_a_person(place: Place) -> None:
    await place.report(item_code="MP-08-03")
    check = await place.check()
    assert (check["state"], check["answer"]) == ("open", None)
    await place.record(None)
    await place.report(item_code=None)
    listed = await place.client.get(
        CHECKS, params={"state": "open", "unit": place.unit}, headers=place.as_("supervisor")
    )
    assert len(listed.json()["items"]) == 2, "a day that is not known is no answer"


async def test_an_auditor_answers_and_a_publication_takes_the_place_of_the_answer(
    place: Place,
) -> None:
    duty = await place.record("2026-03-02")
    await walk(place.databases, place.unit)
    await place.report()
    check = await place.check()
    path = f"{CHECKS}/{check['id']}/answer"
    body = {"answer": "ordered", "document": "整改〔2026〕3号", "version": check["version"]}
    done = await place.client.post(path, json=body, headers=place.as_("auditor"))
    assert (done.status_code, done.json()["answered_by"]) == (200, "auditor-test"), done.text
    await place.report()
    await place.moved()
    assert (await place.check())["answer"] == "ordered", "a person's answer stands"
    await see(place.databases, duty["id"], "2026-08-10")
    await place.moved()
    read = await place.client.get(f"{CHECKS}/{check['id']}", headers=place.as_("auditor"))
    assert (read.json()["answer"], read.json()["reports"]) == ("published", 2)
    assert read.json()["answered_by"] is None
    answers = [each["answer"] for each in await place.answers()]
    assert answers == ["overdue", "ordered", "published"]


@pytest.mark.parametrize("reported_first", [True, False])
async def test_an_order_to_publish_is_the_answer_whichever_of_the_two_comes_first(
    place: Place, reported_first: bool
) -> None:
    duty = await place.record("2026-03-02")
    await walk(place.databases, place.unit)
    if reported_first:
        await place.report()
        assert (await place.check())["answer"] == "overdue"
    first, second = (place.as_("auditor", sub=f"auditor-{one}") for one in "ab")
    wanted = {"duty_id": duty["id"], "demand": "请限期公开并回复网址"}
    made = await place.client.post("/api/v1/rectifications", json=wanted, headers=first)
    assert made.status_code == 201, made.text
    await place.moved(PublicationOrdered)
    if not reported_first:
        await place.report()
    order, check = made.json(), await place.check()
    assert (check["answer"], check["document"]) == ("ordered", order["number"])
    assert (check["due_on"], check["duty_id"]) == (order["due_on"], duty["id"])
    assert re.fullmatch(DOCUMENT, order["number"]), "such a number may also be given by a person"
    third = place.as_("auditor", sub="auditor-c")
    for who in (second, third):
        path = f"/api/v1/rectifications/{order['id']}/revoke"
        step = await place.client.post(path, json={"reason": "下达有误"}, headers=who)
        assert step.status_code == 200, step.text
    await place.moved(OrderEnded)
    check = await place.check()
    assert (check["answer"], check["document"]) == ("overdue", None), "no order stands any more"


async def test_what_a_duty_answered_is_taken_back_once_it_says_so_no_more(place: Place) -> None:
    duty = await place.record("2026-03-02")
    await place.report()
    await see(place.databases, duty["id"], "2026-03-10")
    await place.moved()
    url, at = "https://example.gov.cn/t1.htm", now()
    gone = observing.record_gone
    await inside(place.databases, lambda s: gone(s, UUID(duty["id"]), url, at, at, actor="test"))
    await place.moved(PublicationGone)
    check = await place.check()
    assert (check["state"], check["answer"], check["url"]) == ("open", None, None)
    published, reopened = await place.answers()
    assert (published["answer"], reopened["answer"]) == ("published", "reopened")
    assert reopened["version"] > published["version"]


async def test_what_another_unit_owes_now_is_no_answer_of_the_one_that_was_named(
    place: Place,
) -> None:
    duty = await place.record(now().date().isoformat())
    await place.report()
    heir = await make.unit(place.rows)
    await place.rows.execute("UPDATE duty SET unit_code = $2 WHERE id = $1", duty["id"], heir)
    event = OwedByAnother(duty_id=duty["id"])
    await place.deliver(handlers.look_at_taken_over, event)
    assert (await place.check())["state"] == "open"


async def test_a_day_that_was_named_by_a_person_ends_with_it(place: Place) -> None:
    await place.report()
    check = await place.check()
    path, auditor = f"{CHECKS}/{check['id']}/answer", place.as_("auditor")
    said = {"answer": "not_due", "due_on": today(now()).isoformat()}
    assert (await place.client.post(path, json=said, headers=auditor)).status_code == 200
    await inside(place.databases, lambda session: service.end_outlived(session, now()))
    assert (await place.check())["answer"] == "not_due"
    later = now() + timedelta(days=2)
    await inside(place.databases, lambda session: service.end_outlived(session, later))
    assert (await place.check())["state"] == "open"


@provokes("answer_disclosure_check", "state-conflict")
@provokes("answer_disclosure_check", "not-found")
@provokes("read_disclosure_check", "not-found")
async def test_an_answer_names_what_it_rests_on_and_is_given_once(place: Place) -> None:
    await place.report()
    check = await place.check()
    path, auditor = f"{CHECKS}/{check['id']}/answer", place.as_("auditor")
    for answer, needed in (
        ("published", "url"),
        ("not_due", "due_on"),
        ("ordered", "document"),
        ("not_owed", "document"),
    ):
        refused = await place.client.post(path, json={"answer": answer}, headers=auditor)
        assert refused.json()["errors"][0]["pointer"] == f"/body/{needed}"
    named = {"answer": "ordered", "document": "请找张三处理"}
    refused = await place.client.post(path, json=named, headers=auditor)
    assert refused.json()["errors"][0]["pointer"] == "/body/document", "no word about a person"
    body = {"answer": "not_owed", "document": "条例第14条", "version": 1}
    assert (await place.client.post(path, json=body, headers=auditor)).status_code == 200
    late = await place.client.post(path, json=body, headers=auditor)
    assert (late.status_code, late.json()["version"]) == (409, 2)
    nowhere = f"{CHECKS}/{NOBODY}"
    gone = await place.client.post(f"{nowhere}/answer", json=body, headers=auditor)
    assert gone.status_code == 404
    assert (await place.client.get(nowhere, headers=auditor)).status_code == 404


async def test_an_officer_sees_the_checks_of_their_own_unit(place: Place, sql: Connect) -> None:
    await place.report()
    check = await place.check()
    mine = await place.client.get(CHECKS, headers=place.as_("officer", place.unit))
    assert [each["id"] for each in mine.json()["items"]] == [check["id"]]
    stranger = place.as_("officer", await make.unit(place.rows))
    assert (await place.client.get(CHECKS, headers=stranger)).json()["items"] == []
    one = await place.client.get(f"{CHECKS}/{check['id']}", headers=stranger)
    assert one.status_code == 404


async def test_a_letter_is_shown_what_was_found_of_what_it_reports(
    place: Place, feedback: httpx.AsyncClient
) -> None:
    duty = await place.record(now().date().isoformat())
    missing = {"project_code": place.project, "item_code": ITEM, "department_code": place.unit}
    letter = {"kind": "consultation", "title": "没有公开", "body": f"找不到{place.project}的批复。"}
    written = await feedback.post("/api/v1/letters", json={**letter, "missing_disclosure": missing})
    assert written.status_code == 201, written.text
    receipt = written.json()

    async def answered() -> Any:
        path, code = f"/api/v1/letters/{receipt['reg_no']}", {"code": receipt["query_code"]}
        return (await feedback.get(path, params=code)).json()["missing_disclosure"]["answer"]

    answer = await eventually(answered, 30)
    assert (answer["answer"], answer["due_on"]) == ("not_due", duty["due_on"])
