"""A disputed finding stands until somebody else decides: no unit moves its score by itself."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.projects.auditing.models import Verdict
from services.projects.disputes import rules
from services.projects.disputes.models import Dispute
from shared import clock
from shared.errors import FourEyes
from shared.security.identity import Caller
from shared.workdays import official
from tests.projects import make
from tests.projects.test_reports import audit, walk
from tests.provoking import provokes
from tests.support import Connect, Databases

Headers = Callable[..., dict[str, str]]
DISPUTE = {"document": "宁发改函〔2026〕8号", "reason": "网页其实按时", "version": 1}
NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
async def overdue(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> dict[str, Any]:
    """A duty of a unit of its own, proven absent after its limit."""
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    body = make.event(project, unit, "2026-03-02")
    made = await make.duty(projects, as_("officer", unit, sub=f"officer-{unit}"), body)
    await walk(databases, unit)
    return made


async def opened(projects: httpx.AsyncClient, as_: Headers, duty: dict[str, Any]) -> httpx.Response:
    """The unit's own officer disputes the finding."""
    officer = as_("officer", duty["unit"], sub=f"officer-{duty['unit']}")
    return await projects.post(
        f"/api/v1/duties/{duty['id']}/dispute", json=DISPUTE, headers=officer
    )


async def the_dispute(
    projects: httpx.AsyncClient, as_: Headers, duty: dict[str, Any]
) -> dict[str, Any]:
    params = {"duty": duty["id"]}
    found = await projects.get("/api/v1/disputes", params=params, headers=as_("auditor"))
    [one] = found.json()["items"]
    return dict(one)


async def line_of(projects: httpx.AsyncClient, as_: Headers, unit: str) -> dict[str, Any]:
    """The unit's line of a report frozen now."""
    report = await audit(projects, as_("auditor"))
    body = (await projects.get(f"/api/v1/reports/{report}.json")).json()
    [line] = [line for line in body["units"] if line["unit"] == unit]
    return dict(line)


async def test_a_dispute_leaves_verdict_light_and_score_and_is_marked(
    projects: httpx.AsyncClient, as_: Headers, overdue: dict[str, Any]
) -> None:
    before = await line_of(projects, as_, overdue["unit"])
    disputed = (await opened(projects, as_, overdue)).json()
    assert (disputed["verdict"], disputed["hold"]) == ("overdue", "none")
    assert disputed["dispute"]["zh"] == "异议处理中"
    life = (await projects.get(f"/api/v1/projects/{overdue['project']}")).json()
    [item] = [item for item in life["items"] if item["duty"] == overdue["id"]]
    assert (item["in_dispute"], item["light"]) == (True, "red")
    after = await line_of(projects, as_, overdue["unit"])
    assert (before.pop("in_dispute"), after.pop("in_dispute")) == (0, 1)
    before.pop("rank"), after.pop("rank")
    assert after == before


async def test_a_dispute_has_a_term_of_ten_working_days(
    projects: httpx.AsyncClient, as_: Headers, overdue: dict[str, Any]
) -> None:
    assert (await opened(projects, as_, overdue)).status_code == 200
    dispute = await the_dispute(projects, as_, overdue)
    assert dispute["due_on"] == official().nth_after(clock.today(clock.now()), 10).isoformat()
    assert (dispute["state"], dispute["overdue"]) == ("open", False)
    assert dispute["disputed_verdict"] == dispute["verdict"] == "overdue"
    one = await projects.get(f"/api/v1/disputes/{dispute['id']}", headers=as_("supervisor"))
    assert one.json() == dispute


async def test_a_term_never_guesses_a_holiday_notice() -> None:
    assert rules.due_on(date(2026, 9, 25), official()) == date(2026, 10, 15)
    assert rules.due_on(official().last_day - timedelta(days=3), official()) is None


