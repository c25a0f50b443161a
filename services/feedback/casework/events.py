"""What others may know of a letter's way: ids, number, kind, department. No word of the letter.

A 举报 (accusation) goes without its department and under a scope of its own, so that no department
learns of it (信访工作条例 art. 30).

That keeps accusations from whom they accuse, not from being counted: the numbers of a day have no
gaps, and the scope `_` has every registered one but the accusations'. So nobody outside the office
is granted `_` of these events, and whoever is granted it is granted `_accusation` as well: a
subscription takes every scope of an event (`Subscription.filter_subject`).
"""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.feedback.letters.limits import owner_without_department
from services.feedback.letters.models import Letter, LetterKind
from shared.messaging.events import Event


class LetterEvent(Event):
    """来信的一步。

    A step of a letter.
    """

    letter_id: UUID
    reg_no: str = Field(description="登记编号 | Registration number")
    kind: LetterKind
    department_code: str | None = Field(
        None, description="承办部门，举报件不提供 | The department; never told for an accusation"
    )
    at: AwareDatetime


class LetterRegistered(LetterEvent):
    """来信已登记。当日编号连续，因此 `_` 与 `_accusation` 范围只能一并授权，不单独授权 `_`。

    A letter was registered. The numbers of a day have no gaps: the scopes `_` and `_accusation` are
    granted together, never `_` alone, whose gaps would count the accusations.
    """

    type: ClassVar[str] = "feedback.letter.registered.v1"


class LetterDispatched(LetterEvent):
    """来信已派给承办部门。

    A letter was dispatched to a department.
    """

    type: ClassVar[str] = "feedback.letter.dispatched.v1"


class LetterReplied(LetterEvent):
    """答复经他人审核后已发出。

    A reply, approved by another than its author, went out.
    """

    type: ClassVar[str] = "feedback.letter.replied.v1"


class LetterExtended(LetterEvent):
    """答复期限经同意延长。

    The limit to reply was extended, as the department asked and the supervisor granted.
    """

    type: ClassVar[str] = "feedback.letter.extended.v1"


class LetterClosed(LetterEvent):
    """来信已办结。没有评价不等于满意。

    A letter was closed. Not rated is not satisfied.
    """

    type: ClassVar[str] = "feedback.letter.closed.v1"


class LetterReopened(LetterEvent):
    """来信经同意重新办理。

    A letter is handled again, as its sender asked and the supervisor granted.
    """

    type: ClassVar[str] = "feedback.letter.reopened.v1"


class LetterMerged(LetterEvent):
    """来信已并入另一封反映同一事项的来信。

    A letter was merged into another about the same matter.
    """

    type: ClassVar[str] = "feedback.letter.merged.v1"

    into_letter_id: UUID
    into_reg_no: str


def scope_of(kind: LetterKind, department_code: str | None) -> str:
    """The department whose subjects carry the event, else what has none; accusations apart."""
    without = owner_without_department(kind)
    if kind is LetterKind.ACCUSATION or department_code is None:
        return without
    return department_code


def department_shown(letter: Letter) -> str | None:
    """The department as far as an event may name it."""
    return None if letter.kind is LetterKind.ACCUSATION else letter.department_code
