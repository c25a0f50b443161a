"""What people do to an order: every state, action and role, and what each step leaves behind."""

import base64
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.feedback.supervision import service
from services.feedback.supervision.contracts import DutyOverdue
from services.feedback.supervision.models import OrderState
from services.feedback.supervision.workflow import OrderAction
from tests.feedback.isolated_service import IsolatedService, new_code
from tests.provoking import provokes

ALLOWED = {
    ("issued", "acknowledge", "officer"): "acknowledged",
    ("acknowledged", "answer", "officer"): "answered",
    ("rejected", "answer", "officer"): "answered",
    ("answered", "accept", "supervisor"): "accepted",
    ("answered", "reject", "supervisor"): "rejected",
}
MAY_AT_ALL = {(action, role) for _, action, role in ALLOWED}
ROLES = ("citizen", "clerk", "officer", "reviewer", "auditor", "dispatcher", "supervisor", "admin")
STEP_TEXT = {"text": "已公开，附链接"}


async def found(isolated: IsolatedService, department: str) -> None:
    """Let there be such a department."""
    async with isolated.sessions() as session, session.begin():
        await session.execute(
            text("INSERT INTO department (code, name, english_name, is_active)"
                 " VALUES (:code, '试验局', 'Bureau of Trials', true) ON CONFLICT DO NOTHING"),
            {"code": department},
        )  # fmt: skip


