"""The database refuses a state that is in no table of states."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from services.appointments.booking import workflow as appointments
from services.appointments.queueing import workflow as tickets
from services.appointments.slots import workflow as slots
from services.appointments.windows import workflow as windows
from shared.workflow import Workflow

WORKFLOWS = {
    "appointment": appointments.WORKFLOW,
    "slot": slots.WORKFLOW,
    "ticket": tickets.WORKFLOW,
    "window_at_work": windows.WORKFLOW,
}


@pytest.mark.parametrize(("table", "workflow"), WORKFLOWS.items(), ids=list(WORKFLOWS))
async def test_the_database_knows_exactly_the_states_of_the_table(
    table: str, workflow: Workflow[Any], sql: Callable[[str], Awaitable[asyncpg.Connection]]
) -> None:
    owner = await sql("appointments")

    check = await owner.fetchrow(
        "SELECT pg_get_constraintdef(oid) AS text, convalidated FROM pg_constraint"
        " WHERE conrelid = $1::regclass AND conname = $2",
        table,
        f"ck_{table}_state_known",
    )

    assert check is not None
    assert check["convalidated"]
    assert set(re.findall(r"'(\w+)'", check["text"])) == {str(state) for state in workflow.states}


def test_a_place_is_held_until_an_edge_frees_it() -> None:
    holding = {"held", "confirmed", "checked_in", "served", "no_show", "lapsed"}

    assert holding == appointments.HOLDING
    assert all(
        (edge.to in appointments.HOLDING) == (not edge.frees)
        for edge in appointments.EDGES
        if edge.state in appointments.HOLDING
    )
    assert appointments.LIVE < appointments.HOLDING
