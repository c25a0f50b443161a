"""The letter's state machine: the one table that the API, the permissions, the documents and the
tests are made from.

Two actors are no staff: the sender, who shows the query code, and the clock. A reply goes out only
through `in_review`, and never by the approval of its own author. An accusation (举报) is never seen
by whom it accuses. Undoing a merge leads back to the state before it. What is not marked so is not
shown to the sender: who gave the letter to whom, and drafts.
"""

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from services.feedback.casework import additions, changes, events, merging_rules, rules
from services.feedback.casework import schemas as fields
from services.feedback.casework import sender_rules as sender
from services.feedback.casework.changes import Act, Columns
from services.feedback.casework.clock_effects import ClockEffect
from services.feedback.casework.events import LetterEvent
from services.feedback.casework.rules import Facts
from services.feedback.casework.wording import STATES
from services.feedback.letters.models import Letter
from services.feedback.letters.models import LetterState as S
from services.feedback.tables import Table
from shared.errors import Problem, Text
from shared.security.crypto import Keyring
from shared.workflow import Workflow

SENDER = "sender"
CLOCK = "clock"
STAFF = ("dispatcher", "officer", "reviewer", "supervisor")
MERGED_AS = Text("您的来信与他人反映的同一事项并案办理", "Handled together with a like letter")
UNMERGED = Text("您的来信恢复单独办理", "Your letter is handled by itself again")

F = TypeVar("F", bound=BaseModel)


class LetterMove(NamedTuple, Generic[F]):
    """In `state`, `action` by one of `roles` leads to `to` (None: the state before the merge).

    `takes` are the fields that the row's functions read: `guard` may refuse what they say, `unless`
    refuses whatever they say, and then the action is not offered. `changes` says what is set on the
    letter, `adds` which row comes into its file. `grants` decides the extension that waits. The
    sender's own view shows the step where `tells_sender`, under the name `shown_as` if the sender
    knows the action by another, with the words of the fields `quotes` or with `notice`.
    """

    state: S
    action: str
    to: S | None
    roles: frozenset[str]
    takes: type[F]
    guard: Callable[[Facts[F]], None] | None
    unless: Callable[[Facts[BaseModel]], None] | None
    changes: Callable[[Letter, Act[F]], Columns] | None
    adds: Callable[[Keyring, Letter, Act[F]], Table] | None
    clocks: tuple[ClockEffect, ...]
    event: type[LetterEvent] | None
    tells_sender: bool
    quotes: tuple[str, ...]
    notice: Text | None
    shown_as: str | None
    grants: bool | None

    def ensure_allowed(self, facts: Facts[Any]) -> None:
        """Raises what `unless` or `guard` refuse with."""
        for refuses in (self.unless, self.guard):
            if refuses is not None:
                refuses(facts)


def _rows(
    action: str,
    from_: tuple[S, ...],
    to: S | None,
    by: tuple[str, ...],
    takes: type[F],
    guard: Callable[[Facts[F]], None] | None = None,
    *,
    unless: Callable[[Facts[BaseModel]], None] | None = None,
    changes: Callable[[Letter, Act[F]], Columns] | None = None,
    adds: Callable[[Keyring, Letter, Act[F]], Table] | None = None,
    clocks: tuple[ClockEffect, ...] = (),
    event: type[LetterEvent] | None = None,
    tells_sender: bool = False,
    quotes: tuple[str, ...] = (),
    notice: Text | None = None,
    shown_as: str | None = None,
    grants: bool | None = None,
    stays: bool = False,
) -> list[LetterMove[Any]]:
    """The same row for several states; `stays` leaves the letter in each.

    What the row's functions read is what the action takes: the type checker holds them together.
    """
    does = (takes, guard, unless, changes, adds, clocks, event)
    shows = (tells_sender, quotes, notice, shown_as, grants)
    return [
        LetterMove(state, action, state if stays else to, frozenset(by), *does, *shows)
        for state in from_
    ]