async def issue(isolated: IsolatedService, department: str, **more: Any) -> dict[str, Any]:
    await found(isolated, department)
    body = {"department_code": department, "demand": "三日内公开批复", **more}
    answer = await isolated.post("/supervision-orders", "supervisor", "*", body=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def set_state(isolated: IsolatedService, order_id: str, state: str) -> None:
    async with isolated.sessions() as session, session.begin():
        await session.execute(
            text("UPDATE supervision_order SET state = :state WHERE id = :id"),
            {"state": state, "id": order_id},
        )
        await session.execute(
            text("UPDATE deadline SET state = 'cancelled' WHERE subject_id = :id"), {"id": order_id}
        )


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("state", list(OrderState))
async def test_every_state_action_and_role(
    isolated: IsolatedService, state: OrderState, role: str
) -> None:
    department = new_code()
    order = await issue(isolated, department)
    for action in OrderAction:
        await set_state(isolated, order["id"], state)
        place = "*" if role == "supervisor" else department
        answer = await isolated.post(
            f"/supervision-orders/{order['id']}/{action}", role, place, body=STEP_TEXT
        )
        expected = ALLOWED.get((state, action, role))
        if expected is not None:
            assert answer.json()["state"] == expected
        elif (action, role) in MAY_AT_ALL:
            assert (answer.status_code, answer.json()["state"]) == (409, state)
        else:
            assert answer.status_code == 403


async def test_from_issue_to_acceptance(isolated: IsolatedService) -> None:
    department = new_code()
    order = await issue(isolated, department, level=2)
    path = f"/supervision-orders/{order['id']}"
    assert (order["state"], order["level"], order["due_on"]) == ("issued", 2, "2026-11-24")
    step = await isolated.post(f"{path}/acknowledge", "officer", department)
    assert step.json()["due_on"] == "2026-11-30"
    await isolated.post(f"{path}/answer", "officer", department, body=STEP_TEXT)
    rejected = await isolated.post(
        f"{path}/reject", "supervisor", "*", body={"text": "链接打不开，请核实"}
    )
    assert rejected.json()["due_on"] == "2026-11-30"
    await isolated.post(f"{path}/answer", "officer", department, body=STEP_TEXT)
    accepted = await isolated.post(f"{path}/accept", "supervisor", "*")
    assert (accepted.json()["state"], accepted.json()["due_on"]) == ("accepted", None)
    detail = (await isolated.get(path, "officer", department)).json()
    assert [step["step"] for step in detail["steps"]] == [
        "issued", "acknowledged", "answered", "rejected", "answered", "accepted",
    ]  # fmt: skip
    assert detail["demand"] == "三日内公开批复"
    assert detail["steps"][3]["text"] == "链接打不开，请核实"


async def test_an_answer_waits_for_its_decider_no_longer_than_a_term_that_is_shown(
    isolated: IsolatedService,
) -> None:
    department = new_code()
    order = await issue(isolated, department)
    path = f"/supervision-orders/{order['id']}"
    await isolated.post(f"{path}/acknowledge", "officer", department)
    answered = await isolated.post(f"{path}/answer", "officer", department, body=STEP_TEXT)
    assert (answered.json()["due_on"], answered.json()["overdue"]) == ("2026-11-30", False)
    isolated.clock.advance(days=8)
    shown = await isolated.get(path, "supervisor", "*")
    assert (shown.json()["state"], shown.json()["overdue"]) == ("answered", True)
    own = await isolated.get("/deadlines", "officer", department)
    assert {each["kind"]: each["state"] for each in own.json()["items"]} == {
        "order_acknowledge": "met",
        "order_answer": "met",
    }, "the term is the supervisor's, and no department is late by it"


@provokes("accept_supervision_answer", "items-stand")
async def test_the_word_done_does_not_end_an_order_while_what_it_names_is_overdue(
    isolated: IsolatedService,
) -> None:
    """Only a recorded reason does; the refusal names what is left."""
    _, order_id = await answered_order(isolated, department := new_code())
    path = f"/supervision-orders/{order_id}"
    refused = await isolated.post(f"{path}/accept", "supervisor", "*", body={"text": "已办"})
    problem = refused.json()
    assert (refused.status_code, problem["open_item_count"]) == (409, 1)
    assert [each["item_name"] for each in problem["unfinished"]] == ["批准结果信息"]
    assert "跨江大桥 批准结果信息" in problem["detail"]
    shown = (await isolated.get(path, "officer", department)).json()
    assert (shown["state"], shown["open_item_count"]) == ("answered", 1)
    reason = "该事项已依法豁免公开"
    accepted = await isolated.post(f"{path}/accept", "supervisor", "*", body={"reason": reason})
    assert accepted.json()["state"] == "accepted"
    steps = (await isolated.get(path, "officer", department)).json()["steps"]
    assert (steps[-1]["step"], steps[-1]["text"]) == ("accepted", reason)


async def answered_order(isolated: IsolatedService, department: str) -> tuple[UUID, str]:
    """An overdue duty, and an order about it that the department says it has published."""
    duty = DutyOverdue(
        duty_id=uuid4(),
        unit_code=department,
        project_code="2018-320000-77-01-500001",
        project_name="跨江大桥",
        item_code="MP-02-01",
        item_name="批准结果信息",
        due_on=date(2026, 11, 18),
        judged_at=isolated.clock.now,
    )
    await isolated.run(service.demand_publication, duty)
    listed = await isolated.get("/supervision-orders", "officer", department)
    [order] = listed.json()["items"]
    for step in ("acknowledge", "answer"):
        path = f"/supervision-orders/{order['id']}/{step}"
        await isolated.post(path, "officer", department, body={"text": "已办"})
    return duty.duty_id, str(order["id"])


async def test_what_was_written_is_sealed_in_the_database(isolated: IsolatedService) -> None:
    order = await issue(isolated, new_code(), demand="请联系张三丰 13800001234")
    async with isolated.sessions() as session:
        found = await session.execute(
            text("SELECT demand_sealed FROM supervision_order WHERE id = :id"), {"id": order["id"]}
        )
    assert found.scalar_one().startswith("v1|")


@provokes("acknowledge_supervision_order", "not-found")
@provokes("accept_supervision_answer", "not-found")
@provokes("get_supervision_order", "not-found")
@provokes("list_supervision_items", "not-found")
async def test_another_department_sees_no_order_and_cannot_answer(
    isolated: IsolatedService,
) -> None:
    department, other = new_code(), new_code()
    order = await issue(isolated, department)
    path = f"/supervision-orders/{order['id']}"
    assert (await isolated.get(path, "officer", other)).status_code == 404
    assert (await isolated.get(f"{path}/items", "officer", other)).status_code == 404
    assert (await isolated.post(f"{path}/acknowledge", "officer", other)).status_code == 404
    unknown = f"/supervision-orders/{uuid4()}/accept"
    assert (await isolated.post(unknown, "supervisor", "*")).status_code == 404
    listed = await isolated.get("/supervision-orders", "officer", other)
    assert listed.json()["items"] == []
    asked = await isolated.get("/supervision-orders", "officer", other, department_code=department)
    assert asked.json()["items"] == []
    own = await isolated.get("/supervision-orders", "officer", department)
    assert [o["id"] for o in own.json()["items"]] == [order["id"]]


@provokes("acknowledge_supervision_order", "state-conflict")
@provokes("accept_supervision_answer", "state-conflict")
async def test_a_stale_version_is_refused_and_told_the_present_one(
    isolated: IsolatedService,
) -> None:
    department = new_code()
    order = await issue(isolated, department)
    path = f"/supervision-orders/{order['id']}/acknowledge"
    stale = await isolated.post(path, "officer", department, version=9)
    assert (stale.status_code, stale.json()["version"]) == (409, order["version"])
    unanswered = f"/supervision-orders/{order['id']}/accept"
    assert (await isolated.post(unanswered, "supervisor", "*")).status_code == 409
    fresh = await isolated.post(path, "officer", department, version=order["version"])
    assert fresh.status_code == 200


async def test_lists_go_on_where_the_page_ended(isolated: IsolatedService) -> None:
    department = new_code()
    issued = [(await issue(isolated, department))["id"] for _ in range(5)]
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        answer = await isolated.get("/supervision-orders", "officer", department, limit=2, **cursor)
        seen += [order["id"] for order in answer.json()["items"]]
        if answer.json()["next_cursor"] is None:
            break
        cursor = {"cursor": answer.json()["next_cursor"]}
    assert sorted(seen) == sorted(issued)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/body/department_code"),
        ({"department_code": "D 03", "demand": "三日内公开"}, "/body/department_code"),
        ({"department_code": "NOWHERE", "demand": "三日内公开"}, "/body/department_code"),
        ({"department_code": "D03"}, "/body/demand"),
        ({"department_code": "D03", "demand": "快"}, "/body/demand"),
        ({"department_code": "D03", "demand": "公" * 2001}, "/body/demand"),
        ({"department_code": "D03", "demand": "三日内公开", "level": 4}, "/body/level"),
        ({"department_code": "D03", "demand": "三日内公开", "level": "一"}, "/body/level"),
        ({"department_code": "D03", "demand": "三日内公开", "level": "2"}, "/body/level"),
        ({"department_code": "D03", "demand": "三日内公开", "state": "closed"}, "/body/state"),
    ],
)
async def test_a_bad_order_is_refused_by_field(
    isolated: IsolatedService, body: dict[str, Any], pointer: str
) -> None:
    answer = await isolated.post("/supervision-orders", "supervisor", "*", body=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("path", "status"),
    [(str(uuid4()), 404), ("not-an-id", 422), (f"{uuid4()}/items", 404)],
    ids=["unknown", "no id", "items of an unknown one"],
)
async def test_an_unknown_order_is_not_found(
    isolated: IsolatedService, path: str, status: int
) -> None:
    answer = await isolated.get(f"/supervision-orders/{path}", "supervisor", "*")
    assert answer.status_code == status


@pytest.mark.parametrize("path", ["/supervision-orders", "/ratings", "/deadlines"])
@pytest.mark.parametrize(
    "key",
    [
        '[["t","2026-01-01T00:00:00"],["u","00000000-0000-0000-0000-000000000000"]]',
        '[["t","0001-01-01T00:00:00+14:00"],["u","00000000-0000-0000-0000-000000000000"]]',
        '[["d","0001-01-01"],["u","00000000-0000-0000-0000-000000000000"]]',
        '[["d","9999-12-31"],["u","not an id"]]',
        "[1,2]",
        "[]",
        "{}",
        "null",
    ],
)
async def test_a_made_up_cursor_is_a_client_error(
    isolated: IsolatedService, path: str, key: str
) -> None:
    cursor = base64.urlsafe_b64encode(key.encode()).decode()
    answer = await isolated.get(path, "supervisor", "*", cursor=cursor)
    assert answer.status_code in (200, 422), answer.text
