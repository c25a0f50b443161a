"""Orders as work lists: what waits for whoever asks, by the last day."""

from typing import Any

import httpx
import pytest

from shared.database.engine import Sessions
from tests.projects.rectifying import PATH, Case, Headers
from tests.support import Connect


@pytest.fixture
async def case(projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions) -> Case:
    """A duty that is overdue."""
    made = Case(projects, as_, sql, sessions)
    await made.overdue()
    return made


async def listed(case: Case, headers: dict[str, str], **params: Any) -> list[str]:
    """The ids of the unit's orders in a list."""
    query = {"unit": case.unit, **params}
    answer = await case.client.get(PATH, params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


async def test_the_work_list_has_what_waits_for_whoever_asks(case: Case) -> None:
    order = await case.ordered()
    officer, auditors = case.officer, [case.auditor(which) for which in range(3)]
    assert await listed(case, officer, mine=True) == [order["id"]]
    assert await listed(case, auditors[0], mine=True) == []
    await case.reply()
    assert await listed(case, officer, mine=True) == []
    assert await listed(case, auditors[0], mine=True) == [order["id"]]
    await case.act("return", auditors[0], reason="不齐")
    await case.end("close", 1)
    found = [bool(await listed(case, auditor, mine=True)) for auditor in auditors]
    assert found == [False, False, True]  # not who ordered it, nor who proposed it
    assert await listed(case, case.as_("supervisor"), mine=True) == []
    # Who is an auditor too acts for their own unit alone, and judges nothing of it.
    both = [case.as_("auditor officer", unit, sub="both") for unit in (case.unit, "D01")]
    assert [bool(await listed(case, who, mine=True)) for who in both] == [True, True]
    await case.reply()
    assert [bool(await listed(case, who, mine=True)) for who in both] == [False, True]
    await case.act("return", auditors[0], reason="仍不齐")
    assert await listed(case, officer, state="returned") == [order["id"]]
    assert await listed(case, officer, state="closed") == []
    assert await listed(case, officer, duty=case.duty["id"]) == [order["id"]]


async def test_supervisors_have_what_was_escalated_and_what_an_auditor_has_let_lie(
    case: Case,
) -> None:
    order, supervisor = await case.ordered(), case.as_("supervisor")
    await case.reply()
    assert await listed(case, supervisor, mine=True) == []
    rows = await case.rows()
    late = "UPDATE rectification_order SET {} = DATE '2026-01-05' WHERE id = $1"
    await rows.execute(late.format("review_due_on"), order["id"])
    assert await listed(case, supervisor, mine=True) == [order["id"]]
    assert await listed(case, case.officer, overdue=True) == []
    await case.act("return", case.auditor(), reason="不齐")
    assert await listed(case, supervisor, mine=True) == []
    for _ in range(3):
        await case.left_alone()
    assert await listed(case, supervisor, overdue=True) == [order["id"]]
    await case.reply()
    assert await listed(case, supervisor, mine=True) == [order["id"]]
    await case.act("return", case.auditor(), reason="不齐")
    assert await listed(case, supervisor, mine=True) == [order["id"]]


async def test_lists_by_the_last_day_are_read_in_pages(case: Case) -> None:
    first = await case.ordered(working_days=5)
    second = Case(case.client, case.as_, case.sql, case.sessions)
    await second.overdue()
    rows = await case.rows()
    await rows.execute("UPDATE duty SET unit_code = $1 WHERE id = $2", case.unit, second.duty["id"])
    later = await second.ordered(working_days=1)
    await rows.execute("UPDATE rectification_order SET due_on = NULL WHERE id = $1", first["id"])
    params: dict[str, Any] = {"unit": case.unit, "limit": 1}
    seen = []
    while True:
        found = (await case.client.get(PATH, params=params, headers=case.officer)).json()
        seen += [one["id"] for one in found["items"]]
        if not found["next_cursor"]:
            break
        params["cursor"] = found["next_cursor"]
    assert seen == [later["id"], first["id"]]  # what has no last day comes last
    assert await listed(case, case.officer, due_before="2999-01-01") == [later["id"]]
    assert await listed(case, case.officer, overdue=True) == []
