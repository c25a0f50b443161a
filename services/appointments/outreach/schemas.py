"""Visits, outreach events and registrations as the API takes and gives them."""

from datetime import date, datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from services.appointments.outreach.models import (
    GatheringKind,
    GatheringState,
    OutreachVisitState,
    RegistrationState,
    RequesterKind,
    VisitOutcome,
    VisitReason,
)
from shared.errors import Text
from shared.security.personal import Phone
from shared.web.models import Prose, View

MOST_PEOPLE = 5
LONGEST = timedelta(days=3)
_Name = Annotated[str, Field(min_length=1, max_length=60, examples=["李红"])]
_ItemCode = Annotated[str, Field(min_length=1, max_length=64, examples=["PBOC-01"])]
_HallCode = Annotated[str, Field(max_length=32, examples=["H001"])]
_Things = Annotated[list[Annotated[str, Field(min_length=1, max_length=60)]], Field(max_length=30)]
_Travellers = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=128)]], Field(min_length=1, max_length=20)
]
_IN_ORDER = Text("起止时间应先后有序，请核对", "The times are not in order; please check them")


def _ensure_in_order(closes_at: datetime, starts_at: datetime, ends_at: datetime) -> None:
    if not closes_at <= starts_at < ends_at <= starts_at + LONGEST:
        raise ValueError(_IN_ORDER)


class VisitRequest(Prose):
    """Who cannot come, why, and where they are; sealed, and shown to who goes there."""

    hall_code: _HallCode = Field(description="由哪个大厅上门 | Which hall is to come")
    item_code: _ItemCode = Field(description="要办的事项 | What it is for")
    requester_kind: RequesterKind = Field(
        RequesterKind.PERSON, description="个人或企业 | A person or an enterprise"
    )
    reason: VisitReason = Field(description="为什么不能到大厅 | Why they cannot come")
    name: _Name = Field(description="姓名或联系人 | The name, or whom to ask for")
    phone: Phone = Field(description="联系电话 | Telephone number")
    address: str = Field(min_length=5, max_length=200, description="上门地址 | Where to come")
    note: str | None = Field(
        None, min_length=2, max_length=1000, description="补充说明 | What else should be known"
    )
    wanted_from: date | None = Field(None, description="希望最早哪天 | The first day that suits")
    wanted_to: date | None = Field(None, description="希望最晚哪天 | The last day that suits")

    @model_validator(mode="after")
    def _days_in_order(self) -> Self:
        if self.wanted_from and self.wanted_to and self.wanted_to < self.wanted_from:
            raise ValueError(_IN_ORDER)
        return self


class TravelPlan(Prose):
    """Who goes when, and with what."""

    leaves_at: AwareDatetime | None = Field(
        None, description="出发时间 | When they leave", examples=["2026-12-03T08:30:00+08:00"]
    )
    travellers: _Travellers | None = Field(
        None, description="同行人员的账户，不写为本人 | Accounts of who goes; null: the caller"
    )
    carries: _Things = Field(
        default_factory=list, description="携带的设备和表格 | Equipment and forms to take along"
    )


class VisitPlan(TravelPlan):
    starts_at: AwareDatetime = Field(
        description="上门时间，应在现在之后 | When they come; not in the past",
        examples=["2026-12-03T09:30:00+08:00"],
    )

    @model_validator(mode="after")
    def _leaves_before_it_arrives(self) -> Self:
        if self.leaves_at is not None and self.leaves_at > self.starts_at:
            raise ValueError(_IN_ORDER)
        return self


class EventPlan(TravelPlan):
    leaves_at: AwareDatetime = Field(
        description="出发时间，不晚于开始 | When they leave, not after it begins",
        examples=["2026-12-03T08:30:00+08:00"],
    )


class EventMove(Prose):
    """When an outreach event is instead, and where."""

    starts_at: AwareDatetime = Field(
        description="新的开始时间 | When it begins now", examples=["2026-12-10T09:00:00+08:00"]
    )
    ends_at: AwareDatetime = Field(
        description="新的结束时间 | When it ends now", examples=["2026-12-10T12:00:00+08:00"]
    )
    closes_at: AwareDatetime | None = Field(
        None,
        description="报名截止，不写为开始时 | Until when one may register; null: until it begins",
    )
    place: str | None = Field(
        None,
        min_length=2,
        max_length=200,
        description="新的地点，不写为不变 | Where it is now; null: where it was",
    )

    @model_validator(mode="after")
    def _times_in_order(self) -> Self:
        _ensure_in_order(self.closes_at or self.starts_at, self.starts_at, self.ends_at)
        return self


