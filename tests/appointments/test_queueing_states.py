"""Every state with every action, generated from the table that the service itself goes by."""

from typing import Any

import pytest

from services.appointments.queueing.models import TicketState
from services.appointments.queueing.routes import router
from services.appointments.queueing.workflow import ROWS, SYSTEM, WORKFLOW, Action, roles_for
from shared.security.identity import ROLES
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem

ASKED = [action for action in Action if roles_for(action)]
BODIES: dict[Action, dict[str, Any]] = {Action.FINISH: {"outcome": "done"}}
S, A = TicketState, Action
WAY: dict[TicketState, list[str]] = {
    S.WAITING: [],
    S.CALLED: ["call"],
    S.RECALLED: ["call", "recall"],
    S.SERVING: ["call", "serve"],
    S.PARKED: ["call", "serve", "park"],
    S.MISSED: ["call", "miss"],
    S.TRANSFERRED: ["call", "serve", "transfer"],
    S.DONE: ["call", "serve", "finish"],
    S.ABANDONED: ["abandon"],
}
BEFORE = {
    S.CALLED: S.WAITING,
    S.RECALLED: S.CALLED,
    S.SERVING: S.CALLED,
    S.PARKED: S.SERVING,
    S.MISSED: S.CALLED,
    S.TRANSFERRED: S.SERVING,
    S.DONE: S.SERVING,
    S.ABANDONED: S.WAITING,
}


def body_of(floor: Floor, action: Action | str) -> dict[str, Any]:
    if action == Action.TRANSFER:
        return {"items": floor.items}
    return BODIES.get(Action(action), {})


async def brought_to(floor: Floor, state: TicketState) -> dict[str, Any]:
    """A ticket in that state."""
    ticket = await floor.issue()
    for step in WAY[state]:
        if step == "call":
            ticket = await floor.call()
        else:
            floor.clock.pass_(seconds=61)
            ticket = await floor.done(ticket, step, **body_of(floor, step))
    assert ticket["state"] == state
    return ticket


@pytest.fixture
async def floor(hall: Build) -> Floor:
    made = await hall()
    await made.open()
    return made


@pytest.mark.parametrize("action", ASKED, ids=str)
@pytest.mark.parametrize("state", WAY, ids=str)
async def test_each_state_takes_exactly_its_edges(
    floor: Floor, state: TicketState, action: Action
) -> None:
    ticket = await brought_to(floor, state)
    if action is Action.RECALL:
        floor.clock.pass_(seconds=61)
    answer = await floor.do(ticket, action, **body_of(floor, action))
    row = WORKFLOW.get(state, action)
    if action is Action.UNDO and state is S.WAITING:
        problem(answer, 409, "nothing-to-undo")
    elif row is None:
        refused = problem(answer, 409, "state-conflict")
        assert (refused["state"], refused["version"]) == (state, ticket["version"])
        assert (await floor.see(ticket))["version"] == ticket["version"]
    else:
        after = row.to or BEFORE[state]
        assert good(answer)["state"] == after
        assert good(answer)["version"] == ticket["version"] + 1


@pytest.mark.parametrize("action", ASKED, ids=str)
@pytest.mark.parametrize("role", sorted(ROLES))
async def test_each_action_is_open_to_exactly_its_roles(
    floor: Floor, role: str, action: Action
) -> None:
    ticket = await floor.issue()
    headers = floor.sign(role, floor.code)
    answer = await floor.do(ticket, action, headers=headers, **body_of(floor, action))
    allowed = role in roles_for(action)
    assert (answer.status_code == 403) is not allowed, answer.text


def test_every_state_is_reached_and_every_edge_leaves_a_reachable_state() -> None:
    reached, before = {S.WAITING}, set[TicketState]()
    while reached != before:
        before = set(reached)
        reached |= {e.to for e in ROWS if e.state in reached and e.to is not None}
    assert reached == set(TicketState)


def test_no_caller_may_take_an_edge_of_the_system() -> None:
    systems = {row.action for row in ROWS if row.roles == SYSTEM}
    assert systems == {A.CALL, A.CLOSE, A.CLEAR, A.WITHDRAW}
    assert not systems & set(ASKED)


@pytest.mark.parametrize("action", ASKED, ids=str)
def test_an_action_has_one_name_in_refusals_and_documents(action: Action) -> None:
    [route] = [
        one for one in router.routes if getattr(one, "operation_id", "") == f"{action}_ticket"
    ]
    name = WORKFLOW.names[action]
    assert str(getattr(route, "summary", "")).lower() == f"{name.zh} | {name.en}"
