"""When a move that the table allows is refused all the same. Pure: no clock, no database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from pydantic import BaseModel

from services.feedback.casework.models import LetterExtension, LetterReply
from services.feedback.casework.schemas import Classify, Dispatch, LogActivity, RequestExtension
from services.feedback.deadlines.rules import ExtensionTooLate, ExtensionTooLong
from services.feedback.departments.models import Department
from services.feedback.letters.models import Letter, LetterKind, LetterState
from shared.clock import today
from shared.errors import Conflict, FourEyes, Invalid, Text


class FileFacts(NamedTuple):
    """What a letter's file holds before an action: what guards ask of it and rows are made of.

    `asked_to_reopen`: by its sender, since the latest reply.
    """

    reply: LetterReply | None = None
    answer_id: UUID | None = None
    ratings: int = 0
    returns: int = 0
    supplements: int = 0
    is_rated: bool = False
    extension: LetterExtension | None = None
    refused_by: str | None = None
    appeals: int = 0
    has_merged: bool = False
    asked_to_reopen: bool = False


class MergedLetter(NamedTuple):
    """A letter that waits for the reply to another; `accuses` None: it accuses, unknown whom."""

    reg_no: str
    is_accusation: bool
    accused: frozenset[str] | None


F = TypeVar("F", bound=BaseModel, covariant=True)
"""What an action takes: guard, changes and additions of its row read these fields."""


@dataclass(frozen=True)
class Facts(Generic[F]):
    """What a guard looks at: the letter, who acts with which fields, and what the file holds.

    `answered` is the state of the letter whose reply is this one's.
    """

    letter: Letter
    by: str
    fields: F
    now: datetime
    file: FileFacts = FileFacts()
    accept_due_at: datetime | None = None
    reply_due_at: datetime | None = None
    reopen_until: datetime | None = None
    departments: dict[str, Department] = field(default_factory=dict)
    answered: LetterState | None = None
    target: Letter | None = None
    merged: Sequence[MergedLetter] = ()
    roles: frozenset[str] = frozenset()
    waiting_left: int = 0
    extension_left: int = 0


class DepartmentAccused(Conflict):
    type = "/problems/department-accused"
    title = Text("举报件不得转给被举报单位", "An accusation may not go to whom it accuses")
    advice = Text("请转给其他有权处理的单位", "Please dispatch it to another competent department")


class AlreadyReturned(Conflict):
    type = "/problems/already-returned"
    title = Text(
        "该来信已退过一次",
        "It was returned once already",
    )
    advice = Text(
        "用“提出异议”写明依据，由督办人员裁定",
        "Raise a dispute and give the basis; a supervisor decides",
    )


class ReturnTooLate(Conflict):
    type = "/problems/return-too-late"
    title = Text("已超过退单期限", "The time to return the letter has passed")
    advice = Text(
        "请继续办理；确有异议的，请与督办人员联系",
        "Please handle it; if you object, talk to the supervisor",
    )


class ExtensionPending(Conflict):
    type = "/problems/extension-pending"
    title = Text("已有待批的延期申请", "An extension is being decided already")
    advice = Text("请等督办人员批复后再申请", "Please wait for the supervisor's decision")


class NoExtensionAsked(Conflict):
    type = "/problems/no-extension-asked"
    title = Text("没有待批的延期申请", "No extension was asked for")
    advice = Text("请刷新后查看；可能已经批复", "Please reload; it may have been decided")


class WaitingSpent(Conflict):
    type = "/problems/waiting-spent"
    title = Text(
        "等候来信人的天数已用完", "The days to wait for the sender of this letter are used up"
    )
    advice = Text(
        "请继续办理；确需再等的，请督办人员再次询问来信人",
        "Please go on; if it has to wait longer, let a supervisor ask the sender once more",
    )


class MergedDiffer(Conflict):
    """Member `merged`: the numbers of the letters that are in the way."""

    type = "/problems/merged-differ"
    title = Text(
        "并入的来信与此类别或被举报单位不同",
        "Letters merged into it are of another kind or accuse others",
    )
    advice = Text(
        "请先撤销并案，分别登记后再并案；否则被举报单位可能看到举报",
        "Undo the merge, register each and merge again; else whom one accuses might read it",
    )


_ANSWER_SOON = Text(
    "请尽快答复；督办人员会看到逾期", "Please answer soon; the supervisor sees that it is overdue"
)


def names_the_accused(facts: Facts[Classify]) -> None:
    """An accusation says whom it accuses before anybody can be given it; no other kind does."""
    kind = facts.fields.kind or facts.letter.kind
    accused = facts.fields.accused
    if kind is LetterKind.ACCUSATION and accused is None:
        raise Invalid(
            Text(
                "举报件须填写被举报单位，没有的填空列表",
                "Name the departments that the accusation is about; an empty list if none",
            ),
            pointer="/body/accused",
        )
    if kind is not LetterKind.ACCUSATION and accused:
        raise Invalid(
            Text(
                "只有举报件填写被举报单位：请去掉，或将类别改为举报",
                "Only an accusation accuses: leave them out, or make it an accusation",
            ),
            pointer="/body/accused",
        )
    if set(accused or ()) - facts.departments.keys():
        raise _unknown_department("/body/accused")
    _ensure_like_merged(facts.merged, kind, frozenset(accused or ()))


def _ensure_like_merged(
    merged: Sequence[MergedLetter], kind: LetterKind, accused: frozenset[str]
) -> None:
    """Who handles a letter reads what was merged into it: none of that may accuse anybody else."""
    own = (kind is LetterKind.ACCUSATION, accused)
    others = [one.reg_no for one in merged if (one.is_accusation, one.accused) != own]
    if others:
        raise MergedDiffer(merged=others)


def not_to_the_accused(facts: Facts[Dispatch]) -> None:
    """信访工作条例 art. 30: never to the accused person or body."""
    found = facts.departments.get(facts.fields.department_code)
    if found is None or not found.is_active:
        raise _unknown_department("/body/department_code")
    if found.code in facts.letter.accused:
        raise DepartmentAccused


def first_return_in_time(facts: Facts[BaseModel]) -> None:
    """One return within the limit (信访工作条例 art. 23); a second one is a dispute."""
    if facts.file.returns > 0:
        raise AlreadyReturned
    if facts.accept_due_at is not None and facts.now >= facts.accept_due_at:
        raise ReturnTooLate


def not_in_the_future(facts: Facts[LogActivity]) -> None:
    if facts.fields.held_on > today(facts.now):
        raise Invalid(
            Text(
                "日期不能晚于今天，请改正",
                "The day may not lie in the future; please correct it",
            ),
            pointer="/body/held_on",
        )


def extension_before_due(facts: Facts[BaseModel]) -> None:
    """While the limit runs, one at a time, and where the rules leave any day to ask for."""
    if facts.file.extension is not None:
        raise ExtensionPending
    if facts.reply_due_at is None or facts.now >= facts.reply_due_at:
        raise ExtensionTooLate(_ANSWER_SOON)
    if facts.extension_left == 0:
        raise ExtensionTooLong(allowed=0)


def no_longer_than_allowed(facts: Facts[RequestExtension]) -> None:
    if facts.fields.workdays > facts.extension_left:
        raise ExtensionTooLong(allowed=facts.extension_left)


def waiting_left(facts: Facts[BaseModel]) -> None:
    """The limit to reply stands still for so many days in all; longer is a supervisor's to say."""
    if facts.waiting_left == 0 and "supervisor" not in facts.roles:
        raise WaitingSpent


def asked_by_another(facts: Facts[BaseModel]) -> None:
    if facts.file.extension is None:
        raise NoExtensionAsked
    if facts.file.extension.asked_by == facts.by:
        raise FourEyes


def written_by_another(facts: Facts[BaseModel]) -> None:
    """Four eyes: whoever wrote the reply may not approve it."""
    if facts.file.reply is not None and facts.file.reply.author == facts.by:
        raise FourEyes


def _unknown_department(pointer: str) -> Invalid:
    return Invalid(
        Text(
            "没有这个部门，或该部门已停用；请从部门名录中选",
            "No active department has this code; please choose from the list of departments",
        ),
        pointer=pointer,
    )
