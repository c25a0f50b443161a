"""The letter's state machine: the one table that the API, the permissions, the documents and the
tests are made from.

Two actors are no staff: the sender, who shows the query code, and the clock. A reply goes out only
through `in_review`, and never by the approval of its own author. An accusation (举报) is never seen
by whom it accuses. Undoing a merge leads back to the state before it.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel

from services.feedback.casework import events, rules
from services.feedback.casework import schemas as fields
from services.feedback.casework.labels import LABELS, STATES
from services.feedback.casework.rules import Facts
from services.feedback.letters.models import LetterState as S
from shared.errors import Text
from shared.messaging.events import Event
from shared.workflow import Workflow

SENDER = "sender"
CLOCK = "clock"
STAFF = ("dispatcher", "officer", "reviewer", "supervisor")


class Effect(StrEnum):
    """What a move does to the letter's time limits."""

    REGISTERED_IN_TIME = "meets the limit to register"
    KIND_SETTLED = "sets the limit to reply by the kind, from the day of receipt"
    DISPATCHED = "starts the department's limit to accept or return"
    TAKEN = "meets the limit to accept or return; who holds the letter answers for its limits"
    PAUSED = "pauses the limit to reply while the sender is asked"
    RESUMED = "lets the limit to reply run on"
    EXTENDED = "extends the limit to reply"
    ANSWERED = "meets the limit to reply; starts those to publish, to reopen and of silence"
    REOPENED = "starts a new limit to reply"
    ENDED = "ends every limit"
    REVIVED = "starts the limit to reply again, from the day of receipt"


class Move(NamedTuple):
    """In `state`, `action` by one of `roles` leads to `to` (None: the state before the merge)."""

    state: S
    action: str
    to: S | None
    roles: frozenset[str]
    takes: type[BaseModel] = fields.Fields
    guard: Callable[[Facts], None] | None = None
    effects: tuple[Effect, ...] = ()
    event: type[Event] | None = None


def _rule(
    action: str,
    from_: tuple[S, ...],
    to: S | None,
    by: tuple[str, ...],
    takes: type[BaseModel] = fields.Fields,
    guard: Callable[[Facts], None] | None = None,
    effects: tuple[Effect, ...] = (),
    event: type[Event] | None = None,
    *,
    stays: bool = False,
) -> list[Move]:
    """The same move from several states; `stays` leaves the letter in each."""
    more = (frozenset(by), takes, guard, effects, event)
    return [Move(state, action, state if stays else to, *more) for state in from_]


DESK = ("dispatcher", "supervisor")
OPEN = (S.RECEIVED, S.REGISTERED, S.ACCEPTED, S.DISPATCHED, S.DISPUTED, S.HANDLING)
LIVE = (*OPEN, S.AWAITING_CITIZEN)
ANSWERED = (S.REPLIED, S.CLOSED)
AT_WORK = (S.HANDLING, S.IN_REVIEW)

