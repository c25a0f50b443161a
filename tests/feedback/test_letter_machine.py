"""The table itself: what it must never allow, whatever rows are added."""

from collections import defaultdict

from services.feedback.casework import workflow
from services.feedback.casework.labels import LABELS
from services.feedback.casework.workflow import CLOCK, MOVES, SENDER, STAFF
from services.feedback.letters.models import LetterState as S

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


def test_an_action_takes_the_same_fields_in_every_state() -> None:
    taken = defaultdict(set)
    for move in MOVES:
        taken[move.action].add(move.takes)
    assert all(len(kinds) == 1 for kinds in taken.values())


def test_input_models_are_closed() -> None:
    assert all(move.takes.model_config.get("extra") == "forbid" for move in MOVES)


def test_every_action_has_a_name_and_a_known_role() -> None:
    assert set(LABELS) == set(workflow.WORKFLOW.actions)
    assert all(move.roles and move.roles <= set(ROLES) for move in MOVES)


def test_only_a_reviewer_lets_a_reply_out_and_never_its_author() -> None:
    rows = [move for move in MOVES if move.to is S.REPLIED]
    assert [(m.state, m.roles, m.guard and m.guard.__name__) for m in rows] == [
        (S.IN_REVIEW, frozenset({"reviewer"}), "written_by_another")
    ]
