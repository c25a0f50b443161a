"""The letter's state machine: the one table that the API, the permissions, the documents and the
tests are made from.

Two actors are no staff: the sender, who shows the query code, and the clock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel

from services.feedback.casework import events, rules
from services.feedback.casework import schemas as fields
from services.feedback.casework.rules import Facts
from services.feedback.letters.models import LetterState as S
from shared.errors import Forbidden, StateConflict
from shared.events import Event

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


@dataclass(frozen=True)
class Move:
    """In `state`, `action` by one of `roles` leads to `to` (None: the state before the merge)."""

    state: S
    action: str
    to: S | None
    roles: frozenset[str]
    takes: type[BaseModel] = fields.Fields
    guard: Callable[[Facts], None] | None = None
    effects: tuple[Effect, ...] = ()
    event: type[Event] | None = None


@dataclass(frozen=True)
class _Rule:
    action: str
    from_: tuple[S, ...]
    to: S | None
    by: tuple[str, ...]
    takes: type[BaseModel] = fields.Fields
    guard: Callable[[Facts], None] | None = None
    effects: tuple[Effect, ...] = ()
    event: type[Event] | None = None
    stays: bool = False

    def moves(self) -> list[Move]:
        return [
            Move(
                state,
                self.action,
                state if self.stays else self.to,
                frozenset(self.by),
                self.takes,
                self.guard,
                self.effects,
                self.event,
            )
            for state in self.from_
        ]


DESK = ("dispatcher", "supervisor")
OPEN = (S.RECEIVED, S.REGISTERED, S.ACCEPTED, S.DISPATCHED, S.DISPUTED, S.HANDLING)
LIVE = (*OPEN, S.AWAITING_CITIZEN)
ANSWERED = (S.REPLIED, S.CLOSED)
AT_WORK = (S.HANDLING, S.IN_REVIEW)

_RULES = (
    _Rule("register", (S.RECEIVED,), S.REGISTERED, ("dispatcher",), fields.Classify,
          rules.names_the_accused, (Effect.REGISTERED_IN_TIME, Effect.KIND_SETTLED),
          events.LetterRegistered),
    _Rule("reclassify", (S.REGISTERED,), S.REGISTERED, ("dispatcher",), fields.Classify,
          rules.names_the_accused, (Effect.KIND_SETTLED,)),
    _Rule("accept", (S.REGISTERED,), S.ACCEPTED, ("dispatcher",)),
    _Rule("refuse", (S.REGISTERED,), S.NOT_ACCEPTED, ("dispatcher",), fields.Refuse,
          effects=(Effect.ENDED,)),
    _Rule("transfer", (S.REGISTERED, S.ACCEPTED), S.TRANSFERRED, ("dispatcher",), fields.Transfer,
          effects=(Effect.ENDED,)),
    _Rule("dispatch", (S.ACCEPTED,), S.DISPATCHED, DESK, fields.Dispatch,
          rules.not_to_the_accused, (Effect.DISPATCHED,), events.LetterDispatched),
    _Rule("accept", (S.DISPATCHED,), S.HANDLING, ("officer",), effects=(Effect.TAKEN,)),
    _Rule("return", (S.DISPATCHED,), S.REGISTERED, ("officer",), fields.GiveBack,
          rules.first_return_in_time, (Effect.TAKEN,)),
    _Rule("dispute", (S.DISPATCHED,), S.DISPUTED, ("officer",), fields.GiveBack,
          effects=(Effect.TAKEN,)),
    _Rule("confirm_dispatch", (S.DISPUTED,), S.HANDLING, ("supervisor",), fields.Explain),
    _Rule("uphold_return", (S.DISPUTED,), S.REGISTERED, ("supervisor",), fields.Explain,
          effects=(Effect.TAKEN,)),
    _Rule("recall", (S.DISPATCHED, S.HANDLING), S.REGISTERED, DESK, fields.Explain,
          effects=(Effect.TAKEN,)),
    _Rule("ask_citizen", (S.HANDLING,), S.AWAITING_CITIZEN, ("officer",), fields.AskCitizen,
          effects=(Effect.PAUSED,)),
    _Rule("resume", (S.AWAITING_CITIZEN,), S.HANDLING, ("officer", CLOCK),
          effects=(Effect.RESUMED,)),
    _Rule("log_activity", (S.HANDLING, S.AWAITING_CITIZEN), None, ("officer",), fields.LogActivity,
          rules.not_in_the_future, stays=True),
    _Rule("request_extension", (S.HANDLING,), S.HANDLING, ("officer",), fields.RequestExtension,
          rules.extension_before_due),
    _Rule("approve_extension", AT_WORK, None, ("supervisor",), guard=rules.asked_by_another,
          effects=(Effect.EXTENDED,), stays=True),
    _Rule("refuse_extension", AT_WORK, None, ("supervisor",), fields.Explain,
          rules.asked_by_another, stays=True),
    _Rule("submit_reply", (S.HANDLING,), S.IN_REVIEW, ("officer",), fields.SubmitReply),
    _Rule("send_back", (S.IN_REVIEW,), S.HANDLING, ("reviewer",), fields.Explain),
    _Rule("approve", (S.IN_REVIEW,), S.REPLIED, ("reviewer",), guard=rules.written_by_another,
          effects=(Effect.ANSWERED,), event=events.LetterReplied),
    _Rule("close", (S.REPLIED,), S.CLOSED, (CLOCK,), event=events.LetterClosed),
    _Rule("rate_good", (S.REPLIED,), S.CLOSED, (SENDER,), fields.Rate, rules.not_yet_rated,
          event=events.LetterClosed),
    _Rule("rate_good", (S.CLOSED,), S.CLOSED, (SENDER,), fields.Rate, rules.not_yet_rated),
    _Rule("rate_bad", ANSWERED, S.REOPEN_REQUESTED, (SENDER,), fields.Rate, rules.may_rate_bad),
    _Rule("rate_last", (S.REPLIED,), S.CLOSED, (SENDER,), fields.Rate, rules.not_yet_rated,
          event=events.LetterClosed),
    _Rule("rate_last", (S.CLOSED,), S.CLOSED, (SENDER,), fields.Rate, rules.not_yet_rated),
    _Rule("reopen", ANSWERED, S.REOPEN_REQUESTED, (SENDER,), fields.Reopen, rules.may_reopen),
    _Rule("grant_reopen", (S.REOPEN_REQUESTED,), S.HANDLING, ("supervisor",),
          effects=(Effect.REOPENED,), event=events.LetterReopened),
    _Rule("refuse_reopen", (S.REOPEN_REQUESTED,), S.CLOSED, ("supervisor",), fields.Explain,
          event=events.LetterClosed),
    _Rule("supplement", OPEN, None, (SENDER,), fields.Supplement,
          rules.room_for_more, stays=True),
    _Rule("supplement", (S.AWAITING_CITIZEN,), S.HANDLING, (SENDER,), fields.Supplement,
          rules.room_for_more, (Effect.RESUMED,)),
    _Rule("withdraw", (*LIVE, S.IN_REVIEW), S.WITHDRAWN, (SENDER,), fields.Withdraw,
          effects=(Effect.ENDED,)),
    _Rule("merge", LIVE, S.MERGED, DESK, fields.Merge, rules.may_merge, (Effect.ENDED,),
          events.LetterMerged),
    _Rule("unmerge", (S.MERGED,), None, DESK, fields.Explain, effects=(Effect.REVIVED,)),
)  # fmt: skip

MOVES: tuple[Move, ...] = tuple(move for rule in _RULES for move in rule.moves())
BY_STATE: dict[tuple[S, str], Move] = {(m.state, m.action): m for m in MOVES}
ACTIONS: tuple[str, ...] = tuple(dict.fromkeys(m.action for m in MOVES))


def moves_of(action: str) -> list[Move]:
    """Every row of the table for `action`, in the order of the states."""
    return [m for m in MOVES if m.action == action]


def roles_of(action: str) -> frozenset[str]:
    """Who may do `action` in any state at all."""
    return frozenset().union(*(m.roles for m in moves_of(action)))


def takes(action: str) -> type[BaseModel]:
    """The fields that `action` takes; the same in every state."""
    return moves_of(action)[0].takes


def find(state: S, version: int, action: str, roles: frozenset[str]) -> Move:
    """The row for `action` in the state that a letter has with its version.

    Raises StateConflict where there is none, Forbidden where it is another role's.
    """
    move = BY_STATE.get((state, action))
    if move is None:
        raise StateConflict(state=state, version=version)
    if move.roles.isdisjoint(roles):
        raise Forbidden
    return move


def open_to(state: S, roles: frozenset[str]) -> list[str]:
    """The actions that one with these roles may do in `state`."""
    return [m.action for m in MOVES if m.state is state and not m.roles.isdisjoint(roles)]


STAFF_ACTIONS: tuple[str, ...] = tuple(a for a in ACTIONS if roles_of(a) & set(STAFF))
