"""The table itself: what it must never allow, whatever rows are added."""

from collections import defaultdict
from pathlib import Path

import pytest

from services.feedback.casework import machine
from services.feedback.casework.diagram import page
from services.feedback.casework.labels import LABELS
from services.feedback.casework.machine import CLOCK, MOVES, SENDER, STAFF
from services.feedback.letters.models import LetterState as S
from shared.errors import Forbidden, StateConflict

ROLES = (*STAFF, SENDER, CLOCK)


def reachable(without: S) -> set[S]:
    """Every state that a new letter can come to when `without` is closed."""
    ways: dict[S, set[S]] = defaultdict(set)
    for move in MOVES:
        ways[move.state] |= {move.to} if move.to else set()
    seen, edge = {S.RECEIVED}, [S.RECEIVED]
    while edge:
        new = ways[edge.pop()] - seen - {without}
        seen |= new
        edge += new
    return seen


def test_nothing_is_replied_or_closed_around_the_review() -> None:
    assert not reachable(S.IN_REVIEW) & {S.REPLIED, S.CLOSED, S.REOPEN_REQUESTED}


def test_every_state_can_be_reached() -> None:
    nowhere = S.RECEIVED  # as the start it cannot be closed
    assert reachable(nowhere) == set(S)


def test_a_state_and_an_action_have_one_row() -> None:
    assert len(machine.BY_STATE) == len(MOVES)


def test_an_action_takes_the_same_fields_in_every_state() -> None:
    taken = defaultdict(set)
    for move in MOVES:
        taken[move.action].add(move.takes)
    assert all(len(kinds) == 1 for kinds in taken.values())


def test_input_models_are_closed() -> None:
    assert all(move.takes.model_config.get("extra") == "forbid" for move in MOVES)


def test_every_action_has_a_name_and_a_known_role() -> None:
    assert set(LABELS) == set(machine.ACTIONS)
    assert all(move.roles and move.roles <= set(ROLES) for move in MOVES)


def test_only_a_reviewer_lets_a_reply_out_and_never_its_author() -> None:
    rows = [move for move in MOVES if move.to is S.REPLIED]
    assert [(m.state, m.roles, m.guard and m.guard.__name__) for m in rows] == [
        (S.IN_REVIEW, frozenset({"reviewer"}), "written_by_another")
    ]


@pytest.mark.parametrize("state", S)
def test_every_action_in_a_state_is_the_tables_or_refused(state: S) -> None:
    for action in machine.ACTIONS:
        for role in ROLES:
            row = machine.BY_STATE.get((state, action))
            if row is None:
                with pytest.raises(StateConflict):
                    machine.find(state, 1, action, frozenset({role}))
            elif role not in row.roles:
                with pytest.raises(Forbidden):
                    machine.find(state, 1, action, frozenset({role}))
            else:
                assert machine.find(state, 1, action, frozenset({role})) is row


def test_the_page_in_the_documents_is_the_table() -> None:
    written = Path(__file__).parents[2] / "docs" / "letters.md"
    assert written.read_text("utf-8") == page(), (
        "run: python -m services.feedback.casework.diagram > docs/letters.md"
    )
