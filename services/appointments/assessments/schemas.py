"""How long services of one person take, beside others' of the same items."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.appointments.rated_services.schemas import RatingFigures
from shared.web.models import View


class TimeReading(StrEnum):
    """What a ratio says; that chance would do as well is the usual case."""

    TOO_FEW = "too_few"
    ALIKE = "alike"
    SHORTER = "shorter"
    LONGER = "longer"


class NotCompared(StrEnum):
    """Why a service is held against nothing: the others did too few of the item, or too few others
    did it, and what one colleague takes would be read off."""

    FEW_SERVICES = "few_services"
    FEW_PEOPLE = "few_people"


class AssessmentLine(View):
    """One person; in no order of merit. What rests on too few services is null."""

    account: str = Field(description="账户 | The account")
    clerk: str = Field(
        description="姓名，不知时为账户 | The name by which the windows were opened; the account"
        " where none is known"
    )
    cases: int = Field(description="办结数 | Services that the person finished")
    compared: int = Field(
        description="其中可比的：同事也常办的事项 | Of them, of items that others do as well"
    )
    of_few_people: int = Field(
        description="因办理这个事项的同事太少而不比较的：否则会看出个别同事的用时"
        " | Of them, left out because so few others do the item that the times of one would be read"
        " off"
    )
    minutes: float | None = Field(
        description="可比部分实际办理分钟数 | What the compared ones took altogether"
    )
    expected_minutes: float | None = Field(
        description="同样的事项由本厅其他人办理，按平均应需分钟数 | What the others of the hall"
        " would have taken for the same items on average"
    )
    ratio: float | None = Field(
        description="实际 ÷ 应需；1 即与同事相同 | What it took over what was to be expected;"
        " 1: the same as others"
    )
    low: float | None = Field(description="比值的可信区间下限 | The interval's lower end")
    high: float | None = Field(description="比值的可信区间上限 | The interval's upper end")
    reading: TimeReading = Field(
        description="数量太少、与同事无差别、较短、较长 | Too few to say, alike, shorter, longer"
    )
    advice: str = Field(
        description="如何理解 | How to take it",
        examples=["与同事没有可以分辨的差别"],
    )
    ratings: RatingFigures = Field(
        description="最近一个已计数季度的评价，不能逐条查看"
        " | Of the latest quarter that is counted; no rating can be read by itself"
    )
    ticket_rows: str = Field(
        description="查看所依据的每一次办理的地址 | Where each service behind it is",
        examples=["/api/v1/halls/H001/assessments/services?from=2026-12-01&to=2026-12-31"],
    )


class AssessmentsView(View):
    """The persons of a hall that the caller may see: all for its manager, else oneself."""

    hall_code: str
    from_on: date
    to_on: date
    policy_version: int = Field(
        description="所依规则的版本 | Of the booking policy that says how much is enough"
    )
    least_cases: int = Field(
        description="少于这么多次可比办理不作比较 | Of fewer compared services nothing is said"
    )
    least_of_others: int = Field(
        description="同事办理少于这么多次的事项不比较 | Items that the others did fewer of are left"
        " out"
    )
    least_others: int = Field(
        description="少于这么多位同事办理的事项不比较 | Items that fewer others did are left out"
    )
    least_ratings: int = Field(
        description="少于这么多条评价不作说明 | Of fewer ratings nothing is said"
    )
    ratings_from_on: date = Field(
        description="评价所属季度的第一天 | The first day of the quarter of the ratings"
    )
    ratings_to_on: date = Field(description="该季度的最后一天 | Its last day")
    confidence_percent: int = Field(description="区间的可信度 | How sure the interval is")
    how: str = Field(
        description="算法与用途 | How it is computed, and what it is for",
        examples=["实际办理时间与同事办理同样事项的平均时间之比"],
    )
    items: list[AssessmentLine]


class AssessedService(View):
    """One service behind the line of a person."""

    hall_seq: int = Field(description="大厅记录序号 | Its number in the hall's log")
    at: AwareDatetime = Field(description="办结时间 | When it was finished")
    ticket_id: UUID
    number: str
    item_code: str
    outcome: str | None
    minutes: float = Field(description="办理分钟数 | How long it took")
    expected_minutes: float | None = Field(
        description="同事办理这个事项的平均分钟数；不比较的为空 | What the others took on average;"
        " null where it is not compared"
    )
    not_compared: NotCompared | None = Field(
        description="不比较的原因：同事办得太少、办理的同事太少"
        " | Why it is not: the others did too few of it, or too few others did it"
    )
