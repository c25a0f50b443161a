"""Questionnaires and follow-ups as the API takes and gives them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import Path
from pydantic import ConfigDict, Field, model_validator

from services.appointments.followups.models import AnswerChannel, CallOutcome, FollowupState
from shared.errors import Text
from shared.web.models import Prose, View

SCALE = (1, 5)
_CODE = r"^[A-Za-z0-9_-]{1,32}$"
QuestionnaireCode = Annotated[
    str, Path(pattern=_CODE, description="问卷代码 | The questionnaire", examples=["AFTER-VISIT"])
]
_Words = Annotated[str, Field(min_length=1, max_length=200)]
Given = Annotated[int, Field(ge=SCALE[0], le=SCALE[1])] | bool | _Words
"""A number of 1 to 5, yes or no, or the code of an option."""


class Option(Prose):
    code: str = Field(pattern=_CODE, description="选项代码 | The option's code")
    text: _Words = Field(description="选项 | What it says")
    text_en: _Words = Field(description="英文选项 | The same in English")
    is_bad: bool = Field(
        False, description="选它是否表示办得不好 | Whether it means that it went ill"
    )


class AskedQuestion(Prose):
    """One question; which answers are bad decides whether something is put right."""

    code: str = Field(pattern=_CODE, description="问题代码 | The question's code", examples=["Q1"])
    kind: Literal["scale", "yes_no", "choice"] = Field(
        description="1 到 5 分、是否、选择 | 1 to 5, yes or no, or a choice"
    )
    text: _Words = Field(description="问题 | The question")
    text_en: _Words = Field(description="英文问题 | The same in English")
    required: bool = Field(True, description="是否必答 | Whether it must be answered")
    bad_up_to: int | None = Field(
        None, ge=SCALE[0], le=SCALE[1], description="几分及以下为差 | Bad up to so many points"
    )
    bad_answer: bool | None = Field(
        None, description="是否题中哪个为差 | Which of yes and no is bad"
    )
    options: list[Option] = Field(
        default_factory=list, max_length=20, description="选择题的选项 | Of a choice"
    )

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        fits = {
            "scale": self.bad_answer is None and not self.options,
            "yes_no": self.bad_up_to is None and not self.options,
            "choice": self.bad_up_to is None and self.bad_answer is None and len(self.options) > 1,
        }
        codes = [option.code for option in self.options]
        if not fits[self.kind] or len(set(codes)) < len(codes):
            raise ValueError(
                Text(
                    "问题与题型不符，或选项代码重复；请核对",
                    "It does not fit its kind, or two options have one code; please check",
                )
            )
        return self


class QuestionnaireContent(Prose):
    """What is asked."""

    title: str = Field(min_length=2, max_length=100, description="问卷名称 | What it is called")
    title_en: str = Field(min_length=2, max_length=100, description="英文名称 | In English")
    questions: list[AskedQuestion] = Field(
        min_length=1, max_length=30, description="问题 | The questions"
    )

    @model_validator(mode="after")
    def _each_has_its_code(self) -> Self:
        codes = [question.code for question in self.questions]
        if len(set(codes)) < len(codes):
            raise ValueError(
                Text("问题代码不能重复，请核对", "Two questions have one code; please check")
            )
        return self


class QuestionnaireIn(QuestionnaireContent):
    """The next version of a questionnaire; what was asked by earlier ones stays as it is."""

    version: int = Field(
        ge=0, description="被替换的版本，首次为 0 | That it replaces, 0: the first"
    )


class QuestionnaireView(View):
    code: str
    version: int
    content: QuestionnaireContent
    published_at: datetime


class FollowupKey(Prose):
    """Which case, and the key that came with its (first) ticket."""

    case_id: UUID = Field(description="取号所得的 id | The id of the ticket as it was issued")
    key: str = Field(
        min_length=1, max_length=128, description="取号所得的评价键 | The key that came with it"
    )


class FollowupAnswers(Prose):
    """The answers of the person themselves."""

    key: str = Field(
        min_length=1,
        max_length=128,
        description="取号所得的评价键 | The key that came with the ticket",
    )
    answers: dict[str, Given] = Field(
        max_length=30, description="各题的回答，按问题代码 | By the questions' codes"
    )
    text: str | None = Field(
        None, min_length=1, max_length=1000, description="还想说的话，加密保存 | In one's own words"
    )


class FollowupCall(Prose):
    """What came of a return call."""

    outcome: CallOutcome = Field(description="电话结果 | What came of the call")
    answers: dict[str, Given] | None = Field(
        None, max_length=30, description="接通时的回答 | The answers, where there were any"
    )
    text: str | None = Field(
        None, min_length=1, max_length=1000, description="当事人的话，加密保存 | In their own words"
    )

    @model_validator(mode="after")
    def _has_answers_where_answered(self) -> Self:
        if (self.outcome is CallOutcome.ANSWERED) != (self.answers is not None):
            raise ValueError(
                Text(
                    "接通并回答的须填各题回答；其他情况不填",
                    "Give the answers where there were some, and only there",
                )
            )
        return self


class CaseToFollow(Prose):
    case_id: UUID = Field(description="已办结的到访 | A visit that was finished")


class FollowupInvitation(View):
    """What a person is asked about their case, and whether they have answered."""

    id: UUID
    state: FollowupState
    item_name: str
    due_on: date = Field(description="可回答到哪天 | Until when it can be answered")
    questionnaire: QuestionnaireContent


class FollowupReceipt(View):
    id: UUID
    state: FollowupState


class FollowupView(View):
    """A follow-up as lists show it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    case_id: UUID
    hall_code: str
    item_code: str
    item_name: str
    department_code: str
    outcome: str
    finished_at: datetime
    state: FollowupState
    version: int
    due_on: date = Field(description="可回答到哪天 | Until when it can be answered")
    calls: int = Field(description="已打过几次 | How often it was called")
    channel: AnswerChannel | None
    score: float | None = Field(description="1 到 5 分题的平均 | The mean of the questions of 1-5")
    is_bad: bool | None
    answered_at: datetime | None
    rectified_at: datetime | None = Field(description="整改完成时间 | When it was put right")


class FollowupDetail(FollowupView):
    """A follow-up with its questions and answers; reading it is logged."""

    questionnaire_code: str
    questionnaire_version: int
    questionnaire: QuestionnaireContent
    answers: dict[str, int | bool | str]
    text: str | None
    appointment_id: UUID | None = Field(
        description="有预约的，联系方式见预约 | Where there was one, it has the contact"
    )
    served_by: list[str] = Field(
        description="经办人员账户，不能由其回访 | Who served, and may not call"
    )
    answered_by: str | None


class ResultGrouping(StrEnum):
    HALL = "hall"
    ITEM = "item"
    DEPARTMENT = "department"
    CLERK = "clerk"
    MONTH = "month"


class FollowupFigures(View):
    """Results of one group; of fewer than five answers about one clerk nothing is shown."""

    key: str | None = Field(description="事项、部门、人员或月份 | What the line is about")
    account: str | None = Field(description="按人员汇总时的账户 | The account, by clerk")
    invited: int
    answered: int
    bad: int | None = Field(description="差的回答数 | How many were bad")
    rectified: int | None = Field(description="已整改 | How many of these were put right")
    answered_rate: float | None = Field(description="回答率 | Answered of those invited")
    bad_rate: float | None = Field(description="差的比例 | Bad of those answered")
    mean_score: float | None = Field(description="平均分 | The mean score")


class FollowupResults(View):
    hall_code: str
    from_on: date
    to_on: date
    by: ResultGrouping
    items: list[FollowupFigures]
    total: FollowupFigures
