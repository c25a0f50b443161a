"""A hall's booking policy as the API takes and gives it."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from shared.errors import Text
from shared.web.models import Input, View

LastTicket = Annotated[
    int | None,
    Field(
        ge=0,
        le=1440,
        description="闭厅前多少分钟停止现场取号；空为不限 | Before closing; null: until it closes",
    ),
]
PerDay = Annotated[
    int | None,
    Field(
        ge=1,
        le=100_000,
        description="每天现场取号上限；空为不限 | Walk-in tickets a day; null: any number",
    ),
]


class ItemTicketTerms(Input):
    """How walk-in tickets for one item are limited, beyond what the hall's own terms say."""

    last_ticket_minutes: LastTicket = None
    tickets_per_day: PerDay = None


Most = Annotated[int | None, Field(ge=1, le=1000)]


class Caps(Input):
    """How many appointments a person may have, at every hall together; null: any number.

    A day, a week (from Monday) and a month of the calendar count what was not given back, kept or
    not; `open_at_once` counts what still lies ahead, whenever it is.
    """

    model_config = ConfigDict(frozen=True)

    per_day: Most = Field(None, description="同一天最多几个 | In one day")
    per_week: Most = Field(None, description="同一周（周一起）最多几个 | In one week from Monday")
    per_month: Most = Field(None, description="同一个月最多几个 | In one month of the calendar")
    open_at_once: Most = Field(
        None, description="同时持有的有效预约最多几个 | Held or confirmed at any one time"
    )


class ConsultationTerms(Input):
    """How long whoever is consulted has, in working days; the day of the question not counted."""

    opinion_days: int = Field(
        5, ge=1, le=60, description="部门提出意见的工作日数 | Working days for an opinion"
    )
    answer_days: int = Field(
        10, ge=1, le=120, description="统一答复的工作日数 | Working days for the one answer"
    )
    remind_days: int = Field(
        1, ge=0, le=20, description="到期前几个工作日提醒 | Reminded so many working days before"
    )
    escalate_days: int = Field(
        3, ge=1, le=60, description="逾期后每隔几个工作日升级 | Working days from level to level"
    )


class OutreachTerms(Input):
    """How soon who cannot come is answered, in working days."""

    decide_days: int = Field(
        3,
        ge=1,
        le=60,
        description="答复能否上门的工作日数 | Working days to plan a visit, or refuse",
    )


class ReleaseTerms(Input):
    """How places are given out that many want at once: what a release of the hall begins with."""

    join_minutes: int = Field(
        60, ge=1, le=20_160, description="放号前多少分钟开始排队 | Joining begins so long before"
    )
    window_minutes: int = Field(
        10, ge=2, le=240, description="轮到后多少分钟内预约 | In which who is admitted books"
    )
    least_per_minute: int = Field(
        5, ge=1, le=6000, description="每分钟至少进入人数 | Admitted a minute at the least"
    )
    most_per_minute: int = Field(
        60, ge=1, le=6000, description="每分钟至多进入人数 | Admitted a minute at the most"
    )

    @model_validator(mode="after")
    def _least_is_not_above_most(self) -> Self:
        if self.least_per_minute > self.most_per_minute:
            raise ValueError(Text("最少人数不能多于最多人数", "The least is above the most"))
        return self


class AssessmentTerms(Input):
    """How much there has to be before anything is said of somebody's service times."""

    least_cases: int = Field(
        30, ge=20, le=1000, description="可比办理不少于多少次才比较 | Of fewer nothing is said"
    )
    least_of_others: int = Field(
        10,
        ge=5,
        le=1000,
        description="同事办理不少于多少次的事项才比较 | Items others did fewer of are left out",
    )
    least_others: int = Field(
        2,
        ge=2,
        le=100,
        description="不少于多少位同事办的事项才比较 | Of fewer others none is compared",
    )
    least_ratings: int = Field(
        20,
        ge=10,
        le=1000,
        description="一季不少于多少条评价才说明 | Of fewer ratings nothing is said",
    )
    confidence_percent: int = Field(
        95, ge=90, le=99, description="区间的可信度 | How sure the interval is"
    )


class SamplingRule(Input):
    """Of which finished cases what share is asked; the first rule that fits decides."""

    item_codes: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(
        default_factory=list, max_length=200, description="事项编码；空为全部 | Items; empty: all"
    )
    outcomes: list[Literal["done", "needs_more", "rejected"]] = Field(
        default_factory=list, max_length=3, description="办理结果；空为全部 | Empty: every outcome"
    )
    percent: int = Field(ge=0, le=100, description="抽取比例 | Percent of the cases that are drawn")


class FollowupTerms(Input):
    """Who is asked again after a finished case; without a questionnaire nobody is."""

    questionnaire_code: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_-]{1,32}$",
        description="所用问卷，取最新版本 | The questionnaire; its newest version is asked",
        examples=["AFTER-VISIT"],
    )
    rules: list[SamplingRule] = Field(
        default_factory=list, max_length=50, description="抽样规则 | Which cases are drawn"
    )
    answer_days: int = Field(
        10, ge=1, le=60, description="可回答的工作日数 | Working days in which it can be answered"
    )


