"""The table itself: what it must never allow, whatever rows are added."""

import json
from collections import defaultdict
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.feedback.casework import events, sender_steps, workflow
from services.feedback.casework.clock_effects import ClockEffect
from services.feedback.casework.models import LetterTransition
from services.feedback.casework.schemas import Explain
from services.feedback.casework.wording import STATES
from services.feedback.casework.workflow import (
    CLOCK,
    LABELS,
    MOVES,
    SENDER,
    STAFF,
    _rows,
)
from services.feedback.letters.models import LetterState as S
from shared.security.crypto import Keyring
from shared.workflow import Workflow
from tests import support

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
    own = {(move.state, move.action) for move in MOVES}
    assert set(workflow.WORKFLOW.actions) <= set(LABELS) <= {*workflow.WORKFLOW.actions, *own}
    assert all(move.roles and move.roles <= set(ROLES) for move in MOVES)


def test_only_a_reviewer_lets_a_reply_out_and_never_its_author() -> None:
    rows = [move for move in MOVES if move.to is S.REPLIED and move.state is not S.REPLIED]
    assert [(m.state, m.roles, m.unless and m.unless.__name__) for m in rows] == [
        (S.IN_REVIEW, frozenset({"reviewer"}), "written_by_another")
    ]


KEPT_INSIDE = {
    "reclassify", "return", "dispute", "confirm_dispatch", "uphold_return", "recall",
    "request_extension", "refuse_extension", "submit_reply", "send_back",
}  # fmt: skip
"""Who gave the letter to whom, and drafts."""


def test_what_stays_inside_is_marked_in_no_row() -> None:
    told = {move.action for move in MOVES if move.tells_sender}
    assert told == set(workflow.WORKFLOW.actions) - KEPT_INSIDE
    assert not [m for m in MOVES if m.tells_sender and m.action in KEPT_INSIDE]


def test_words_for_the_sender_stand_only_where_the_sender_is_told() -> None:
    for move in MOVES:
        assert move.tells_sender or not (move.quotes or move.notice), move
        assert set(move.quotes) <= set(move.takes.model_fields), move


def test_a_row_sets_what_its_new_state_needs() -> None:
    """Columns of the letter that a state has to have are set by every row that leads to it."""
    for move in MOVES:
        if move.state is move.to:
            continue
        changed = move.changes and move.changes.__name__
        if move.to is S.CLOSED:
            assert (changed, move.event) == ("closed", events.LetterClosed), move
        if move.to is S.REPLIED:
            assert (changed, move.event) == ("replied", events.LetterReplied), move
            assert ClockEffect.ANSWERED in move.clocks, move
        if move.to is S.MERGED:
            assert (changed, move.event) == ("merged", events.LetterMerged), move
        if S.MERGED is move.state:
            assert changed == "unmerged", move
        if move.to in (S.NOT_ACCEPTED, S.TRANSFERRED, S.WITHDRAWN, S.MERGED):
            appealed = move.state is S.APPEALED
            ended = ClockEffect.APPEAL_DECIDED if appealed else ClockEffect.ENDED
            assert move.clocks == (ended,), move
        if move.to is S.AWAITING_CITIZEN:
            assert ClockEffect.PAUSED in move.clocks, move
        if move.state is S.AWAITING_CITIZEN and move.to is S.HANDLING:
            assert ClockEffect.RESUMED in move.clocks, move


def test_what_a_person_writes_is_kept_by_the_row_that_takes_it() -> None:
    """Words with a table of their own are added to the file in whichever state they come."""
    kept = {
        "submit_reply": "reply", "approve": "approval", "supplement": "supplement",
        "log_activity": "activity", "request_extension": "extension", "rate_good": "rating",
        "rate_bad": "rating", "rate_last": "rating",
    }  # fmt: skip
    for move in MOVES:
        assert (move.adds and move.adds.__name__) == kept.get(move.action), move
        assert move.grants == {"approve_extension": True, "refuse_extension": False}.get(
            move.action
        ), move


def test_an_action_without_marks_tells_the_sender_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that says only from where to where and by whom, with a reason that stays inside."""
    rows = _rows("mark_internally", (S.HANDLING,), S.HANDLING, ("supervisor",), Explain)
    extended = Workflow(
        (*MOVES, *rows),
        STATES,
        {**LABELS, "mark_internally": LABELS["recall"]},
        title=workflow.WORKFLOW.title,
        starts=[S.RECEIVED],
    )
    monkeypatch.setattr(workflow, "WORKFLOW", extended)
    keyring = Keyring(support.COLUMN_KEYS, support.INDEX_KEY)
    assert list(sender_steps.shown(keyring, [_step("mark_internally", keyring)], "zh")) == []
    assert [
        s.action for s in sender_steps.shown(keyring, [_step("ask_citizen", keyring)], "zh")
    ] == ["ask_citizen"]


def _step(action: str, keyring: Keyring) -> LetterTransition:
    step = LetterTransition(
        letter_id=uuid4(),
        version=2,
        action=action,
        from_state=S.HANDLING,
        to_state=S.HANDLING,
        actor="somebody",
        at=datetime.now(UTC),
    )
    written = json.dumps({"reason": "内部", "question": "问"})
    where = "letter_transition.fields"
    step.fields_sealed = keyring.seal(written, where=where, row=str(step.id))
    return step
