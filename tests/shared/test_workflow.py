"""Every table of states, and every state, action and role in it."""

from itertools import product
from typing import Any

import pytest

from deploy.workflows import workflows
from services.feedback.ratings import workflow as ratings
from services.feedback.ratings.models import RatingAction, RatingState
from services.feedback.supervision import workflow as supervision
from shared.errors import Forbidden, StateConflict, Text
from shared.workflow import Workflow

WORKFLOWS: dict[str, Workflow[Any]] = {
    found.workflow.title.en: found.workflow for found in workflows()
}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_in_a_state_is_a_row_of_the_table_or_refused(name: str) -> None:
    workflow = WORKFLOWS[name]
    rows = {(row.state, row.action): row for row in workflow.rows}
    roles = {"nobody"}.union(*(row.roles for row in workflow.rows))
    for state, action, role in product(workflow.states, workflow.actions, roles):
        row, by = rows.get((state, action)), frozenset({role})
        if row is not None and role in row.roles:
            assert workflow.take(state, 1, action, by) is row
            assert action in workflow.open_to(state, by)
        else:
            with pytest.raises(Forbidden if row else StateConflict):
                workflow.take(state, 1, action, by)
            assert action not in workflow.open_to(state, by)


def test_a_refusal_says_what_is_the_case_and_what_may_be_done_instead() -> None:
    state, officer = RatingState.VERIFYING, frozenset({"officer"})
    with pytest.raises(StateConflict) as refused:
        ratings.WORKFLOW.take(state, 4, RatingAction.FEEDBACK, officer)
    assert refused.value.members == {"state": "verifying", "version": 4}
    assert refused.value.detail == Text(
        "现在是“核实中”，不能“反馈”；可以：整改、说明、申诉",
        "It is “being verified” now, which does not allow “report back”;"
        " you may: put right, explain, appeal",
    )


def test_a_refusal_says_what_to_do_where_nothing_is_left_to_do() -> None:
    state, officer = RatingState.EXCLUDED, frozenset({"officer"})
    with pytest.raises(StateConflict) as refused:
        ratings.WORKFLOW.take(state, 4, RatingAction.FEEDBACK, officer)
    assert refused.value.detail == Text(
        "现在是“不计入统计”，不能“反馈”；可能已有他人先办，请刷新后查看",
        "It is “excluded” now, which does not allow “report back”;"
        " somebody may have been faster, please reload",
    )


def test_two_rows_for_one_state_and_action_or_a_nameless_one_are_no_table() -> None:
    [row, *others] = supervision.MOVES
    states, names = supervision.WORKFLOW.states, supervision.WORKFLOW.names
    title = supervision.WORKFLOW.title
    with pytest.raises(ValueError, match="two rows"):
        Workflow([row, row, *others], states, names, title=title, starts=[row.state])
    with pytest.raises(ValueError, match="acknowledge"):
        Workflow([row], states, {}, title=title, starts=[row.state])
    some = {state: words for state, words in states.items() if state != "issued"}
    with pytest.raises(ValueError, match="issued"):
        Workflow(others, some, names, title=title, starts=[row.state])
