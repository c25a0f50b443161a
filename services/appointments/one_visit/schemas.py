"""One-visit figures: each with what it counts, out of how many, and of how many nobody knows."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from services.appointments.guides.models import CaseKind, LimitUnit, OnlineDepth
from shared.errors import Text
from shared.web.models import View


class VisitGrouping(StrEnum):
    """What a line stands for."""

    HALL = "hall"
    AREA = "area"
    ITEM = "item"
    AGENCY = "agency"
    MONTH = "month"


class Share(View):
    """So many of how many; null where there were none, never a made-up 0."""

    rate: float | None = Field(description="比率，0 到 1 | The rate, 0 to 1")
    count: int = Field(description="分子 | How many are meant")
    of: int = Field(description="分母：已知的 | Out of how many of which it is known")
    coverage: float | None = Field(
        description="覆盖率：已知的占全部的比例 | The part of all of which it is known"
    )


class Compression(View):
    """1 - promised / legal over items whose two limits are in the same unit."""

    unit: LimitUnit = Field(description="时限单位 | The unit of both limits")
    rate: float | None = Field(description="时限压缩率 | 1 - promised / legal")
    items: int = Field(description="事项数 | How many items")
    legal_total: int = Field(description="法定时限合计 | The legal limits together")
    promised_total: int = Field(description="承诺时限合计 | The promised limits together")


class VisitFigures(View):
    """A line of the table, or its total."""

    key: str | None = Field(
        description="大厅、区划、事项、部门或月份 | The hall, area, item, agency or month"
    )
    name: str | None = Field(description="名称 | What it is called")
    finished: int = Field(description="办结的号票 | Tickets that were finished")
    first_visit: Share
    items: int = Field(description="可办事项数 | How many items were offered")
    one_visit: Share
    online: Share
    end_to_end: Share
    instant: Share
    compression: list[Compression] = Field(
        description="时限压缩率，按单位分开 | The compression of time limits, by unit"
    )
    compression_unknown: int = Field(
        description="时限无法比较的事项数 | Items whose limits cannot be compared"
    )
    tickets: str = Field(description="这一行的号票明细 | Where the tickets of the line are listed")


class FigureDefinition(View):
    """What a figure means, in words."""

    figure: str
    name: str = Field(description="指标名称 | What the figure is called")
    text: str = Field(description="口径 | How it is counted")


class VisitFiguresView(View):
    """One-visit figures of halls over some days, with their definitions under the table."""

    from_on: date
    to_on: date
    by: VisitGrouping = Field(description="按什么分组 | Grouped by what")
    lines: list[VisitFigures] = Field(description="各组的数字 | The figures of each group")
    total: VisitFigures
    definitions: list[FigureDefinition] = Field(description="口径说明 | What the figures mean")


class VisitItem(View):
    """An item behind the figures, and what it counts for in each."""

    item_code: str
    item_name: str
    department_code: str
    department_name: str | None
    visits_needed: int
    visits_reason: str
    online_depth: OnlineDepth
    case_kind: CaseKind
    legal_limit: int | None
    legal_limit_unit: LimitUnit | None
    promised_limit: int | None
    promised_limit_unit: LimitUnit | None
    compression: float | None = Field(
        description="时限压缩率；无法比较的为空 | Null: not comparable"
    )
    not_comparable: str | None = Field(description="为什么无法比较 | Why the limits do not compare")


DEFINITIONS = {
    "first_visit": (
        Text("一次办结率", "Done in one visit"),
        Text(
            "本次到场即办成的号票 ÷ 结果已登记的办结号票（办成、需补正、不予办理）。"
            "再来一次办成的，"
            "前一次计为需补正、后一次计为办成；没有登记结果的不计入分母，见覆盖率。",
            "Tickets whose matter was done in this visit, of those finished with an outcome that"
            " is known (done, more needed, rejected). Who has to come again counts as one not done"
            " and one done; without an outcome it is left out, as the coverage says.",
        ),
    ),
    "one_visit": (
        Text("最多跑一次率", "At most one visit"),
        Text(
            "到办事现场次数不超过 1 的事项 ÷ 期内可办的全部事项；"
            "事项要素按现行登记，过去如何登记没有保存。",
            "Items that need at most one visit, out of all that were offered in the period; by what"
            " is registered of the items today, since what was registered before is not kept.",
        ),
    ),
    "online": (
        Text("可网办率", "Can be handled online"),
        Text(
            "网办深度三级（网上受理）及以上的事项 ÷ 全部事项。"
            "实际有多少人在网上办，本系统不知道，不作推算。",
            "Items that are taken up online or handled online from end to end, out of all. How many"
            " people do so is not known to this system, and is not guessed.",
        ),
    ),
    "end_to_end": (
        Text("全程网办率", "Online from end to end"),
        Text(
            "网办深度四级（全程网办）的事项 ÷ 全部事项。",
            "Items that are handled online from end to end, out of all.",
        ),
    ),
    "instant": (
        Text("即办率", "Done on the spot"),
        Text("办件类型为即办件的事项 ÷ 全部事项。", "Items that are done on the spot, out of all."),
    ),
    "compression": (
        Text("时限压缩率", "Compression of time limits"),
        Text(
            "1 − 承诺时限合计 ÷ 法定时限合计。只比较两个时限单位相同的事项，"
            "工作日、自然日、小时分开计，不折算；缺一个时限或单位不同的为“无法比较”，不计入。",
            "1 - promised / legal limits, each added up. Only items with both limits in one unit;"
            " working days, calendar days and hours apart, and never converted. Without a limit or"
            " in different units it is not comparable, and left out.",
        ),
    ),
}
