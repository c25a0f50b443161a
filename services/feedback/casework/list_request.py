"""What a request for the work list brings."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query
from pydantic import AwareDatetime

from services.feedback.filters import DepartmentAsked
from services.feedback.letters.models import LetterKind, LetterState
from services.feedback.letters.schemas import LetterFilter, LetterOrder
from shared.web.dependencies import Now
from shared.web.models import Day


@dataclass(frozen=True)
class WorkListRequest:
    """By what the list is narrowed down, and how it is sorted."""

    now: Now
    q: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=100,
            description="编号、标题或正文中的词，以空格分开 | Words of number, title or body",
            examples=["路灯"],
        ),
    ] = None
    state: Annotated[list[LetterState] | None, Query(max_length=20)] = None
    kind: LetterKind | None = None
    department: DepartmentAsked = None
    reg_no: Annotated[str | None, Query(max_length=40)] = None
    received_after: AwareDatetime | None = None
    overdue: Annotated[bool | None, Query(description="是否已超过期限 | Whether it is overdue")] = (
        None
    )
    due_before: Annotated[
        Day | None, Query(description="期限早于这一天 | It is due before this day")
    ] = None
    mine: Annotated[
        bool, Query(description="只看我经手的 | Only those that I have taken a step of")
    ] = False
    sort: Annotated[
        LetterOrder,
        Query(description="最新收到的在前，或先到期的在前 | Latest first, or due first"),
    ] = LetterOrder.RECEIVED_AT

    @property
    def wanted(self) -> LetterFilter:
        return LetterFilter(
            states=self.state or (),
            kind=self.kind,
            department_code=self.department,
            reg_no=self.reg_no,
            received_after=self.received_after,
            overdue=self.overdue,
            due_before=self.due_before,
            now=self.now,
            order=self.sort,
        )


WorkList = Annotated[WorkListRequest, Depends()]
