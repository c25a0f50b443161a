from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime, Field

from services.feedback.ratings.schemas import Rate
from shared.web.models import View, old_name_of


class LetterGrouping(StrEnum):
    ALL = "all"
    DEPARTMENT = "department"
    KIND = "kind"
    CHANNEL = "channel"


class LetterFigures(View):
    """Figures of one group. What the public may not see is null: a group's figures altogether where
    it is `suppressed`, and each rate over fewer than 5.
    """

    key: str | None
    suppressed: bool
    received: int | None
    replied: int | None
    closed: int | None
    activities: int | None = Field(
        description="协调会、调研、会诊、出诊和电话 | Meetings, visits and calls"
    )
    registration_rate: Rate | None = Field(description="登办率＝登记÷收到 | registered / received")
    on_time_rate: Rate | None = Field(
        description="按期办结率＝限内答复÷（已答复＋到期未答复），含批准的延期"
        " | in time / (answered + open past the limit), approved extensions included"
    )
    on_time_rate_without_extension: Rate | None = Field(
        description="同上，按原期限 | The same by the first limit"
    )
    publication_rate: Rate | None = Field(
        description="办理公开率＝公开÷（已答复−依法不公开）"
        " | published / (answered - lawfully not publishable)"
    )
    rated_rate: Rate | None = Field(description="评价率＝评价÷已答复 | rated / answered")
    satisfied_rate: Rate | None = Field(
        description="满意率＝基本满意及以上÷评价数；未评价不计 | grades 5, 4, 3 / rated"
    )
    median_days: float | None = Field(description="答复用时中位数（日） | Median days to answer")
    slowest_tenth_days: float | None = Field(
        description="答复用时第九十百分位（日） | 90th percentile of days to answer"
    )


class LetterStatistics(View):
    """Counted over the letters received in a period, both days included."""

    from_on: date
    to_on: date
    group_by: LetterGrouping
    counted_at: AwareDatetime = Field(
        description="统计时间；公众版每月只统计一次 | When it was counted; a public month only once"
    )
    items: list[LetterFigures]

    @old_name_of("items")
    def rows(self) -> list[LetterFigures]:
        return self.items
