"""Schemes of scoring as they are laid down and read, and what units would score by another."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from services.projects.catalogue.schemas import ItemCode
from services.projects.register.schemas import UnitCode
from services.projects.reports.models import PeriodKind
from shared.errors import Text
from shared.web.models import Input, View

Points = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Part = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
MOST_BONUS = 0.3
Bonus = Annotated[float, Field(ge=0, le=MOST_BONUS, allow_inf_nan=False)]
ItemWeight = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
Peers = Annotated[list[UnitCode], Field(min_length=1, max_length=2000)]
GroupName = Annotated[str, StringConstraints(min_length=1, max_length=40)]

_BANDS = Text("黄灯的下限不能高于绿灯的下限", "Yellow cannot begin above where green begins")
_BETTER_EARNS_LESS = Text(
    "更晚的、可信度更低的不能得得更多，请调整",
    "What is later or less certain cannot earn more; please change that",
)
_RECTIFIED_EARNS_LESS = Text(
    "责令后改正的不能比没有改正的得得少，请调整",
    "What was put right on order cannot earn less than what was not; please change that",
)
_RECTIFIED_EARNS_MORE = Text(
    "责令后改正的连同另加的不能超过全部，请调小",
    "What was put right on order cannot earn more than the whole, what is added included",
)
_MOST_BONUS = Text(
    "各项另加的合计不能超过三成，请调小", "All that is added cannot be more than three tenths"
)


class SchemeKind(StrEnum):
    """扣分制 takes points off a hundred; 得分制 gives them."""

    DEDUCTION = "deduction"
    MERIT = "merit"


class DeductionWeights(Input):
    """What a fault costs, up to the cap of its kind, and what places and lights go by."""

    overdue: Points = Field(5, description="每项逾期未公开扣几分 | Each overdue duty.")
    overdue_cap: Points = Field(60, description="逾期未公开最多扣几分 | At most.")
    late: Points = Field(2, description="每项逾期后公开扣几分 | Each late duty.")
    late_day: Points = Field(0.2, description="每再晚一天加扣几分 | Each further day.")
    late_cap: Points = Field(40, description="逾期后公开最多扣几分 | At most.")
    early: Points = Field(2, description="每项提前公开扣几分 | Each published too early.")
    early_cap: Points = Field(20, description="提前公开最多扣几分 | At most.")
    incomplete: Points = Field(1, description="每项要素不全扣几分 | Each incomplete one.")
    incomplete_cap: Points = Field(15, description="要素不全最多扣几分 | At most.")
    withdrawn: Points = Field(3, description="每项撤下扣几分 | Each taken down again.")
    withdrawn_cap: Points = Field(15, description="撤下最多扣几分 | At most.")
    min_n: int = Field(5, ge=1, le=1000, description="结论已知不到几项不排名 | Least known.")
    min_coverage: Share = Field(0.5, description="覆盖率不到多少不排名 | Least coverage.")
    green_from: Part = Field(0.9, description="绿灯下限 | The lower end of green.")
    yellow_from: Share = Field(0.75, description="黄灯下限 | The lower end of yellow.")

    @model_validator(mode="after")
    def _bands_in_order(self) -> Self:
        if self.yellow_from > self.green_from:
            raise ValueError(_BANDS)
        return self


def _sum(*shares: float) -> Decimal:
    """As people add what they wrote: 0.1 + 0.2 is 0.3."""
    return sum((Decimal(str(share)) for share in shares), Decimal(0))


class MeritWeights(Input):
    """What a duty earns: how timely, how complete, how certain, put right on order or not, and the
    bonus, three tenths of its weight at most."""

    early_bonus: Share = Field(
        0.1, description="全部期限都省下的另加几成 | More for the whole limit saved."
    )
    late_from: Part = Field(0.6, description="刚逾期的得几成 | What is just late earns.")
    late_least: Part = Field(0.05, description="再晚也得几成 | However late, at least.")
    withdrawn: Share = Field(0.3, description="撤下的得几成 | What was taken down earns.")
    too_early: Share = Field(0.3, description="提前公开的得几成 | What came too early earns.")
    trust_2: Part = Field(0.9, description="可信度2的折算 | The factor of trust 2.")
    trust_1: Part = Field(0.7, description="可信度1及以下的折算 | Of trust 1 or less.")
    least_share: Part = Field(0.1, description="要素再缺也算几成 | However incomplete, at least.")
    rectified: Part = Field(
        0.8,
        description="责令后重新公开、补齐要素的最多得几成；逾期未公开的，责令后公开的按超期天数计，同自行公开的一样"
        " | What was taken down or incomplete and put right on order earns at most; what was"
        " overdue earns by its days, as what came late by itself.",
    )
    bonus_rectified: Bonus = Field(
        0.1,
        description="在整改期限内改正的另加几成；逾期未公开的，在整改期限内公开的不另加，按责令当天的超期天数计"
        " | More if within the term of the order; what was overdue earns instead by the days that"
        " it was over on the day of the order.",
    )
    bonus_carriers: Bonus = Field(
        0.1, description="应登载的载体全部登载的另加几成 | More for appearing wherever it must."
    )
    bonus_interpretation: Bonus = Field(
        0.1, description="解读与政策同步的另加几成 | More for an interpretation in time."
    )

    @model_validator(mode="after")
    def _better_never_earns_less(self) -> Self:
        if self.late_least > self.late_from or self.trust_1 > self.trust_2:
            raise ValueError(_BETTER_EARNS_LESS)
        if self.rectified < max(self.late_from, self.withdrawn):
            raise ValueError(_RECTIFIED_EARNS_LESS)
        if _sum(self.rectified, self.bonus_rectified) > 1:
            raise ValueError(_RECTIFIED_EARNS_MORE)
        bonus = _sum(self.bonus_rectified, self.bonus_carriers, self.bonus_interpretation)
        if bonus > _sum(MOST_BONUS):
            raise ValueError(_MOST_BONUS)
        return self


class _SchemeOrder(Input):
    """A new version of a scheme."""

    basis: str = Field(
        min_length=2,
        max_length=300,
        description="依据的文件 | The document that it rests on.",
        examples=["宁政公开办〔2026〕5号"],
    )
    in_force_from: date = Field(
        le=date(2099, 12, 31),
        description="自哪天起施行，最早今天 | From which day on; today at the earliest.",
        examples=["2027-01-01"],
    )
    version: int = Field(
        ge=1, le=2**31 - 2, description="读到的最新版本 | The newest version that was read."
    )


class DeductionOrder(_SchemeOrder):
    """A new version of 扣分制, with the groups of peers that places are given in."""

    weights: DeductionWeights
    peer_groups: dict[
        GroupName, Annotated[list[UnitCode], Field(min_length=1, max_length=2000)]
    ] = Field(default_factory=dict, max_length=50)


class MeritOrder(_SchemeOrder):
    """A new version of 得分制, with the weights of items other than 1."""

    weights: MeritWeights
    item_weights: dict[ItemCode, ItemWeight] = Field(default_factory=dict, max_length=500)


class DeductionView(View):
    """A version of 扣分制."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    basis: str
    weights: dict[str, int | float]
    peer_groups: dict[str, list[str]]
    in_force_from: date


