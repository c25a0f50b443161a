"""What was decided on an order and does not stand: a proof that is taken back, a proposal that is
refused."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from services.projects.duties import observing
from services.projects.rectification import settling
from shared.clock import now
from shared.database.engine import Sessions
from tests.projects import make
from tests.projects.quarter_world import report_of
from tests.projects.rectifying import AUDITORS, NOBODY, Case, Headers
from tests.provoking import provokes
from tests.support import Connect


@pytest.fixture
async def case(projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions) -> Case:
    made = Case(projects, as_, sql, sessions)
    await made.overdue()
    await made.ordered()
    return made


async def duty_of(case: Case) -> dict[str, Any]:
    path = f"/api/v1/duties/{case.duty['id']}"
    return dict((await case.client.get(path, headers=case.officer)).json())


async def test_an_order_whose_proof_is_taken_back_goes_back_to_its_unit(case: Case) -> None:
    await case.seen()
    assert (await case.settled())["rectified"] is True
    assert (await case.looked_at_again())["state"] == "closed"
    await case.taken_back()
    # From that moment on it counts nowhere, also before the watch has come round.
    read = await case.read()
    assert (read["state"], read["rectified"], read["proof"]) == ("closed", False, None)
    assert (await duty_of(case))["rectified"] is False
    again = await case.looked_at_again()
    assert (again["state"], again["closing"], again["ended_at"]) == ("returned", None, None)
    assert again["due_on"] is not None
    assert again["steps"][-1]["text"] == settling.TAKEN_BACK
    [published] = await case.published("reopened")
    assert published["url"] == "https://example.gov.cn/new.htm"
    assert (await case.looked_at_again())["version"] == again["version"]
    await case.seen("other")
    proven = await case.settled()
    assert (proven["closing"], proven["rectified"]) == ("proof", True)
    assert proven["proof"]["url"] == "https://example.gov.cn/other.htm"


async def test_another_page_proves_what_the_one_taken_back_did(case: Case) -> None:
    await case.seen()
    await case.seen("other")
    before = await case.settled()
    await case.taken_back()
    still = await case.looked_at_again()
    assert (still["state"], still["rectified"]) == ("closed", True)
    assert before["proof"]["url"] == "https://example.gov.cn/new.htm"
    assert still["proof"]["url"] == "https://example.gov.cn/other.htm"
    assert await case.published("reopened") == []


async def test_an_order_that_follows_keeps_the_one_before_it_closed_and_unproven(
    case: Case,
) -> None:
    first = case.order
    await case.seen()
    await case.settled()
    await case.taken_back()
    unseen = [UUID(case.duty["id"])]
    await case.inside(
        lambda session: observing.set_in_review(session, unseen, False, now(), actor="test")
    )
    await case.ordered()
    second, case.order = case.order, first
    assert (await case.looked_at_again())["state"] == "closed"
    assert (await case.read())["rectified"] is False
    case.order = second
    await case.seen("other")
    assert (await case.settled())["rectified"] is True
    case.order = first
    assert (await case.looked_at_again())["proof"]["url"] == "https://example.gov.cn/other.htm"
    # Both rest on it: the last goes back to its unit, for a duty has one open order.
    await case.taken_back("other")
    assert (await case.looked_at_again())["state"] == "closed"
    case.order = second
    assert (await case.read())["state"] == "returned"


async def test_a_report_counts_no_proof_that_was_taken_back(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions
) -> None:
    case = Case(projects, as_, sql, sessions)
    await case.formed("2011-04-12")
    await case.overdue_now()
    await case.ordered()
    await case.seen()
    await case.settled()
    frozen = []
    for _ in range(2):
        report = await report_of(projects, as_, quarter="2011-Q2")
        query = "SELECT rectified FROM frozen_duty WHERE report_id = $1 AND unit_code = $2"
        frozen.append(await (await case.rows()).fetchval(query, report["id"], case.unit))
        await case.taken_back()
    assert frozen == ["overdue", None]


@provokes("refuse_rectification_proposal", "four-eyes", "state-conflict", "not-found")
async def test_a_proposal_is_refused_by_another_or_withdrawn_by_who_made_it(case: Case) -> None:
    nothing = await case.end("refuse", 1)
    assert (nothing.status_code, nothing.json()["type"]) == (409, "/problems/state-conflict")
    for which in (0, 1):
        proposed = (await case.end("close", 1)).json()
        assert (proposed["proposal"], proposed["first_by"]) == ("close", AUDITORS[1])
        refused = (await case.end("refuse", which, reason="说明不足")).json()
        assert (refused["proposal"], refused["first_by"]) == (None, None)
        assert (refused["state"], refused["review_due_on"]) == ("issued", None)
        assert refused["due_on"] == case.order["due_on"]
    last = (await case.read())["steps"][-1]
    assert (last["step"], last["text"], last["by"]) == ("returned", "说明不足", AUDITORS[1])
    await case.reply()
    await case.end("close", 1)
    refused = (await case.end("refuse", 0)).json()  # the reply still waits, and for a term anew
    assert (refused["state"], refused["review_due_on"] is None) == ("replied", False)
    await case.end("close", 1)
    theirs = case.as_("auditor officer", case.unit, sub=AUDITORS[2])
    assert (await case.act("refuse", theirs, reason="不同意")).json()["type"] == (
        "/problems/four-eyes"
    )
    case.order = {"id": NOBODY}
    assert (await case.end("refuse", 1)).status_code == 404


async def test_a_watch_takes_as_many_statements_for_many_orders_as_for_one(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions
) -> None:
    engine: AsyncEngine = sessions.kw["bind"]
    counts, sent = [], list[str]()

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        sent.append(statement)

    for number in (1, 3):
        cases = [Case(projects, as_, sql, sessions) for _ in range(number)]
        for one in cases:
            await one.overdue()
            await one.ordered()
            await one.seen()
        sent.clear()
        event.listen(engine.sync_engine, "before_cursor_execute", note)
        try:
            await cases[0].inside(lambda session: settling.settle(session, now()))
        finally:
            event.remove(engine.sync_engine, "before_cursor_execute", note)
        counts.append(len(sent))
        assert [(await one.read())["closing"] for one in cases] == ["proof"] * number
    assert counts[0] == counts[1], "\n".join(sent)


async def test_what_a_merged_unit_published_late_is_put_right_by_who_stands_for_it(
    case: Case,
) -> None:
    await case.formed()
    await case.seen(last_absent_at=now() - timedelta(days=1))
    rows = await case.rows()
    into = await make.unit(rows)
    merger = {"merged_on": "2026-03-16", "document": "宁编〔2026〕3号", "version": 1}
    path = f"/api/v1/units/{case.unit}/merge"
    merged = await case.client.post(
        path, json=merger | {"successor_code": into}, headers=case.as_("admin")
    )
    assert (merged.status_code, merged.json()["taken_over"]) == (201, 0), merged.text
    order = await case.ordered()
    name = await rows.fetchval("SELECT name FROM responsible_unit WHERE code = $1", into)
    assert (order["unit_code"], order["unit_name"]) == (into, name)
    assert (await case.act("acknowledge")).status_code == 404
    case.unit = into
    assert (await case.act("acknowledge")).status_code == 200
