"""A report is signed by another person than who made it, gets the next number of the year, and its
scores are published."""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx

from shared import clock
from tests.projects.quarter_world import Quarter, report_of
from tests.provoking import provokes
from tests.support import Connect

Headers = Callable[..., dict[str, str]]


async def signed(
    projects: httpx.AsyncClient, as_: Headers, report: dict[str, Any], sub: str = "auditor-two"
) -> httpx.Response:
    headers = as_("auditor", sub=sub)
    return await projects.post(f"/api/v1/reports/{report['id']}/sign", headers=headers)


@provokes("sign_report", "four-eyes")
@provokes("sign_report", "state-conflict")
@provokes("sign_report", "not-found")
async def test_another_person_signs_a_report_once(
    projects: httpx.AsyncClient, as_: Headers, quarter: Quarter
) -> None:
    made = await report_of(projects, as_, quarter="2013-Q2")
    maker = await projects.post(f"/api/v1/reports/{made['id']}/sign", headers=as_("auditor"))
    assert (maker.status_code, maker.json()["type"]) == (409, "/problems/four-eyes")
    officer = as_("officer", "*", sub="auditor-two")
    refused = await projects.post(f"/api/v1/reports/{made['id']}/sign", headers=officer)
    assert refused.status_code == 403
    done = await signed(projects, as_, made)
    assert (done.status_code, done.json()["id"]) == (200, made["id"]), done.text
    assert done.json()["report"] == made["report"], "its bytes stay as they were frozen"
    again = await signed(projects, as_, made, sub="auditor-three")
    assert (again.status_code, again.json()["state"]) == (409, "signed")
    nowhere = {"id": "01a207b3-5554-7244-a2be-a9fa98349139"}
    assert (await signed(projects, as_, nowhere)).status_code == 404


async def test_the_numbers_of_a_year_follow_one_another(
    projects: httpx.AsyncClient, as_: Headers, quarter: Quarter
) -> None:
    reports = [await report_of(projects, as_, quarter="2013-Q2") for _ in range(2)]
    numbers = [(await signed(projects, as_, one)).json()["signed"] for one in reports]
    year = clock.today(clock.now()).year
    assert [one["year"] for one in numbers] == [year, year]
    assert numbers[1]["serial"] == numbers[0]["serial"] + 1
    listed = await projects.get("/api/v1/reports", params={"limit": 1})
    assert listed.json()["items"][0]["signed"] == numbers[1]
    page = await projects.get(f"/api/v1/reports/{reports[1]['id']}.html")
    assert f"签发〔{year}〕{numbers[1]['serial']}号" in page.text


@provokes("withdraw_report", "four-eyes")
async def test_a_withdrawn_report_is_not_signed_and_a_signed_one_is_withdrawn_by_two(
    projects: httpx.AsyncClient, as_: Headers, quarter: Quarter
) -> None:
    made = [await report_of(projects, as_, quarter="2013-Q2") for _ in range(2)]
    paths, why = [f"/api/v1/reports/{one['id']}" for one in made], {"reason": "漏读了一个栏目"}
    await projects.post(f"{paths[0]}/withdraw", json=why, headers=as_("auditor"))
    refused = await signed(projects, as_, made[0])
    assert (refused.status_code, refused.json()["state"]) == (409, "withdrawn")
    number = (await signed(projects, as_, made[1])).json()["signed"]
    params = {"report": made[1]["id"]}

    async def withdraws(sub: str) -> dict[str, Any]:
        headers = as_("auditor", sub=sub)
        answer = await projects.post(f"{paths[1]}/withdraw", json=why, headers=headers)
        return dict(answer.json())

    proposed = await withdraws("auditor-two")
    assert proposed["withdrawn"] is None
    assert proposed["withdrawal_proposed"]["reason"] == why["reason"]
    public = (await projects.get(paths[1])).json()["withdrawal_proposed"]
    assert (public["reason"], bool(public["proposed_at"])) == (None, True)
    assert (await projects.get("/api/v1/scores", params=params)).json()["items"] != []
    assert (await withdraws("auditor-two"))["type"] == "/problems/four-eyes"
    taken_back = await withdraws("auditor-three")
    assert (taken_back["signed"], taken_back["withdrawal_proposed"]) == (number, None)
    assert taken_back["withdrawn"]["reason"] == why["reason"]
    assert (await projects.get("/api/v1/scores", params=params)).json()["items"] == []


