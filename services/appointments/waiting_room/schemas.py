"""Releases and places in line as the API takes and gives them."""

from datetime import date, datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from services.appointments.booking.schemas import MaskedPerson, PersonIn
from services.appointments.releases.models import ReleaseEntryState, ReleaseState
from services.appointments.slots.visits import MOST_PERSONS
from shared.errors import Text, counted
from shared.web.models import Day, Input, Prose, View

LONGEST_DAYS = 62
LONGEST = timedelta(days=14)
_IN_ORDER = Text(
    "时间应依次为：开始排队、放号、结束", "The times are in this order: joining, release, end"
)
_ItemCode = Annotated[str, Field(min_length=1, max_length=64, examples=["PBOC-01"])]
_PerMinute = Annotated[int | None, Field(ge=1, le=6000)]


class NewRelease(Prose):
    """Places to be given out in turn: of a hall, for some items, on some days."""

    hall_code: str = Field(min_length=2, max_length=32, examples=["H001"])
    title: str = Field(
        min_length=2,
        max_length=100,
        description="名称，会公布 | What it is called; published",
        examples=["元旦结婚登记放号"],
    )
    item_codes: list[_ItemCode] = Field(
        min_length=1, max_length=50, description="哪些事项 | For which items"
    )
    first_on: Day = Field(description="名额从哪天起 | The first day of the places")
    last_on: Day = Field(description="名额到哪天止 | The last day of the places")
    opens_at: AwareDatetime = Field(
        description="放号时间：此前加入的抽签定先后 | When the places are released, and the draw",
        examples=["2026-12-03T09:00:00+08:00"],
    )
    joins_from: AwareDatetime | None = Field(
        None,
        description="何时可以开始排队，已过去的即刻开始；不写则按大厅的规则 | From when one may "
        "join, at once if it is past; null: by the hall's policy",
        examples=["2026-12-03T08:00:00+08:00"],
    )
    ends_at: AwareDatetime | None = Field(
        None,
        description="何时结束，不写为放号后一天；其后剩余名额人人可约 | When it ends, a day after "
        "the release unless said; what is left then can be booked by everybody",
        examples=["2026-12-03T18:00:00+08:00"],
    )
    window_minutes: int | None = Field(
        None, ge=2, le=240, description="轮到后几分钟内预约 | Minutes to book in, once admitted"
    )
    least_per_minute: _PerMinute = Field(
        None, description="每分钟至少进入人数 | Admitted a minute at the least"
    )
    most_per_minute: _PerMinute = Field(
        None, description="每分钟至多进入人数 | Admitted a minute at the most"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_on < self.first_on:
            raise ValueError(
                Text("结束日期不能早于开始日期", "The last day must not be before the first")
            )
        if (self.last_on - self.first_on).days >= LONGEST_DAYS:
            most = counted(LONGEST_DAYS, "day")
            raise ValueError(Text(f"最多 {LONGEST_DAYS} 天", f"At most {most} at a time"))
        times = (self.joins_from or self.opens_at - timedelta(minutes=1), self.opens_at)
        ends_at = self.ends_at or self.opens_at + timedelta(days=1)
        if not times[0] < times[1] < ends_at <= times[1] + LONGEST:
            raise ValueError(_IN_ORDER)
        if len(set(self.item_codes)) < len(self.item_codes):
            raise ValueError(Text("事项不能重复", "The same item is named twice"))
        return self


class ReleaseWithdrawal(Prose):
    """Why it is withdrawn."""

    reason: str = Field(
        min_length=2, max_length=500, description="原因，会公布 | Why; it is published"
    )
    version: int | None = Field(None, ge=1, description="所见版本号 | The version that you saw")


class JoinRequest(Input):
    """Who joins; `citizen` only when staff do it for somebody."""

    persons: int = Field(
        1,
        ge=1,
        le=MOST_PERSONS,
        description="几个人同来：轮到后最多约这么多人 | How many come together: no more can be "
        "booked by it",
    )

    citizen: PersonIn | None = Field(
        None, description="替谁排队，仅限工作人员 | For whom; only when staff do it"
    )


class ReleaseView(View):
    """A release as everybody may see it, with all that its draw is proved by."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    hall_code: str
    title: str
    item_codes: list[str]
    first_on: date
    last_on: date
    joins_from: datetime
    opens_at: datetime
    ends_at: datetime
    window_minutes: int
    least_per_minute: int
    most_per_minute: int
    policy_version: int
    state: ReleaseState
    commitment: str = Field(
        description="种子的 SHA-256，排队开始前公布，不再变动 | SHA-256 of the seed, published "
        "before anybody may join; it never changes"
    )
    entry_count: int | None = Field(description="参加抽签的人数 | How many are in the draw")
    entries_digest: str | None = Field(
        description="参加抽签各编号的 SHA-256，排队截止时固定 | SHA-256 of the ids in the draw, "
        "fixed when joining closes"
    )
    seed: str | None = Field(description="种子，抽签后公开 | The seed, shown after the draw")
    called_through: int = Field(
        description="已叫到几号：号不大于它的都轮到了 | Up to which number people are admitted"
    )
    last_number: int = Field(description="排到的最后一个号 | The last number in line")
    per_minute: int = Field(description="现在每分钟进入的人数 | How many are admitted a minute now")
    places_left: int | None = Field(
        description="还没有人可约的名额；放号前为空 | Places that nobody may book yet; null before "
        "the release"
    )
    reason: str | None
    version: int


class DrawnEntry(View):
    """A place of the draw."""

    number: int = Field(description="抽到的次序，从 1 起 | Its place, from 1")
    entry_id: UUID = Field(description="参加抽签的编号 | The id that was in the draw")


class ReleaseEntryView(View):
    """Somebody's place in line."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    release_id: UUID
    state: ReleaseEntryState
    is_drawn: bool = Field(
        description="是否参加抽签；否则按加入先后排在后面 | Whether it is in the draw; else it "
        "comes after it, by arrival"
    )
    persons: int | None = Field(
        description="登记了几个人同来，最多约这么多人；没有问过的为空 | For how many people it is; "
        "no more can be booked by it. Null where nobody was asked"
    )
    number: int | None = Field(
        description="自己的号；抽签前为空 | The number; null until it is drawn"
    )
    ahead: int | None = Field(
        description="前面最多还有几位；抽签前和不再排队时为空 | How many come before at the most; "
        "null before the draw, and once the wait is over"
    )
    expected_minutes: int | None = Field(
        description="大约几分钟后轮到；说不准时为空 | About how many minutes it takes; null where "
        "nobody can say"
    )
    joined_at: datetime
    admitted_at: datetime | None
    expires_at: datetime | None = Field(description="请在此前预约 | Book before")
    appointment_id: UUID | None = Field(description="约上的预约 | What was booked")
    citizen: MaskedPerson | None = None
    version: int
