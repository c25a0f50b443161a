"""The review of a public copy: one table of who decides what on a redaction, and what follows.

Whoever reads the texts marks what is to go; other people approve. The approval of the last reviewer
needed puts the copy online, and only what is online can be taken down, for a reason. The way back
is a further edition of the redaction, decided and approved anew. A reply that is lawfully not
published is declined for a reason.
"""

from enum import StrEnum
from typing import NamedTuple

from services.feedback.casework.events import LetterEvent
from services.feedback.deadlines.models import PolicyKind
from services.feedback.publication.events import (
    LetterPublished,
    LetterUnpublished,
    UnpublishedBecause,
)
from services.feedback.publication.models import RedactionState as S
from shared.errors import Text
from shared.workflow import Arrow, Workflow

REVIEWERS = frozenset({"reviewer", "supervisor"})
SUPERVISOR = frozenset({"supervisor"})
SENDER = "sender"


class RedactionAction(StrEnum):
    DECIDE = "decide"
    APPROVE = "approve"
    DECLINE = "decline"
    TAKE_DOWN = "take_down"
    TAKE_BACK = "take_back"


class RedactionMove(NamedTuple):
    """What an action makes of a redaction, which limit it meets, which event it has.

    `to` None: in review until the last approval, which alone meets the limit and has the event.
    `because`: why the public copy is gone, for others to know. `renews`: what was approved before
    counts no longer, for the spans are others.
    """

    state: S
    action: RedactionAction
    to: S | None
    roles: frozenset[str]
    meets: PolicyKind | None = None
    event: type[LetterEvent] | None = None
    because: UnpublishedBecause | None = None
    renews: bool = False


_A, _DECISION = RedactionAction, PolicyKind.PUBLICATION_DECISION

MOVES = (
    RedactionMove(S.IN_REVIEW, _A.DECIDE, S.IN_REVIEW, REVIEWERS, renews=True),
    RedactionMove(S.IN_REVIEW, _A.APPROVE, None, REVIEWERS, meets=_DECISION, event=LetterPublished),
    RedactionMove(S.IN_REVIEW, _A.DECLINE, S.DECLINED, REVIEWERS, meets=_DECISION),
    RedactionMove(
        S.PUBLISHED,
        _A.TAKE_DOWN,
        S.TAKEN_DOWN,
        SUPERVISOR,
        event=LetterUnpublished,
        because=UnpublishedBecause.TAKEN_DOWN,
    ),
    RedactionMove(
        S.PUBLISHED,
        _A.TAKE_BACK,
        S.TAKEN_DOWN,
        frozenset({SENDER}),
        event=LetterUnpublished,
        because=UnpublishedBecause.CONSENT_TAKEN_BACK,
    ),
)
WORKFLOW = Workflow(
    MOVES,
    {
        S.IN_REVIEW: Text("审核中", "in review"),
        S.PUBLISHED: Text("已公开", "published"),
        S.DECLINED: Text("不公开", "not published"),
        S.TAKEN_DOWN: Text("已撤下", "taken down"),
    },
    {
        _A.DECIDE: Text("逐条审核", "decide the spans"),
        _A.APPROVE: Text("同意公开", "approve"),
        _A.DECLINE: Text("决定不公开", "decline"),
        _A.TAKE_DOWN: Text("撤下", "take down"),
        _A.TAKE_BACK: Text("来信人收回同意", "take the consent back"),
    },
    title=Text("公开审核", "Publication"),
    starts=[S.IN_REVIEW],
    columns={
        "meets": Text("了结时限", "meets"),
        "event": Text("事件", "event"),
        "because": Text("原因", "because"),
        "renews": Text("须重新同意", "needs new approvals"),
    },
    arrows=[Arrow(S.IN_REVIEW, S.PUBLISHED, "approve, the last one needed")],
)