OFFICE = ("dispatcher", "supervisor")
OPEN = (S.RECEIVED, S.REGISTERED, S.ACCEPTED, S.DISPATCHED, S.DISPUTED, S.HANDLING)
LIVE = (*OPEN, S.AWAITING_CITIZEN)
ANSWERED = (S.REPLIED, S.CLOSED)
AT_WORK = (S.HANDLING, S.IN_REVIEW)
GOES_ON = (S.IN_REVIEW, S.REPLIED, S.REOPEN_REQUESTED, S.MERGED, S.APPEALED)
_E = ClockEffect
MOVES: tuple[LetterMove[Any], ...] = (
    *_rows("register", (S.RECEIVED,), S.REGISTERED, ("dispatcher",), fields.Classify,
           rules.names_the_accused, changes=changes.kind_and_accused, tells_sender=True,
           clocks=(_E.REGISTERED_IN_TIME, _E.KIND_SETTLED), event=events.LetterRegistered),
    *_rows("reclassify", (S.REGISTERED,), S.REGISTERED, ("dispatcher",), fields.Classify,
           rules.names_the_accused, changes=changes.kind_and_accused, clocks=(_E.KIND_SETTLED,)),
    *_rows("accept", (S.REGISTERED,), S.ACCEPTED, ("dispatcher",), fields.WithNote,
           tells_sender=True),
    *_rows("refuse", (S.REGISTERED,), S.NOT_ACCEPTED, ("dispatcher",), fields.Refuse,
           unless=sender.not_granted_on_appeal, clocks=(_E.ENDED,), tells_sender=True,
           quotes=("basis", "where_to_go")),
    *_rows("transfer", (S.REGISTERED, S.ACCEPTED), S.TRANSFERRED, ("dispatcher",), fields.Transfer,
           clocks=(_E.ENDED,), tells_sender=True, quotes=("basis", "organisation")),
    *_rows("dispatch", (S.ACCEPTED,), S.DISPATCHED, OFFICE, fields.Dispatch,
           rules.not_to_the_accused, changes=changes.department, clocks=(_E.DISPATCHED,),
           event=events.LetterDispatched, tells_sender=True),
    *_rows("accept", (S.DISPATCHED,), S.HANDLING, ("officer",), fields.WithNote,
           clocks=(_E.TAKEN,), tells_sender=True),
    *_rows("return", (S.DISPATCHED,), S.REGISTERED, ("officer",), fields.GiveBack,
           unless=rules.first_return_in_time, changes=changes.no_department, clocks=(_E.TAKEN,)),
    *_rows("dispute", (S.DISPATCHED,), S.DISPUTED, ("officer",), fields.GiveBack,
           clocks=(_E.TAKEN,)),
    *_rows("confirm_dispatch", (S.DISPUTED,), S.HANDLING, ("supervisor",), fields.Explain),
    *_rows("uphold_return", (S.DISPUTED,), S.REGISTERED, ("supervisor",), fields.Explain,
           changes=changes.no_department, clocks=(_E.TAKEN,)),
    *_rows("recall", (S.DISPATCHED, S.HANDLING), S.REGISTERED, OFFICE, fields.Explain,
           changes=changes.no_department, clocks=(_E.TAKEN,)),
    *_rows("ask_citizen", (S.HANDLING,), S.AWAITING_CITIZEN, ("officer", "supervisor"),
           fields.AskCitizen, unless=rules.waiting_left, clocks=(_E.PAUSED,), tells_sender=True,
           quotes=("question",)),
    *_rows("ask_citizen", (S.AWAITING_CITIZEN,), S.AWAITING_CITIZEN, ("supervisor",),
           fields.AskCitizen, clocks=(_E.WAITS_ON,), tells_sender=True, quotes=("question",)),
    *_rows("resume", (S.AWAITING_CITIZEN,), S.HANDLING, ("officer", CLOCK), fields.WithNote,
           clocks=(_E.RESUMED,), tells_sender=True),
    *_rows("log_activity", (S.HANDLING, S.AWAITING_CITIZEN), None, ("officer",), fields.LogActivity,
           rules.not_in_the_future, adds=additions.activity, tells_sender=True, stays=True),
    *_rows("request_extension", (S.HANDLING,), S.HANDLING, ("officer",), fields.RequestExtension,
           rules.no_longer_than_allowed, unless=rules.extension_before_due,
           adds=additions.extension),
    *_rows("approve_extension", AT_WORK, None, ("supervisor",), fields.WithNote,
           unless=rules.asked_by_another, grants=True, clocks=(_E.EXTENDED,),
           event=events.LetterExtended, tells_sender=True, stays=True),
    *_rows("refuse_extension", AT_WORK, None, ("supervisor",), fields.Explain,
           unless=rules.asked_by_another, grants=False, stays=True),
    *_rows("submit_reply", (S.HANDLING,), S.IN_REVIEW, ("officer",), fields.SubmitReply,
           adds=additions.reply),
    *_rows("send_back", (S.IN_REVIEW,), S.HANDLING, ("reviewer",), fields.Explain),
    *_rows("approve", (S.IN_REVIEW,), S.REPLIED, ("reviewer",), fields.WithNote,
           unless=rules.written_by_another, changes=changes.replied, adds=additions.approval,
           clocks=(_E.ANSWERED,), event=events.LetterReplied, tells_sender=True),
    *_rows("close", (S.REPLIED,), S.CLOSED, (CLOCK,), fields.WithNote, changes=changes.closed,
           event=events.LetterClosed, tells_sender=True),
    *_rows("rate_good", (S.REPLIED,), S.CLOSED, (SENDER,), fields.RateReply,
           unless=sender.not_yet_rated, changes=changes.closed, adds=additions.rating,
           event=events.LetterClosed, tells_sender=True, shown_as="rate"),
    *_rows("rate_good", (S.CLOSED,), S.CLOSED, (SENDER,), fields.RateReply,
           unless=sender.not_yet_rated, adds=additions.rating, tells_sender=True, shown_as="rate"),
    *_rows("rate_good", (S.MERGED,), S.MERGED, (SENDER,), fields.RateReply,
           unless=sender.answered_jointly, adds=additions.rating, tells_sender=True,
           shown_as="rate"),
    *_rows("rate_bad", (S.MERGED,), S.MERGED, (SENDER,), fields.RateReply,
           unless=sender.answered_jointly, adds=additions.rating, tells_sender=True,
           shown_as="rate"),
    *_rows("rate_bad", ANSWERED, S.REOPEN_REQUESTED, (SENDER,), fields.RateReply,
           unless=sender.may_rate_bad, adds=additions.rating, clocks=(_E.REOPEN_ASKED,),
           tells_sender=True, shown_as="rate"),
    *_rows("rate_last", (S.REPLIED,), S.CLOSED, (SENDER,), fields.RateReply,
           unless=sender.not_yet_rated, changes=changes.closed, adds=additions.rating,
           event=events.LetterClosed, tells_sender=True, shown_as="rate"),
    *_rows("rate_last", (S.CLOSED,), S.CLOSED, (SENDER,), fields.RateReply,
           unless=sender.not_yet_rated, adds=additions.rating, tells_sender=True, shown_as="rate"),
    *_rows("reopen", ANSWERED, S.REOPEN_REQUESTED, (SENDER,), fields.Reopen,
           unless=sender.may_reopen, clocks=(_E.REOPEN_ASKED,), tells_sender=True),
    *_rows("grant_reopen", (S.REOPEN_REQUESTED,), S.HANDLING, ("supervisor",), fields.WithNote,
           changes=changes.reopened, clocks=(_E.REOPEN_DECIDED, _E.REOPENED),
           event=events.LetterReopened, tells_sender=True),
    *_rows("refuse_reopen", (S.REOPEN_REQUESTED,), S.CLOSED, ("supervisor",), fields.Explain,
           changes=changes.closed, clocks=(_E.REOPEN_DECIDED,), event=events.LetterClosed,
           tells_sender=True, quotes=("reason",)),
    *_rows("supplement", (*OPEN, *GOES_ON), None, (SENDER,), fields.Supplement,
           unless=sender.may_add, adds=additions.supplement, tells_sender=True, stays=True),
    *_rows("supplement", (S.AWAITING_CITIZEN,), S.HANDLING, (SENDER,), fields.Supplement,
           unless=sender.may_add, adds=additions.supplement, clocks=(_E.RESUMED,),
           tells_sender=True),
    *_rows("withdraw", (*LIVE, S.IN_REVIEW), S.WITHDRAWN, (SENDER,), fields.Withdraw,
           clocks=(_E.ENDED,), tells_sender=True),
    *_rows("withdraw", (S.MERGED,), S.WITHDRAWN, (SENDER,), fields.Withdraw,
           changes=changes.unmerged, clocks=(_E.ENDED,), tells_sender=True),
    *_rows("consent", tuple(S), None, (SENDER,), fields.Consent, changes=changes.consent,
           tells_sender=True, stays=True),
    *_rows("appeal", (S.NOT_ACCEPTED,), S.APPEALED, (SENDER,), fields.LetterAppeal,
           unless=sender.first_appeal, clocks=(_E.APPEALED,), tells_sender=True),
    *_rows("grant_appeal", (S.APPEALED,), S.REGISTERED, ("supervisor",), fields.WithNote,
           unless=sender.refused_by_another, clocks=(_E.APPEAL_DECIDED, _E.REOPENED),
           tells_sender=True),
    *_rows("reject_appeal", (S.APPEALED,), S.NOT_ACCEPTED, ("supervisor",), fields.Explain,
           unless=sender.refused_by_another, clocks=(_E.APPEAL_DECIDED,), tells_sender=True,
           quotes=("reason",)),
    *_rows("merge", LIVE, S.MERGED, OFFICE, fields.Merge, merging_rules.may_merge,
           changes=changes.merged, clocks=(_E.ENDED,), event=events.LetterMerged,
           tells_sender=True, notice=MERGED_AS),
    *_rows("unmerge", (S.MERGED,), None, (*OFFICE, CLOCK), fields.Explain,
           changes=changes.unmerged, clocks=(_E.REVIVED,), tells_sender=True, notice=UNMERGED),
)  # fmt: skip
LABELS: dict[Any, Text] = {
    "register": Text("登记", "Register"),
    "reclassify": Text("更正类别", "Correct the kind"),
    "accept": Text("受理", "Accept"),
    (S.DISPATCHED, "accept"): Text("签收办理", "Take on"),
    "refuse": Text("不予受理", "Do not accept"),
    "transfer": Text("转外单位", "Transfer outside"),
    "dispatch": Text("派单", "Dispatch"),
    "return": Text("退单", "Return"),
    "dispute": Text("提出异议", "Dispute the dispatch"),
    "confirm_dispatch": Text("维持派单", "Confirm the dispatch"),
    "uphold_return": Text("同意退单", "Uphold the return"),
    "recall": Text("收回", "Recall"),
    "ask_citizen": Text("请来信人补充", "Ask the sender"),
    "resume": Text("恢复办理", "Resume"),
    "log_activity": Text("记录办理活动", "Record an activity"),
    "request_extension": Text("申请延期", "Ask for an extension"),
    "approve_extension": Text("批准延期", "Approve the extension"),
    "refuse_extension": Text("不批准延期", "Refuse the extension"),
    "submit_reply": Text("提交答复", "Submit the reply"),
    "send_back": Text("退回修改", "Send the reply back"),
    "approve": Text("审核通过", "Approve the reply"),
    "close": Text("办结", "Close"),
    "rate_good": Text("评价为满意", "Rate as satisfied"),
    "rate_bad": Text("评价为不满意", "Rate as dissatisfied"),
    "rate_last": Text("评价为不满意", "Rate as dissatisfied"),
    "reopen": Text("申请重办", "Ask to reopen"),
    "grant_reopen": Text("同意重办", "Grant the reopening"),
    "refuse_reopen": Text("不同意重办", "Refuse the reopening"),
    "supplement": Text("补充", "Supplement"),
    "withdraw": Text("撤回", "Withdraw"),
    "consent": Text("同意或不同意公开", "Agree to publication or not"),
    "appeal": Text("申请复查", "Appeal the refusal"),
    "grant_appeal": Text("复查后受理", "Grant the appeal"),
    "reject_appeal": Text("复查维持原决定", "Reject the appeal"),
    "merge": Text("并案", "Merge"),
    "unmerge": Text("撤销并案", "Undo the merge"),
}
WORKFLOW = Workflow(
    MOVES,
    STATES,
    LABELS,
    title=Text("来信", "Letters"),
    starts=[S.RECEIVED],
    columns={
        "takes": Text("必填", "needs"),
        "changes": Text("来信", "changes"),
        "adds": Text("档案", "adds"),
        "clocks": Text("时限", "limits"),
        "event": Text("事件", "event"),
        "tells_sender": Text("告知来信人", "tells the sender"),
    },
)
RETURNS = tuple({move.action for move in MOVES if move.unless is rules.first_return_in_time})
"""Steps of the file that its guard counts: a letter that was returned is not returned again."""
APPEALS = tuple({move.action for move in MOVES if move.unless is sender.first_appeal})
REFUSALS = tuple(
    {m.action for m in MOVES if m.to is S.NOT_ACCEPTED and m.state not in (m.to, S.APPEALED)}
)
STAFF_ACTIONS = tuple(a for a in WORKFLOW.actions if WORKFLOW.roles_of(a) & set(STAFF))


def open_rows(facts: Facts[BaseModel]) -> list[LetterMove[Any]]:
    """What one with the roles of `facts` may do to the letter now, whatever they say with it."""
    rows = (row for row in MOVES if row.state is facts.letter.state and row.roles & facts.roles)
    return [row for row in rows if not _refuses(row, facts)]


def _refuses(row: LetterMove[Any], facts: Facts[BaseModel]) -> bool:
    if row.unless is None:
        return False
    try:
        row.unless(facts)
    except Problem:
        return True
    return False


def takes(action: str) -> type[BaseModel]:
    """The fields that `action` takes; the same in every state."""
    return next(move.takes for move in MOVES if move.action == action)