@provokes("decide_dispute", "four-eyes")
async def test_who_opened_a_dispute_does_not_decide_it(
    projects: httpx.AsyncClient, as_: Headers, overdue: dict[str, Any]
) -> None:
    path = f"/api/v1/duties/{overdue['id']}/dispute"
    opener = as_("auditor", sub="auditor-a")
    assert (await projects.post(path, json=DISPUTE, headers=opener)).status_code == 200
    dispute = await the_dispute(projects, as_, overdue)
    decide, decision = (
        f"/api/v1/disputes/{dispute['id']}/decide",
        {
            "ruling": "upheld",
            "reason": "有新的存证",
        },
    )
    alone = await projects.post(decide, json=decision, headers=opener)
    assert (alone.status_code, alone.json()["type"]) == (409, "/problems/four-eyes")
    officer = as_("officer", overdue["unit"])
    assert (await projects.post(decide, json=decision, headers=officer)).status_code == 403
    another = as_("auditor", sub="auditor-b")
    decided = await projects.post(decide, json=decision, headers=another)
    assert (decided.status_code, decided.json()["state"]) == (200, "upheld")


def test_an_officer_of_the_unit_decides_nothing_even_as_an_auditor() -> None:
    dispute = Dispute(
        duty_id=UUID(NOBODY),
        unit_code="D01",
        disputed_verdict=Verdict.OVERDUE,
        document="文",
        reason="异议",
        opened_at=clock.now(),
        opened_by="officer-a",
    )
    rules.ensure_another(dispute, (), Caller("b", frozenset({"auditor"}), frozenset({"*"})))
    both = Caller("b", frozenset({"auditor", "officer"}), frozenset({"D01"}))
    with pytest.raises(FourEyes):
        rules.ensure_another(dispute, (), both)


async def test_who_made_the_finding_does_not_decide_the_dispute_about_it(
    projects: httpx.AsyncClient, as_: Headers, overdue: dict[str, Any]
) -> None:
    """Auditor a had a part in the duty's extension, b asked for it only, c ordered the rest."""
    grants, asks = as_("auditor", sub="auditor-a"), as_("auditor", sub="auditor-b")
    order = {**DISPUTE, "days": 1}
    await make.by_two(projects, overdue["id"], "extend", order, asks, grants)
    demand = {"duty_id": overdue["id"], "demand": "请限期公开并回复网址"}
    orders = as_("auditor", sub="auditor-c")
    issued = await projects.post("/api/v1/rectifications", json=demand, headers=orders)
    assert issued.status_code == 201, issued.text
    path, officer = f"/api/v1/duties/{overdue['id']}", as_("officer", overdue["unit"])
    version = (await projects.get(path, headers=grants)).json()["version"]
    body = {**DISPUTE, "version": version}
    assert (await projects.post(f"{path}/dispute", json=body, headers=officer)).status_code == 200
    decide = f"/api/v1/disputes/{(await the_dispute(projects, as_, overdue))['id']}/decide"
    decision = {"ruling": "rejected", "reason": "核对了存证"}
    answers = [
        (await projects.post(decide, json=decision, headers=who)).json().get("type")
        for who in (grants, orders, asks)
    ]
    assert answers == ["/problems/four-eyes", "/problems/four-eyes", None]


@pytest.mark.parametrize(
    ("ruling", "verdict", "hold"),
    [("upheld", "time_disputed", "disputed"), ("rejected", "overdue", "none")],
)
async def test_only_the_decision_moves_the_verdict(
    projects: httpx.AsyncClient,
    as_: Headers,
    overdue: dict[str, Any],
    ruling: str,
    verdict: str,
    hold: str,
) -> None:
    await opened(projects, as_, overdue)
    dispute = await the_dispute(projects, as_, overdue)
    decided = await projects.post(
        f"/api/v1/disputes/{dispute['id']}/decide",
        json={"ruling": ruling, "reason": "核对了存证", "version": 1},
        headers=as_("auditor", sub="auditor-b"),
    )
    assert decided.json()["decision"] == "核对了存证"
    assert decided.json()["verdict"] == verdict
    path = f"/api/v1/duties/{overdue['id']}"
    duty = (await projects.get(path, headers=as_("auditor"))).json()
    assert (duty["verdict"], duty["hold"], duty["dispute"]) == (verdict, hold, None)
    if ruling == "upheld":
        body = {**DISPUTE, "version": duty["version"]}
        auditors = as_("auditor"), as_("auditor", sub="auditor-b")
        restored = await make.by_two(projects, overdue["id"], "restore", body, *auditors)
        assert restored.json()["verdict"] == "overdue"


