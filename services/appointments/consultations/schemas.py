"""Consultations as the API takes and gives them."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from services.appointments.consultations.models import ConsultationState, Stance
from shared.errors import Text
from shared.web.models import Prose, View

MOST_DEPARTMENTS = 20
DepartmentAsked = Annotated[str, Field(pattern=r"^[A-Z0-9-]{2,32}$", examples=["D03"])]
Words = Annotated[str, Field(min_length=2, max_length=4000)]


class NewConsultation(Prose):
    """A question to several departments; whom it is about stands in the texts, which are sealed."""

    hall_code: str = Field(max_length=32, description="发起的大厅 | The hall", examples=["H001"])
    item_code: str | None = Field(
        None, max_length=64, description="涉及的事项 | The item", examples=["PBOC-01"]
    )
    case_id: UUID | None = Field(
        None, description="所属到访，即首张号票的 id | The visit: the id of its first ticket"
    )
    title: str = Field(min_length=2, max_length=100, description="会诊题目 | What it is about")
    question: Words = Field(description="请各部门研究的问题 | What the departments are asked")
    lead_department_code: DepartmentAsked = Field(description="牵头部门 | Who gives the one answer")
    departments: list[DepartmentAsked] = Field(
        min_length=1,
        max_length=MOST_DEPARTMENTS,
        description="请哪些部门提出意见 | Who is asked for an opinion",
    )

    @model_validator(mode="after")
    def _each_is_named_once(self) -> Self:
        if len(set(self.departments)) < len(self.departments):
            raise ValueError(
                Text(
                    "同一部门只需列一次", "Each department is named once; please remove the second"
                )
            )
        return self


class DepartmentInvitation(Prose):
    department_code: DepartmentAsked = Field(description="增请的部门 | Who else is asked")


class SessionCall(Prose):
    """When and where who meets."""

    starts_at: AwareDatetime = Field(
        description="会商时间，应在现在之后 | When; not in the past",
        examples=["2026-12-03T14:00:00+08:00"],
    )
    place: str = Field(
        min_length=2,
        max_length=200,
        description="地点或线上会议室 | Where",
        examples=["二楼会商室"],
    )
    departments: list[DepartmentAsked] | None = Field(
        None, max_length=MOST_DEPARTMENTS, description="参加的部门；不写为全部 | Null: all of them"
    )


class OpinionGiven(Prose):
    stance: Stance = Field(description="结论：同意、附条件同意、不同意、不属本部门 | In a word")
    text: Words = Field(description="意见 | The opinion")
    department_code: DepartmentAsked | None = Field(
        None,
        description="代表的部门；只有一个时可不写 | For whom; may be left out for one's only one",
    )


class AnswerGiven(Prose):
    text: Words = Field(description="统一答复，当事人会看到 | The answer; whom it is for reads it")


class ReasonGiven(Prose):
    reason: str = Field(
        min_length=2,
        max_length=500,
        description="原因，参加会诊的各方可见 | Why; who takes part in it sees it",
    )


class ConsultationLookup(Prose):
    """What was handed to whom the consultation is for."""

    consultation_id: UUID = Field(description="会诊编号 | The consultation's id")
    key: str = Field(min_length=1, max_length=128, description="查询键 | The key handed over")


class ConsultedDepartmentView(View):
    """A department that was asked, and what it thinks."""

    department_code: str
    invited_at: datetime
    due_on: date = Field(description="提出意见的最后一天 | Last day for the opinion")
    due_on_is_provisional: bool
    overdue: bool
    stance: Stance | None
    opinion: str | None
    opined_by: str | None
    opined_at: datetime | None


class JointSessionView(View):
    starts_at: datetime
    place: str
    departments: list[str]
    convened_by: str


class ConsultationView(View):
    """A consultation as lists show it."""

    id: UUID
    hall_code: str
    item_code: str | None
    case_id: UUID | None
    lead_department_code: str
    title: str
    state: ConsultationState
    version: int
    level: int = Field(
        description="升级的层级，0 为未升级 | How high it was escalated, 0: not at all"
    )
    opened_by: str
    opened_at: datetime
    due_on: date = Field(description="统一答复的最后一天 | Last day of the one answer")
    due_on_is_provisional: bool
    overdue: bool
    silent: list[str] = Field(description="没有提出意见的部门 | Who has given no opinion")


class ConsultationDetail(ConsultationView):
    """A consultation with all that was written, for whoever takes part in it."""

    question: str
    departments: list[ConsultedDepartmentView]
    sessions: list[JointSessionView]
    answer: str | None
    reason: str | None = Field(description="升级或撤回的原因 | Why escalated or withdrawn")
    ended_by: str | None
    ended_at: datetime | None


class NewConsultationView(ConsultationDetail):
    key: str = Field(
        description="查询键，请只交给当事人 | Opens the answer; hand it to whom it is for alone"
    )


class ConsultationOutcome(View):
    """How a consultation stands, for whom it is for."""

    title: str
    state: ConsultationState
    due_on: date = Field(description="最迟答复日 | By when it is answered")
    lead_department_code: str
    answer: str | None
    ended_at: datetime | None