class MeritView(View):
    """A version of 得分制."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    basis: str
    weights: dict[str, int | float]
    item_weights: dict[str, float]
    in_force_from: date


class SchemesView(View):
    """All versions of both schemes, the newest first, and which of them are in force."""

    deduction: list[DeductionView]
    merit: list[MeritView]
    deduction_in_force: int = Field(
        description="现行扣分制的版本 | The version of deductions in force today."
    )
    merit_in_force: int = Field(
        description="现行得分制的版本 | The version of merits in force today."
    )


class ScoreView(View):
    """A unit's points and place in a report that was signed."""

    report_id: UUID
    year: int
    serial: int
    period_kind: PeriodKind
    from_on: date | None
    to_on: date | None
    as_of: date
    unit_code: str
    name: str
    name_en: str
    score: float | None
    merit_score: float | None
    rank: int | None
    peer_group: str | None
    peer_rank: int | None
    light: str
    rate: float | None
    interval: list[float] | None
    n: int


class WhatIf(Input):
    """Other weights, to be tried on what a report counted; nothing is kept."""

    report_id: UUID
    deduction: DeductionWeights | None = None
    merit: MeritWeights | None = None
    item_weights: dict[ItemCode, ItemWeight] | None = Field(None, max_length=500)


class WhatIfLine(View):
    """A unit's points and place as they are, and as they would be."""

    unit_code: str
    name: str
    score: float | None
    score_if: float | None
    merit_score: float | None
    merit_score_if: float | None
    rank: int | None
    rank_if: int | None
    light: str
    light_if: str


class WhatIfView(View):
    """A report's units by its own schemes and by others."""

    report_id: UUID
    units: list[WhatIfLine]