class OutreachReason(Prose):
    """Why it does not take place."""

    reason: str = Field(
        min_length=2, max_length=500, description="原因，会告知申请人或公布 | Why; people are told"
    )


class VisitResult(Prose):
    outcome: VisitOutcome = Field(description="办理结果 | What came of it")
    text: str | None = Field(
        None, min_length=2, max_length=1000, description="说明，如还缺什么 | E.g. what is missing"
    )


class NewGathering(Prose):
    """An outreach event as it is announced."""

    hall_code: _HallCode = Field(description="由哪个大厅举办 | Which hall holds it")
    title: str = Field(min_length=2, max_length=100, description="名称 | What it is called")
    kind: GatheringKind = Field(description="到村、社区、企业、学校等 | Where it goes")
    place: str = Field(min_length=2, max_length=200, description="地点 | Where it is")
    item_codes: list[_ItemCode] = Field(
        min_length=1, max_length=100, description="现场可办的事项 | What can be done there"
    )
    starts_at: AwareDatetime = Field(
        description="开始时间 | When it begins", examples=["2026-12-03T09:00:00+08:00"]
    )
    ends_at: AwareDatetime = Field(
        description="结束时间 | When it ends", examples=["2026-12-03T12:00:00+08:00"]
    )
    closes_at: AwareDatetime | None = Field(
        None,
        description="报名截止，不写为开始时 | Until when one may register; null: until it begins",
    )
    places: int = Field(ge=1, le=2000, description="名额 | How many people can come")

    @model_validator(mode="after")
    def _times_in_order(self) -> Self:
        _ensure_in_order(self.closes_at or self.starts_at, self.starts_at, self.ends_at)
        return self


class GatheringResult(Prose):
    served: int = Field(ge=0, le=20_000, description="接待人数 | How many people were seen")
    done: int = Field(ge=0, le=20_000, description="当场办成的件数 | Matters done on the spot")
    text: str | None = Field(
        None, min_length=2, max_length=500, description="小结，会公布 | In short; it is published"
    )


class RegistrationIn(Prose):
    name: _Name = Field(description="姓名 | The name")
    phone: Phone = Field(description="联系电话 | Telephone number")
    people: int = Field(1, ge=1, le=MOST_PEOPLE, description="几个人来 | How many come")
    item_code: _ItemCode | None = Field(None, description="要办的事项 | What for")


class OutreachVisitView(View):
    """A visit as lists show it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    hall_code: str
    item_code: str
    requester_kind: RequesterKind
    reason: VisitReason
    state: OutreachVisitState
    version: int
    requested_at: datetime
    due_on: date = Field(
        description="最迟何时答复能否上门 | By when the hall says whether it comes"
    )
    overdue: bool = Field(description="是否逾期未答复 | Whether that day has passed")
    wanted_from: date | None
    wanted_to: date | None
    starts_at: datetime | None = Field(description="上门时间 | When they come")
    outcome: VisitOutcome | None


class OutreachVisitDetail(OutreachVisitView):
    """A visit with who asked and where, for themselves and for who goes there; logged for staff."""

    name: str | None = Field(
        description="姓名，结束半年后删除 | The name; forgotten after half a year"
    )
    phone: str | None
    address: str | None
    note: str | None
    leaves_at: datetime | None
    travellers: list[str] = Field(
        description="同行人员的账户；群众看不到 | Accounts; not for citizens"
    )
    carries: list[str]
    text: str | None = Field(description="原因或结果说明 | Why not, or what came of it")
    rating_key: str | None = Field(
        description="办结后本人评价用的键 | To rate with once it is done; for who asked alone"
    )


class GatheringView(View):
    """An outreach event as everybody sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    hall_code: str
    title: str
    kind: GatheringKind
    place: str
    item_codes: list[str]
    starts_at: datetime
    ends_at: datetime
    closes_at: datetime = Field(description="报名截止 | Until when one may register")
    places: int
    free: int = Field(description="剩余名额 | How many places are left")
    state: GatheringState
    version: int
    served: int | None
    done: int | None
    text: str | None = Field(
        description="取消原因或小结 | Why it was cancelled, or what came of it"
    )


class GatheringDetail(GatheringView):
    """The same with how the team travels, for the hall's staff."""

    leaves_at: datetime | None
    travellers: list[str]
    carries: list[str]


class RegistrationView(View):
    """A registration; name and phone are masked."""

    id: UUID
    event_id: UUID
    name: str
    phone: str
    people: int
    item_code: str | None
    state: RegistrationState
    version: int
    registered_at: datetime
