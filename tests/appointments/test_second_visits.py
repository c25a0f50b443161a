"""Reports on second visits: counted, planned, signed, withdrawn, and never changed once signed."""

import json
from datetime import date
from typing import Any

import asyncpg
import pytest

from services.appointments.guides.models import OnlineDepth
from services.appointments.second_visits import rules
from services.appointments.second_visits.models import SecondVisitReport
from services.appointments.second_visits.workflow import WORKFLOW
from tests.appointments.conftest import Build
from tests.appointments.hall_log import HallLog
from tests.appointments.queue_helpers import Floor, good, problem
from tests.provoking import provokes

PATH = "/api/v1/second-visit-reports"
MATERIALS = [
    {"name": "身份证原件", "source": "申请人自备"},
    {"name": "户口簿", "source": "申请人自备", "may_follow": True},
    {"name": "营业执照副本", "source": "市场监管部门"},
]


@pytest.fixture
async def floor(hall: Build, owner: asyncpg.Connection) -> Floor:
    """In May ten visits for the first item, of which six have to come again; two for the second."""
    made = await hall(items=2)
    log = HallLog(owner, made.code)
    missing: list[list[str]] = [
        ["户口簿"],
        ["户口簿原件", "营业执照"],
        ["营业执照副本"],
        *[["社区证明"]] * 3,
    ]
    for day, papers in enumerate(missing, 4):
        found = json.dumps(papers)
        await log.visit(date(2026, 5, day), made.items[0], "needs_more", found)
    for day in range(20, 24):
        await log.visit(date(2026, 5, day), made.items[0])
    for day in (25, 26):
        await log.visit(date(2026, 5, day), made.items[1])
    await owner.execute(
        "INSERT INTO guide (id, item_code, version, content, published_by, published_at)"
        " VALUES (gen_random_uuid(), $1, 1, $2, 'me', now())",
        made.items[0],
        json.dumps({"materials": MATERIALS}),
    )
    await owner.execute("UPDATE item SET guide_version = 1 WHERE code = $1", made.items[0])
    return made


async def make(floor: Floor, **days: str) -> dict[str, Any]:
    body = {"hall_code": floor.code, "from_on": "2026-05-01", "to_on": "2026-05-31", **days}
    return good(await floor.client.post(PATH, json=body, headers=floor.manager()), 201)


async def do(floor: Floor, report: dict[str, Any], step: str, **asked: Any) -> Any:
    headers = {**asked.pop("headers", floor.manager())}
    if (version := asked.pop("version", report["version"])) is not None:
        headers["If-Match"] = f'"{version}"'
    send = floor.client.put if step == "measures" else floor.client.post
    return await send(f"{PATH}/{report['id']}/{step}", json=asked or None, headers=headers)


async def see(floor: Floor, report: dict[str, Any]) -> dict[str, Any]:
    return good(await floor.client.get(f"{PATH}/{report['id']}", headers=floor.manager()))


async def test_the_report_says_which_items_need_a_second_visit_and_why(floor: Floor) -> None:
    report = await make(floor)
    content = report["content"]
    assert (content["finished"], content["done"], content["second_visits"]) == (12, 6, 6)
    assert (content["share"], content["without"]) == (0.5, 1)
    [item] = content["items"]
    assert (item["item_name"], item["finished"], item["second_visits"]) == (
        f"事项{floor.items[0]}",
        10,
        6,
    )
    assert item["share"] == 0.6
    assert [(one["text"], one["count"], one["material"]) for one in item["reasons"]] == [
        ("社区证明", 3, None),
        ("户口簿", 2, "户口簿"),
        ("营业执照副本", 2, "营业执照副本"),
    ]
    outside, follows, shared = (one["zh"] for one in item["remedies"])
    assert "不在现行指南中" in outside
    assert "容缺" in follows
    assert "核验共享数据" in shared
    assert content["basis"]["through_seq"] == 36
    assert (report["state"], report["edition"]) == ("draft", 1)
    assert report["number"].startswith(f"{floor.code}-")


