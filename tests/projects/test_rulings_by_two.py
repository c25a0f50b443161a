"""No auditor alone makes a late duty not late: what touches a clock that has run out, or takes back
what two decided, is asked for by one and made by another, within a term."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from services.projects.disputes.rules import due_on
from services.projects.duties.ordinals import is_over, stood_still
from shared import clock
from shared.database.engine import Sessions
from shared.workdays import official
from tests.projects.rectifying import NOBODY, Case, Headers
from tests.projects.test_notices_handed_over import printed, words
from tests.provoking import provokes
from tests.support import Connect

PATH = "/api/v1/exemptions"
ORDER = {"document": "宁政办〔2026〕1号", "reason": "诉讼期间", "version": 1}
CALENDAR = official()
FRIDAY = date(2026, 3, 6)
DUE = CALENDAR.ord_start(FRIDAY)


@pytest.mark.parametrize(
    ("suspended_on", "over", "days"),
    [
        (date(2026, 3, 5), False, 3),
        (FRIDAY, False, 2),
        (date(2026, 3, 7), True, 0),
        (date(2026, 3, 9), True, 0),
        (date(2026, 3, 10), True, 0),
    ],
)
def test_only_a_clock_that_had_not_run_out_stands_still(
    suspended_on: date, over: bool, days: int
) -> None:
    """Restored on Tuesday; what is done at the weekend after its last day is late."""
    restored_on = date(2026, 3, 10)
    assert is_over(DUE, suspended_on, CALENDAR, by_days=False) is over
    assert stood_still(DUE, suspended_on, restored_on, CALENDAR, by_days=False) == days


def test_plain_days_run_on_at_the_weekend_and_an_unknown_end_has_not_come() -> None:
    plain = (FRIDAY - date(2000, 1, 1)).days
    saturday, tuesday = FRIDAY + timedelta(days=1), FRIDAY + timedelta(days=4)
    assert is_over(plain, saturday, CALENDAR, by_days=True)
    assert stood_still(plain, saturday, tuesday, CALENDAR, by_days=True) == 0
    assert stood_still(plain, FRIDAY, tuesday, CALENDAR, by_days=True) == 4
    assert stood_still(None, FRIDAY, tuesday, CALENDAR, by_days=True) == 4
    ahead = CALENDAR.last_day + timedelta(days=9)
    assert is_over(CALENDAR.ord_start(CALENDAR.last_day), ahead, CALENDAR, by_days=False)
    assert not is_over(CALENDAR.ord_start(CALENDAR.last_day) + 1, ahead, CALENDAR, by_days=False)


@pytest.fixture
async def case(projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions) -> Case:
    made = Case(projects, as_, sql, sessions)
    await made.overdue()
    return made


async def ruled(case: Case, action: str, which: int = 0, **others: Any) -> dict[str, Any]:
    path = f"/api/v1/duties/{case.duty['id']}/{action}"
    answer = await case.client.post(path, json=ORDER | others, headers=case.auditor(which))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def act(case: Case, asked: dict[str, Any], which: int, step: str, **body: Any) -> Any:
    path = f"{PATH}/{asked['id']}/{step}"
    order = {"reason": "核对了文件", **body}
    return await case.client.post(path, json=order, headers=case.auditor(which))


async def listed(case: Case, headers: dict[str, str], **params: Any) -> list[str]:
    query = {"unit": case.unit, **params}
    found = await case.client.get(PATH, params=query, headers=headers)
    return [each["id"] for each in found.json()["items"]]


@pytest.mark.parametrize(
    ("action", "more", "then"), [("extend", {"days": 60}, "none"), ("suspend", {}, "suspended")]
)
async def test_what_is_late_is_moved_by_two_and_by_nobody_alone(
    case: Case, action: str, more: dict[str, Any], then: str
) -> None:
    duty = await ruled(case, action, **more)
    asked = duty["asked_ruling"]
    assert (duty["verdict"], duty["hold"], duty["rulings"]) == ("overdue", "none", [])
    assert (asked["kind"], asked["days"], duty["exemption"]) == (action, more.get("days"), None)
    alone = await act(case, asked, 0, "decide", ruling="granted")
    assert alone.json()["type"] == "/problems/four-eyes"
    granted = await act(case, asked, 1, "decide", ruling="granted")
    assert (granted.json()["state"], granted.json()["kind"]) == ("granted", action)
    path = f"/api/v1/duties/{case.duty['id']}"
    after = (await case.client.get(path, headers=case.auditor())).json()
    assert (after["hold"], after["asked_ruling"]) == (then, None)
    assert [each["kind"] for each in after["rulings"]] == [action]
    assert after["extended_by"] == more.get("days", 0)


async def test_what_two_suspended_two_restore_and_no_day_is_given_back(case: Case) -> None:
    await act(case, (await ruled(case, "suspend"))["asked_ruling"], 1, "decide", ruling="granted")
    asked = (await ruled(case, "restore", which=2, version=3))["asked_ruling"]
    restored = await act(case, asked, 1, "decide", ruling="granted")
    assert restored.json()["verdict"] == "overdue"


async def test_a_clock_that_runs_is_moved_by_one(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions
) -> None:
    case = Case(projects, as_, sql, sessions)
    await case.formed(clock.today(clock.now()).isoformat())
    assert (await ruled(case, "extend", days=3))["extended_by"] == 3
    assert (await ruled(case, "suspend", version=2))["hold"] == "suspended"
    restored = await ruled(case, "restore", version=3)
    assert (restored["hold"], restored["asked_ruling"]) == ("none", None)


@provokes("withdraw_exemption", "four-eyes")
@provokes("withdraw_exemption", "state-conflict")
@provokes("withdraw_exemption", "not-found")
async def test_who_asked_takes_it_back_and_it_can_be_asked_for_again(case: Case) -> None:
    asked = (await ruled(case, "extend", days=5))["asked_ruling"]
    assert (await act(case, asked, 1, "withdraw")).json()["type"] == "/problems/four-eyes"
    back = (await act(case, asked, 0, "withdraw")).json()
    assert (back["state"], back["withdrawn"], back["verdict"]) == ("refused", True, "overdue")
    again = await act(case, asked, 0, "withdraw")
    assert (again.status_code, again.json()["state"]) == (409, "refused")
    assert (await act(case, {"id": NOBODY}, 0, "withdraw")).status_code == 404
    assert (await ruled(case, "extend", version=2, days=5))["asked_ruling"] is not None


async def test_it_waits_within_a_term_for_those_who_may_decide(case: Case) -> None:
    asked = (await ruled(case, "suspend"))["asked_ruling"]
    one = (await case.client.get(f"{PATH}/{asked['id']}", headers=case.officer)).json()
    today = clock.today(clock.now())
    last = due_on(today, CALENDAR)
    assert one["due_on"] == (last and last.isoformat())
    assert one["overdue"] is False
    both = case.as_("auditor officer", case.unit, sub="both")
    waits = [case.auditor(1), case.auditor(0), case.officer, both]
    found = [await listed(case, who, mine=True) for who in waits]
    assert found == [[asked["id"]], [], [], []]
    assert await listed(case, case.officer, overdue=True) == []
    rows = await case.rows()
    late = "UPDATE exemption_request SET asked_at = asked_at - interval '60 days' WHERE id = $1"
    await rows.execute(late, asked["id"])
    assert await listed(case, case.officer, overdue=True, kind="suspend") == [asked["id"]]
    assert await listed(case, case.officer, due_before=today.isoformat()) == [asked["id"]]
    assert await listed(case, case.officer, overdue=True, kind="exempt") == []


@provokes("read_exemption_notice", "not-found")
async def test_it_is_handed_over_as_asked_for_and_then_as_decided(case: Case) -> None:
    asked = (await ruled(case, "extend", days=9, reason="<b>征求意见</b>"))["asked_ruling"]
    path = f"{PATH}/{asked['id']}.html"
    html = await printed(case, path)
    said = words(html)
    assert "信息公开监察裁定受理通知书" in said
    assert "已提出“延长期限”" in said
    assert "10个工作日内决定" in said
    assert "&lt;b&gt;征求意见&lt;/b&gt;" in html
    await act(case, asked, 1, "decide", ruling="refused")
    said = words(await printed(case, path))
    assert "信息公开监察裁定决定书" in said
    assert "未获同意" in said
    missing = await case.client.get(f"{PATH}/{NOBODY}.html", headers=case.officer)
    assert missing.status_code == 404


async def test_an_exemption_keeps_its_article_on_paper(case: Case) -> None:
    asked = (await ruled(case, "exempt", article="条例第14条"))["asked_ruling"]
    said = words(await printed(case, f"{PATH}/{asked['id']}.html"))
    assert "条例第14条" in said
