"""Notices as the API takes and gives them."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, SecretStr, StringConstraints, model_validator

from services.gateway.notices.models import NoticeChannel, NoticeState
from services.gateway.notices.templates import QUIET, TEMPLATES
from shared.errors import Text
from shared.web.models import Input, View
from shared.web.wall_times import WallTime

Email = Annotated[
    str,
    StringConstraints(
        max_length=254, pattern=r"^[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}$"
    ),
]


class NoticeChoice(View):
    """Something that the reader may do about it."""

    operation_id: str = Field(
        description="接口中的操作，对象是 about_id | The operation of the API, on `about_id`",
        examples=["reschedule_appointment"],
    )
    label: str = Field(description="按钮上的文字 | What a button says")


class NoticeView(View):
    """A notice in somebody's inbox."""

    id: UUID
    kind: str = Field(description="哪一类通知 | The kind of notice", examples=["ticket_called"])
    about_id: UUID = Field(description="所说的预约、号票或来信 | What it is about")
    title: str = Field(description="标题 | The title")
    text: str = Field(description="内容 | The text")
    choices: list[NoticeChoice] = Field(
        description="可以怎么办；多数通知没有 | What can be done about it; most have none"
    )
    created_at: datetime
    read_at: datetime | None = Field(description="何时已读；未读为空 | When it was read, if it was")


class EmailCodeIn(Input):
    """The code that came by e-mail."""

    code: SecretStr = Field(
        min_length=8,
        max_length=8,
        description="邮件里的 8 位确认码 | The code of eight digits in the mail",
        examples=["40817263"],
    )


class NoticePreferencesIn(Input):
    """How an account wants to be reached; all of it at once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "email": "zhang@example.cn",
                    "by_email": True,
                    "quiet_from": "22:00",
                    "quiet_until": "07:30",
                }
            ]
        }
    )

    email: Email | None = Field(None, description="电子邮箱 | The e-mail address")
    language: Literal["zh", "en"] = Field("zh", description="通知用的语言 | The language")
    by_email: bool = Field(False, description="是否发邮件 | Whether to send e-mail")
    by_sms: bool = Field(
        True,
        description="是否发到预约时留的电话 | Whether to write to the phone that was left with it",
    )
    muted: list[str] = Field(
        default_factory=list,
        max_length=len(TEMPLATES),
        description="只放收件箱、不另行发送的通知 | Kinds that go to the inbox alone",
        examples=[["appointment_confirmed"]],
    )
    quiet_from: WallTime = Field(
        QUIET[0],
        description="免打扰开始（北京时间） | Nothing but what is urgent from here",
        json_schema_extra={"default": f"{QUIET[0]:%H:%M}"},
    )
    quiet_until: WallTime = Field(
        QUIET[1],
        description="免打扰结束；与开始相同即没有 | Until here; the same means never",
        json_schema_extra={"default": f"{QUIET[1]:%H:%M}"},
    )

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.by_email and self.email is None:
            raise ValueError(Text("请填写电子邮箱", "Give the e-mail address"))
        if unknown := sorted(set(self.muted) - TEMPLATES.keys()):
            kinds = ", ".join(unknown)
            raise ValueError(
                Text(f"没有这类通知：{kinds}", f"There is no such kind of notice: {kinds}")
            )
        return self


class NoticePreferencesView(View):
    """What an account chose, or what holds while it chose nothing (version 0)."""

    email: str | None
    email_confirmed_at: datetime | None = Field(
        description="何时确认了邮箱；未确认为空，除确认码外什么也不发"
        " | When the address was confirmed; null: nothing but a code goes there"
    )
    language: Literal["zh", "en"]
    by_email: bool
    by_sms: bool
    muted: list[str]
    quiet_from: WallTime
    quiet_until: WallTime
    version: int


class OutboxFigure(View):
    """How many notices of a kind stand how, by channel; none: not yet known whom to reach."""

    kind: str
    channel: NoticeChannel | None
    state: NoticeState
    total: int = Field(description="条数 | How many")
    oldest_at: datetime = Field(description="其中最早的一条 | When the oldest of them came")


class OutboxFailure(View):
    """One that was given up; why, and never what it said or to whom."""

    notice_id: UUID
    kind: str
    channel: NoticeChannel | None
    attempts: int = Field(description="试过几次 | How often it was tried")
    reason: str | None = Field(description="原因 | Why", examples=["unreachable"])
    created_at: datetime


class OutboxView(View):
    """How notices fare, without their contents."""

    since: datetime = Field(description="从何时起统计 | From when it is counted")
    figures: list[OutboxFigure] = Field(description="按种类、渠道和状态 | By kind, channel, state")
    failures: list[OutboxFailure] = Field(
        description="没能送达的，最新的在前 | What was given up, newest first"
    )
