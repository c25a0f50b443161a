"""What is shown beside a rule: when its next day opens, and with what rules it overlaps."""

from datetime import date, datetime

from pydantic import Field

from services.appointments.slots.models import Pool
from shared.web.models import View


class NextSale(View):
    """When the next day's places come on sale, and which day that is."""

    opens_at: datetime
    on_date: date


class RuleOverlap(View):
    """Two rules that give places for the same items at the same times, as may be meant."""

    rule_code: str
    other_rule_code: str
    pool: Pool
    item_codes: list[str] = Field(description="两条规则都有的事项 | Items of both rules")
    first_at: datetime = Field(description="最早的重叠时间 | The first time that is of both")
    count: int = Field(description="重叠的时段对数 | Pairs of slots that overlap")