MOVES: tuple[Move, ...] = (
    *_rule("register", (S.RECEIVED,), S.REGISTERED, ("dispatcher",), fields.Classify,
           rules.names_the_accused, (Effect.REGISTERED_IN_TIME, Effect.KIND_SETTLED),
           events.LetterRegistered),
    *_rule("reclassify", (S.REGISTERED,), S.REGISTERED, ("dispatcher",), fields.Classify,
           rules.names_the_accused, (Effect.KIND_SETTLED,)),
    *_rule("accept", (S.REGISTERED,), S.ACCEPTED, ("dispatcher",)),
    *_rule("refuse", (S.REGISTERED,), S.NOT_ACCEPTED, ("dispatcher",), fields.Refuse,
           effects=(Effect.ENDED,)),
    *_rule("transfer", (S.REGISTERED, S.ACCEPTED), S.TRANSFERRED, ("dispatcher",), fields.Transfer,
           effects=(Effect.ENDED,)),
    *_rule("dispatch", (S.ACCEPTED,), S.DISPATCHED, DESK, fields.Dispatch,
           rules.not_to_the_accused, (Effect.DISPATCHED,), events.LetterDispatched),
    *_rule("accept", (S.DISPATCHED,), S.HANDLING, ("officer",), effects=(Effect.TAKEN,)),
    *_rule("return", (S.DISPATCHED,), S.REGISTERED, ("officer",), fields.GiveBack,
           rules.first_return_in_time, (Effect.TAKEN,)),
    *_rule("dispute", (S.DISPATCHED,), S.DISPUTED, ("officer",), fields.GiveBack,
           effects=(Effect.TAKEN,)),
    *_rule("confirm_dispatch", (S.DISPUTED,), S.HANDLING, ("supervisor",), fields.Explain),
    *_rule("uphold_return", (S.DISPUTED,), S.REGISTERED, ("supervisor",), fields.Explain,
           effects=(Effect.TAKEN,)),
    *_rule("recall", (S.DISPATCHED, S.HANDLING), S.REGISTERED, DESK, fields.Explain,
           effects=(Effect.TAKEN,)),
    *_rule("ask_citizen", (S.HANDLING,), S.AWAITING_CITIZEN, ("officer",), fields.AskCitizen,
           effects=(Effect.PAUSED,)),
    *_rule("resume", (S.AWAITING_CITIZEN,), S.HANDLING, ("officer", CLOCK),
           effects=(Effect.RESUMED,)),
    *_rule("log_activity", (S.HANDLING, S.AWAITING_CITIZEN), None, ("officer",), fields.LogActivity,
           rules.not_in_the_future, stays=True),
    *_rule("request_extension", (S.HANDLING,), S.HANDLING, ("officer",), fields.RequestExtension,
           rules.extension_before_due),
    *_rule("approve_extension", AT_WORK, None, ("supervisor",), guard=rules.asked_by_another,
           effects=(Effect.EXTENDED,), stays=True),
    *_rule("refuse_extension", AT_WORK, None, ("supervisor",), fields.Explain,
           rules.asked_by_another, stays=True),
    *_rule("submit_reply", (S.HANDLING,), S.IN_REVIEW, ("officer",), fields.SubmitReply),
    *_rule("send_back", (S.IN_REVIEW,), S.HANDLING, ("reviewer",), fields.Explain),
    *_rule("approve", (S.IN_REVIEW,), S.REPLIED, ("reviewer",), guard=rules.written_by_another,
           effects=(Effect.ANSWERED,), event=events.LetterReplied),
    *_rule("close", (S.REPLIED,), S.CLOSED, (CLOCK,), event=events.LetterClosed),
    *_rule("rate_good", (S.REPLIED,), S.CLOSED, (SENDER,), fields.Rate, rules.not_yet_rated,
           event=events.LetterClosed),
    *_rule("rate_good", (S.CLOSED,), S.CLOSED, (SENDER,), fields.Rate, rules.not_yet_rated),
    *_rule("rate_bad", ANSWERED, S.REOPEN_REQUESTED, (SENDER,), fields.Rate, rules.may_rate_bad),
    *_rule("rate_last", (S.REPLIED,), S.CLOSED, (SENDER,), fields.Rate, rules.not_yet_rated,
           event=events.LetterClosed),
    *_rule("rate_last", (S.CLOSED,), S.CLOSED, (SENDER,), fields.Rate, rules.not_yet_rated),
    *_rule("reopen", ANSWERED, S.REOPEN_REQUESTED, (SENDER,), fields.Reopen, rules.may_reopen),
    *_rule("grant_reopen", (S.REOPEN_REQUESTED,), S.HANDLING, ("supervisor",),
           effects=(Effect.REOPENED,), event=events.LetterReopened),
    *_rule("refuse_reopen", (S.REOPEN_REQUESTED,), S.CLOSED, ("supervisor",), fields.Explain,
           event=events.LetterClosed),
    *_rule("supplement", OPEN, None, (SENDER,), fields.Supplement,
           rules.room_for_more, stays=True),
    *_rule("supplement", (S.AWAITING_CITIZEN,), S.HANDLING, (SENDER,), fields.Supplement,
           rules.room_for_more, (Effect.RESUMED,)),
    *_rule("withdraw", (*LIVE, S.IN_REVIEW), S.WITHDRAWN, (SENDER,), fields.Withdraw,
           effects=(Effect.ENDED,)),
    *_rule("merge", LIVE, S.MERGED, DESK, fields.Merge, rules.may_merge, (Effect.ENDED,),
           events.LetterMerged),
    *_rule("unmerge", (S.MERGED,), None, DESK, fields.Explain, effects=(Effect.REVIVED,)),
)  # fmt: skip
WORKFLOW = Workflow(
    MOVES,
    STATES,
    LABELS,
    title=Text("来信", "Letters"),
    starts=[S.RECEIVED],
    columns={
        "takes": Text("必填", "needs"),
        "effects": Text("时限", "limits"),
        "event": Text("事件", "event"),
    },
)
STAFF_ACTIONS = tuple(a for a in WORKFLOW.actions if WORKFLOW.roles_of(a) & set(STAFF))


def takes(action: str) -> type[BaseModel]:
    """The fields that `action` takes; the same in every state."""
    return next(move.takes for move in MOVES if move.action == action)


def describe(action: str) -> str:
    """From which states to which, by whom, with what effect on the limits: read off the table."""
    lines = [
        f"- `{move.state}` → `{move.to or '…'}`: {', '.join(sorted(move.roles))}"
        + "".join(f"; {effect}" for effect in move.effects)
        + (f"; event `{move.event.type}`" if move.event else "")
        for move in MOVES
        if move.action == action
    ]
    head = f"{LABELS[action].zh}。须带 `If-Match`（所见版本号）；状态不符时 409 会说明当前状态。"
    tail = "Needs `If-Match` with the version that you saw; a 409 names the present state."
    return "\n".join([head, "", *lines, "", "---", "", f"{LABELS[action].en}. {tail}", "", *lines])