async def test_of_signing_and_withdrawing_at_once_one_comes_first(
    projects: httpx.AsyncClient, as_: Headers, quarter: Quarter
) -> None:
    """Withdrawn first it is not signed; signed first its withdrawal is only proposed."""
    why = {"reason": "漏读了一个栏目"}
    for _ in range(3):
        made = await report_of(projects, as_, quarter="2013-Q2")
        path = f"/api/v1/reports/{made['id']}"
        one, other = await asyncio.gather(
            signed(projects, as_, made),
            projects.post(f"{path}/withdraw", json=why, headers=as_("auditor")),
        )
        now = (await projects.get(path)).json()
        assert other.status_code == 200, other.text
        is_signed, is_withdrawn = now["signed"] is not None, now["withdrawn"] is not None
        assert is_signed is (one.status_code == 200) is not is_withdrawn
        assert (now["withdrawal_proposed"] is not None) is is_signed


async def test_nobody_signs_or_withdraws_the_scores_of_their_own_unit(
    projects: httpx.AsyncClient, as_: Headers, quarter: Quarter
) -> None:
    made = await report_of(projects, as_, quarter="2013-Q2")
    path, why = f"/api/v1/reports/{made['id']}", {"reason": "得分有误"}
    theirs = as_("auditor officer", quarter.units[0], sub="auditor-of-unit")
    refused = await projects.post(f"{path}/sign", headers=theirs)
    assert refused.json()["type"] == "/problems/four-eyes"
    assert (await signed(projects, as_, made)).status_code == 200
    refused = await projects.post(f"{path}/withdraw", json=why, headers=theirs)
    assert refused.json()["type"] == "/problems/four-eyes"


async def test_scores_are_public_once_the_report_is_signed_and_not_before(
    projects: httpx.AsyncClient, as_: Headers, quarter: Quarter
) -> None:
    made = await report_of(projects, as_, quarter="2013-Q2")
    params: dict[str, Any] = {"report": made["id"], "limit": 200}
    assert (await projects.get("/api/v1/scores", params=params)).json()["items"] == []
    number = (await signed(projects, as_, made)).json()["signed"]
    found = (await projects.get("/api/v1/scores", params=params)).json()["items"]
    assert [one["unit_code"] for one in found] == [
        one["unit_code"] for one in made["report"]["units"]
    ]
    [own] = [one for one in found if one["unit_code"] == quarter.units[0]]
    [line] = [one for one in made["report"]["units"] if one["unit_code"] == quarter.units[0]]
    for name in ("name", "score", "merit_score", "rank", "n", "interval", "light"):
        assert own[name] == line[name], name
    assert (own["serial"], own["period_kind"], own["to_on"]) == (
        number["serial"],
        "quarter",
        "2013-06-30",
    )
    of_unit = await projects.get("/api/v1/scores", params={"unit": quarter.units[0]})
    assert of_unit.json()["items"][0] == own
    newest = await projects.get("/api/v1/scores", params={"limit": 1})
    assert newest.json()["items"][0]["report_id"] == made["id"]
    cursor = {"limit": 1, "cursor": newest.json()["next_cursor"]}
    following = await projects.get("/api/v1/scores", params=cursor)
    assert following.json()["items"][0]["unit_code"] == found[1]["unit_code"]


async def test_that_scores_are_published_is_said_by_an_event_without_names(
    projects: httpx.AsyncClient, as_: Headers, quarter: Quarter, sql: Connect
) -> None:
    begun = clock.now() - timedelta(seconds=5)
    made = await report_of(projects, as_, quarter="2013-Q2")
    done = (await signed(projects, as_, made)).json()
    rows = await sql("projects")
    body = await rows.fetchval(
        "SELECT body FROM outbox WHERE subject LIKE 'projects.score.published.v1.%'"
        " ORDER BY position DESC LIMIT 1"
    )
    said = json.loads(body)["data"]
    assert datetime.fromisoformat(said["signed_at"]) > begun
    assert (said["sha256"], said["serial"]) == (done["sha256"], done["signed"]["serial"])
    assert said["units"] == len(made["report"]["units"])
    assert b"auditor-two" not in body