async def test_a_dispute_upheld_after_an_exemption_leaves_the_exemption(
    projects: httpx.AsyncClient, as_: Headers, overdue: dict[str, Any]
) -> None:
    disputed = (await opened(projects, as_, overdue)).json()
    auditors = as_("auditor"), as_("auditor", sub="auditor-b")
    await make.exempted(projects, overdue["id"], *auditors, version=disputed["version"])
    dispute = await the_dispute(projects, as_, overdue)
    decided = await projects.post(
        f"/api/v1/disputes/{dispute['id']}/decide",
        json={"ruling": "upheld", "reason": "已豁免"},
        headers=as_("auditor"),
    )
    assert (decided.json()["state"], decided.json()["verdict"]) == ("upheld", "exempt")


async def test_a_dispute_upheld_while_suspended_holds_once_the_suspension_would_end(
    projects: httpx.AsyncClient, as_: Headers, overdue: dict[str, Any]
) -> None:
    disputed = (await opened(projects, as_, overdue)).json()
    path, auditor = f"/api/v1/duties/{overdue['id']}", as_("auditor")
    body = {**DISPUTE, "version": disputed["version"]}
    other = as_("auditor", sub="auditor-b")
    await make.by_two(projects, overdue["id"], "suspend", body, auditor, other)
    suspended = (await projects.get(path, headers=auditor)).json()
    body = {**DISPUTE, "version": suspended["version"]}
    again = await projects.post(f"{path}/dispute", json=body, headers=auditor)
    assert (again.status_code, again.json()["state"]) == (409, "suspended")
    dispute = await the_dispute(projects, as_, overdue)
    decided = await projects.post(
        f"/api/v1/disputes/{dispute['id']}/decide",
        json={"ruling": "upheld", "reason": "有存证"},
        headers=auditor,
    )
    assert (decided.json()["state"], decided.json()["verdict"]) == ("upheld", "time_disputed")
    duty = (await projects.get(path, headers=auditor)).json()
    assert (duty["hold"], duty["verdict"]) == ("disputed", "time_disputed")


@provokes("dispute_duty", "state-conflict")
@provokes("decide_dispute", "state-conflict")
async def test_one_dispute_at_a_time_and_one_decision(
    projects: httpx.AsyncClient, as_: Headers, overdue: dict[str, Any]
) -> None:
    answers = await asyncio.gather(*(opened(projects, as_, overdue) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    path = f"/api/v1/duties/{overdue['id']}/dispute"
    again = await projects.post(path, json={**DISPUTE, "version": 2}, headers=as_("auditor"))
    assert (again.status_code, again.json()["state"]) == (409, "open")
    dispute = await the_dispute(projects, as_, overdue)
    decide = f"/api/v1/disputes/{dispute['id']}/decide"
    decisions = await asyncio.gather(
        *(
            projects.post(
                decide, json={"ruling": ruling, "reason": "核对了存证"}, headers=as_("auditor")
            )
            for ruling in ("upheld", "rejected", "upheld")
        )
    )
    assert sorted(answer.status_code for answer in decisions) == [200, 409, 409]


@provokes("read_dispute", "not-found")
@provokes("decide_dispute", "not-found")
@provokes("dispute_duty", "not-found")
async def test_an_officer_sees_and_disputes_only_what_is_theirs(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, overdue: dict[str, Any]
) -> None:
    await opened(projects, as_, overdue)
    dispute = await the_dispute(projects, as_, overdue)
    stranger = as_("officer", await make.unit(await sql("projects")))
    for path in (f"/disputes/{dispute['id']}", f"/disputes?unit={overdue['unit']}"):
        assert (await projects.get(f"/api/v1{path}", headers=stranger)).status_code == 404
    assert (await projects.get("/api/v1/disputes", headers=stranger)).json()["items"] == []
    mine = await projects.get("/api/v1/disputes", headers=as_("officer", overdue["unit"]))
    assert [one["id"] for one in mine.json()["items"]] == [dispute["id"]]
    path = f"/api/v1/duties/{overdue['id']}/dispute"
    body = {**DISPUTE, "version": 2}
    assert (await projects.post(path, json=body, headers=stranger)).status_code == 404
    decide, decision = f"/api/v1/disputes/{NOBODY}/decide", {"ruling": "upheld", "reason": "没有"}
    answer = await projects.post(decide, json=decision, headers=as_("auditor"))
    assert answer.status_code == 404
