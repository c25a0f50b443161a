"""The notices that are handed over to units: whole on paper, Chinese first, nobody's markup."""

import re
from typing import Any

import httpx
import pytest

from services.projects import notice_page
from services.projects.auditing.models import Verdict
from services.projects.duties.schemas import DutyView, Published
from shared.database.engine import Sessions
from shared.errors import Text
from tests.projects import make
from tests.projects.rectifying import NOBODY, PATH, Case, Headers
from tests.provoking import provokes
from tests.support import Connect


@pytest.fixture
async def case(projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions) -> Case:
    made = Case(projects, as_, sql, sessions)
    await made.overdue()
    return made


def words(html: str) -> str:
    """What people read, without the English that stands beside it."""
    bare = re.sub(r'<span class="en">.*?</span>', "", html, flags=re.DOTALL)
    body = bare.partition("<body>")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


async def printed(case: Case, path: str, headers: dict[str, str] | None = None) -> str:
    answer = await case.client.get(path, headers=headers or case.officer)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "<script" not in answer.text
    return answer.text


@provokes("read_rectification_notice", "not-found")
async def test_an_order_is_handed_over_with_its_last_day_and_all_that_was_done(case: Case) -> None:
    order = await case.ordered(demand="请公开<b>批复</b>")
    await case.reply(kind="document", document="宁发改函〔2026〕8号", url=None, text="见附件")
    html = await printed(case, f"{PATH}/{order['id']}.html")
    assert "请公开&lt;b&gt;批复&lt;/b&gt;" in html
    said = words(html)
    year, month, day = (int(part) for part in order["due_on"].split("-"))
    for expected in (
        order["number"],
        f"测试单位{case.unit}：",
        "逾期未公开",
        f"{year}年{month}月{day}日前",
        "下达之前就在网上的网页不作为整改证明",
        "文件 宁发改函〔2026〕8号 见附件",
    ):
        assert expected in said, expected
    assert re.search(r"逾期未公开，超期\d+个工作日", said)
    for both in ("overdue, ", "working days over", "2026-03-02", ">document</span>"):
        assert both in html, both
    assert "已撤销" not in said
    await case.end("revoke", 1)
    await case.end("revoke", 2)
    assert "已撤销" in words(await printed(case, f"{PATH}/{order['id']}.html"))
    stranger = case.as_("officer", await make.unit(await case.rows()))
    for one in (f"{PATH}/{order['id']}.html", f"{PATH}/{NOBODY}.html"):
        assert (await case.client.get(one, headers=stranger)).status_code == 404


@pytest.mark.parametrize(
    ("by_days", "days", "over"),
    [
        (True, 1, Text("逾期后公开，超期1日", "published late, 1 day over")),
        (True, 3, Text("逾期后公开，超期3日", "published late, 3 days over")),
        (False, 1, Text("逾期后公开，超期1个工作日", "published late, 1 working day over")),
        (False, None, Text("逾期后公开", "published late")),
    ],
)
def test_what_is_over_is_counted_in_the_days_of_its_clock(
    by_days: bool, days: int | None, over: Text
) -> None:
    unseen = Published(claimed_at=None, first_seen_at=None, last_absent_at=None, trust=0, url=None)
    known: dict[str, Any] = {"item_code": "MP-02-01", "formed_on": None, "due_on": None}
    over_it: dict[str, Any] = {"over_by": days, "by_days": by_days, "verdict": Verdict.LATE}
    duty = DutyView.model_construct(**known, **over_it, published=unseen, reasons=[])
    names: dict[str, Text] = {Verdict.LATE: Text("逾期后公开", "published late")}
    facts = notice_page.duty_facts(duty, None, "批复", names, Verdict.LATE)
    [finding] = [fact.value for fact in facts if fact.name.en == "finding"]
    assert finding == over


async def test_an_order_without_a_last_day_says_so_and_names_none(case: Case) -> None:
    order = await case.ordered()
    await (await case.rows()).execute(
        "UPDATE rectification_order SET due_on = NULL WHERE id = $1", order["id"]
    )
    said = words(await printed(case, f"{PATH}/{order['id']}.html"))
    assert "放假通知尚未载入" in said
    assert "年12月" not in said.partition("整改期限")[2].partition("怎样办理")[0]


async def the_dispute(case: Case) -> dict[str, Any]:
    body = {"document": "宁发改函〔2026〕8号", "reason": "网页<i>其实</i>按时", "version": 1}
    path = f"/api/v1/duties/{case.duty['id']}/dispute"
    assert (await case.client.post(path, json=body, headers=case.officer)).status_code == 200
    params = {"duty": case.duty["id"]}
    found = await case.client.get("/api/v1/disputes", params=params, headers=case.officer)
    [one] = found.json()["items"]
    return dict(one)


@provokes("read_dispute_notice", "not-found")
async def test_a_dispute_is_handed_over_as_received_and_then_as_ruled(case: Case) -> None:
    dispute = await the_dispute(case)
    path = f"/api/v1/disputes/{dispute['id']}"
    html = await printed(case, f"{path}.html")
    said = words(html)
    assert "信息公开异议受理通知书" in said
    assert "网页&lt;i&gt;其实&lt;/i&gt;按时" in html
    assert "10个工作日内决定" in said
    assert '<span class="en">dispute ' in html
    decision = {"ruling": "rejected", "reason": "有存证"}
    decided = await case.client.post(f"{path}/decide", json=decision, headers=case.auditor(1))
    assert decided.status_code == 200
    said = words(await printed(case, f"{path}.html"))
    assert "信息公开异议决定书" in said
    assert "异议不成立" in said
    missing = await case.client.get(f"/api/v1/disputes/{NOBODY}.html", headers=case.officer)
    assert missing.status_code == 404


async def test_disputes_are_listed_for_who_decides_by_their_last_day(case: Case) -> None:
    dispute = await the_dispute(case)

    async def listed(headers: dict[str, str], **params: Any) -> list[str]:
        query = {"unit": case.unit, **params}
        found = await case.client.get("/api/v1/disputes", params=query, headers=headers)
        return [one["id"] for one in found.json()["items"]]

    auditor, mine = case.auditor(), [dispute["id"]]
    assert await listed(auditor, mine=True) == mine
    opener = case.as_("auditor", sub=f"officer-{case.unit}")
    assert await listed(opener, mine=True) == []  # nobody decides what they opened
    assert await listed(case.officer, mine=True) == mine
    assert await listed(auditor, due_before="2000-01-01") == []
    assert await listed(auditor, due_before="2999-01-01") == mine
    assert await listed(auditor, overdue=True) == []
    await (await case.rows()).execute(
        "UPDATE dispute SET due_on = DATE '2026-01-05' WHERE id = $1", dispute["id"]
    )
    assert await listed(auditor, overdue=True) == mine
    decision = {"ruling": "rejected", "reason": "有存证"}
    path = f"/api/v1/disputes/{dispute['id']}/decide"
    assert (await case.client.post(path, json=decision, headers=auditor)).status_code == 200
    assert await listed(auditor, overdue=True) == await listed(auditor, mine=True) == []
