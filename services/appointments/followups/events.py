"""What the follow-ups publish, by hall; never what anybody wrote, nor who they are."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.messaging.events import Event


class FollowupEvent(Event):
    """Fields that every event of a follow-up has."""

    followup_id: UUID
    case_id: UUID
    hall_code: str
    item_code: str
    department_code: str
    state: str
    version: int
    at: AwareDatetime


class FollowupInvited(FollowupEvent):
    """抽中一件已办结的事，请当事人回答问卷。

    A finished case was drawn: the person is asked how it went.
    """

    type: ClassVar[str] = "appointments.followup.invited.v1"

    questionnaire_code: str
    questionnaire_version: int
    due_on: date


class FollowupAnswered(FollowupEvent):
    """当事人回答了问卷；差的由反馈服务督促整改。

    The person answered; a bad answer is put right as a bad rating is.
    """

    type: ClassVar[str] = "appointments.followup.answered.v1"

    item_name: str
    outcome: str
    finished_at: AwareDatetime
    case_version: int
    channel: str
    score: float | None = Field(description="1 到 5 分题的平均 | The mean of the questions of 1-5.")
    is_bad: bool


class FollowupCalled(FollowupEvent):
    """回访电话未接通；三次未接通即了结。

    A return call reached nobody; the third one ends it.
    """

    type: ClassVar[str] = "appointments.followup.called.v1"

    calls: int


class FollowupDeclined(FollowupEvent):
    """当事人不愿回答。

    The person does not want to answer.
    """

    type: ClassVar[str] = "appointments.followup.declined.v1"


class FollowupExpired(FollowupEvent):
    """到期未回答；不算好，也不算差。

    Nobody answered in time, which is neither good nor bad.
    """

    type: ClassVar[str] = "appointments.followup.expired.v1"