class FloorTerms(Input):
    """What holds on the floor of the hall: its tickets, its windows, and calls for help."""

    tickets_before_minutes: int | None = Field(
        None,
        ge=0,
        le=1440,
        description="开门前多少分钟起可取现场号；空为当天随时"
        " | Walk-in tickets so many minutes before the hall opens; null: at any time of the day",
    )
    only_if_served: bool = Field(
        True,
        description="预计闭厅前叫不到的不再发号 | No walk-in ticket that, by the upper bound of the"
        " forecast, is not called before the hall closes",
    )
    advise_from_minutes: int | None = Field(
        60,
        ge=10,
        le=480,
        description="预计等候超过多少分钟时建议开窗口；空为不建议"
        " | A window is advised where people wait longer; null: never",
    )
    advise_every_minutes: int = Field(
        15, ge=1, le=240, description="至多每隔多少分钟建议一次 | At most once in so many minutes"
    )
    acknowledge_seconds: int = Field(
        60,
        ge=10,
        le=1800,
        description="紧急求助多少秒无人响应即升级"
        " | An alarm that nobody acknowledges within so many seconds goes a level higher",
    )
    resolve_minutes: int = Field(
        15, ge=1, le=480, description="有人前往后多少分钟未了结再升级 | Ended in so many minutes"
    )


class PolicyTerms(View):
    """What a booking policy lays down."""

    model_config = ConfigDict(from_attributes=True)

    hold_minutes: int = Field(5, ge=1, le=60, description="确认前保留分钟数 | Until confirmed")
    cancel_until_minutes: int = Field(
        120, ge=0, le=10_080, description="开始前多少分钟停止取消、改约 | Before the start"
    )
    cancel_grace_minutes: int = Field(
        10,
        ge=0,
        le=1440,
        description="预约后多少分钟内随时可取消、改约 | After booking, whatever the deadline",
    )
    return_from_minutes: int = Field(
        10,
        ge=0,
        le=1440,
        description="取消的名额最早几分钟后放出 | A cancelled place returns at the earliest",
    )
    return_to_minutes: int = Field(
        120,
        ge=0,
        le=2880,
        description="最晚几分钟后放出，随机 | And at the latest, at random in between",
    )
    offer_minutes: int = Field(
        10, ge=1, le=120, description="为候补保留分钟数 | A place is held so long for who waits"
    )
    check_in_early_minutes: int = Field(60, ge=0, le=1440)
    check_in_late_minutes: int = Field(30, ge=0, le=480)
    no_show_limit: int = Field(3, ge=1, le=100, description="失约次数 | No-shows")
    no_show_days: int = Field(90, ge=1, le=730, description="统计天数 | Counted over so many days")
    block_days: int = Field(
        30, ge=0, le=365, description="暂停预约天数 | Booking stops for so long"
    )
    last_ticket_minutes: LastTicket = None
    tickets_per_day: PerDay = None
    items: dict[Annotated[str, Field(min_length=1, max_length=64)], ItemTicketTerms] = Field(
        default_factory=dict, max_length=500, description="个别事项的取号规则 | For single items"
    )
    caps: Caps = Field(
        default_factory=Caps,
        description="一人可有几个预约，各大厅合计 | Appointments a person may have at all halls",
    )
    consultations: ConsultationTerms = Field(
        default_factory=ConsultationTerms, description="会诊时限 | Limits of consultations"
    )
    followups: FollowupTerms = Field(
        default_factory=FollowupTerms, description="回诊抽样 | Who is asked again afterwards"
    )
    outreach: OutreachTerms = Field(
        default_factory=OutreachTerms, description="上门办理的时限 | Limits of outreach visits"
    )
    releases: ReleaseTerms = Field(
        default_factory=ReleaseTerms, description="抽签放号 | Releases under pressure"
    )
    floor: FloorTerms = Field(
        default_factory=FloorTerms,
        description="现场取号、开窗建议和紧急求助的规则 | Tickets, advice and alarms on the floor",
    )
    assessments: AssessmentTerms = Field(
        default_factory=AssessmentTerms,
        description="人员办理情况的规则 | When service times of persons are compared",
    )
    basis: str = Field("", max_length=500, description="依据 | Legal or local basis")


class NewBookingPolicy(Input, PolicyTerms):
    """The next version of a hall's policy."""

    version: int = Field(ge=0, description="您所修改的版本 | The version that you are changing")

    @model_validator(mode="after")
    def _returns_after_it_may(self) -> Self:
        if self.return_from_minutes > self.return_to_minutes:
            raise ValueError(
                Text("最早放出时间不能晚于最晚时间", "The earliest return is after the latest one")
            )
        return self

    @model_validator(mode="after")
    def _counts_long_enough(self) -> Self:
        if self.block_days and self.no_show_limit > self.no_show_days * 10:
            raise ValueError(
                Text("失约次数与统计天数不相称", "More no-shows than the days could hold")
            )
        return self


class BookingPolicyView(PolicyTerms):
    """A version of a hall's booking policy; version 0 is the default of the system."""

    hall_code: str
    version: int
    created_at: datetime | None