async def test_the_figures_of_the_report_are_those_of_the_statistics(floor: Floor) -> None:
    content = (await make(floor))["content"]
    params = {"from": "2026-05-01", "to": "2026-05-31"}
    total = good(await floor.get("statistics", params=params))["total"]
    assert (content["finished"], content["done"], content["second_visits"]) == (
        total["served"],
        total["done"],
        total["needs_more"],
    )


async def test_a_signed_report_keeps_what_it_said_whatever_happens_later(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    report = await make(floor)
    planned = good(await do(floor, report, "measures", measures={floor.items[0]: "写进指南"}))
    signed = good(await do(floor, planned, "sign"))
    assert (signed["state"], len(signed["sha256"])) == ("signed", 64)
    await HallLog(owner, floor.code, seq=36).visit(date(2026, 5, 30), floor.items[0])
    await owner.execute("UPDATE item SET name = '改了名' WHERE code = $1", floor.items[0])
    assert await see(floor, report) == signed
    assert signed["measures"] == {floor.items[0]: "写进指南"}
    row = await owner.fetchrow("SELECT * FROM second_visit_report WHERE id = $1", report["id"])
    assert row is not None
    known = dict(row) | {"content": json.loads(row["content"])}
    stored = SecondVisitReport(**known | {"measures": json.loads(row["measures"])})
    assert rules.digest(stored, dict(row)) == signed["sha256"]
    for change in (
        "UPDATE second_visit_report SET content = '{}' WHERE id = $1",
        "UPDATE second_visit_report SET measures = '{}' WHERE id = $1",
        "UPDATE second_visit_report SET signed_name = 'x' WHERE id = $1",
        "DELETE FROM second_visit_report WHERE id = $1",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(change, report["id"])


@provokes("put_second_visit_measures", "state-conflict", "not-found")
@provokes("withdraw_second_visit_report", "state-conflict", "not-found")
@provokes("sign_second_visit_report", "state-conflict", "not-found", "precondition-required")
async def test_a_report_is_signed_as_it_was_read_and_withdrawn_with_a_reason(floor: Floor) -> None:
    report = await make(floor)
    problem(await do(floor, report, "sign", version=None), 428, "precondition-required")
    planned = good(await do(floor, report, "measures", measures={floor.items[0]: "预约时提醒"}))
    problem(await do(floor, report, "sign"), 409, "state-conflict")
    signed = good(await do(floor, planned, "sign"))
    late = await do(floor, signed, "measures", measures={})
    assert problem(late, 409, "state-conflict")["state"] == "signed"
    done = good(await do(floor, signed, "withdraw", reason="漏计一天"))
    assert (done["state"], done["withdrawal_reason"]) == ("withdrawn", "漏计一天")
    assert (done["sha256"], done["content"]) == (signed["sha256"], signed["content"])
    problem(await do(floor, done, "withdraw", reason="再撤一次"), 409, "state-conflict")
    none = {**report, "id": "01993f6a-6c00-7abc-8def-0123456789ab"}
    problem(await do(floor, none, "sign"), 404, "not-found")
    problem(await do(floor, none, "measures", measures={}), 404, "not-found")
    problem(await do(floor, none, "withdraw", reason="没有"), 404, "not-found")


@provokes("sign_second_visit_report", "report-already-signed")
async def test_one_report_on_a_period_is_in_force_and_each_has_its_edition(floor: Floor) -> None:
    first, second = await make(floor), await make(floor)
    assert (first["edition"], second["edition"]) == (1, 2)
    assert first["number"] != second["number"]
    signed = good(await do(floor, first, "sign"))
    problem(await do(floor, second, "sign"), 409, "report-already-signed")
    good(await do(floor, signed, "withdraw", reason="以第二版为准"))
    good(await do(floor, second, "sign"))
    listed = await floor.client.get(PATH, params={"state": "signed"}, headers=floor.manager())
    assert [one["edition"] for one in good(listed)["items"]] == [2]


async def test_days_that_are_not_over_and_items_that_are_not_in_it_are_refused(
    floor: Floor,
) -> None:
    today = floor.clock.at.date().isoformat()
    body = {"hall_code": floor.code, "from_on": today, "to_on": today}
    answer = await floor.client.post(PATH, json=body, headers=floor.manager())
    assert problem(answer, 422, "invalid-request")["errors"][0]["pointer"] == "/body/to_on"
    turned = {**body, "from_on": "2026-05-02", "to_on": "2026-05-01"}
    problem(await floor.client.post(PATH, json=turned, headers=floor.manager()), 422,
            "invalid-request")  # fmt: skip
    report = await make(floor)
    other = await do(floor, report, "measures", measures={floor.items[1]: "什么也不做"})
    problem(other, 422, "invalid-request")


@provokes("make_second_visit_report", "not-found")
@provokes("get_second_visit_report", "not-found")
async def test_reports_of_other_halls_do_not_exist(floor: Floor, hall: Build) -> None:
    other, report = await hall(), await make(floor)
    body = {"hall_code": floor.code, "from_on": "2026-05-01", "to_on": "2026-05-31"}
    problem(await floor.client.post(PATH, json=body, headers=other.manager()), 404, "not-found")
    answer = await floor.client.get(f"{PATH}/{report['id']}", headers=other.manager())
    problem(answer, 404, "not-found")
    listed = await floor.client.get(PATH, headers=other.manager())
    assert good(listed)["items"] == []
    problem(await do(floor, report, "sign", headers=floor.clerk()), 403, "forbidden")


async def test_the_page_has_number_hall_period_and_room_for_a_signature(floor: Floor) -> None:
    report = await make(floor)
    accept = {**floor.manager(), "Accept": "text/html"}

    async def page() -> str:
        answer = await floor.client.get(f"{PATH}/{report['id']}", headers=accept)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        return answer.text

    draft = await page()
    for text in (report["number"], "测试大厅", "2026年5月1日至2026年5月31日", "签发人（签字）"):
        assert text in draft
    assert "草稿，未签发" in draft
    signed = good(await do(floor, report, "sign"))
    text = await page()
    assert signed["sha256"] in text
    assert signed["signed_by"] in text
    assert "草稿" not in text
    good(await do(floor, signed, "withdraw", reason="<b>漏计</b>"))
    assert "&lt;b&gt;漏计&lt;/b&gt;" in await page()


def test_a_report_leads_from_draft_to_signed_to_withdrawn_and_no_way_back() -> None:
    ways = {(row.state.value, row.to.value) for row in WORKFLOW.rows}
    assert ways == {
        ("draft", "draft"),
        ("draft", "signed"),
        ("draft", "withdrawn"),
        ("signed", "withdrawn"),
    }


def counted(missing: dict[str | None, int], **terms: Any) -> rules.CountedItem:
    known: dict[str, Any] = {
        "code": "I",
        "name": "事项",
        "department_code": "D",
        "department_name": None,
        "visits_needed": 1,
        "visits_reason": "",
        "online_depth": OnlineDepth.NONE,
        "by_post": False,
        "guide_version": 1,
        "deferred": 0,
    }
    materials = [rules.GuideMaterial(one, "", False) for one in ("身份证原件", "户口簿")]
    return rules.CountedItem(**{**known, "materials": materials, "missing": missing, **terms})


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ({"身份证 原件": 2, "（身份证原件）": 1}, {"身份证原件": 3}),
        ({"张三的委托书": 1, "李四电话没带": 1}, {"其他": 2}),
        ({"回执 320102199003071233": 3}, {"回执 …": 3}),
        ({None: 4, "户口簿": 1}, {"其他": 4, "户口簿": 1}),
        ({"其他": 5}, {"其他": 5}),
        ({}, {}),
    ],
)
def test_words_of_few_tickets_and_numbers_of_persons_are_not_shown(
    missing: dict[str | None, int], expected: dict[str, int]
) -> None:
    found = rules.report_item(counted(missing), rules.FinishedTickets(9, sum(missing.values())))
    assert {one.text: one.count for one in found.reasons} == expected


def test_an_item_that_is_registered_with_two_visits_is_in_it_though_nobody_came() -> None:
    item = counted({}, visits_needed=2, visits_reason="须领证")
    assert rules.needs_a_second(item, rules.FinishedTickets(0, 0))
    found = rules.report_item(item, rules.FinishedTickets(0, 0))
    assert (found.share, "须到场 2 次" in found.remedies[0].zh) == (None, True)
    assert not rules.needs_a_second(counted({}), rules.FinishedTickets(3, 0))
