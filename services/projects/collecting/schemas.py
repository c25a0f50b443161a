"""What the API takes and gives about runs."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from services.projects.collecting.models import RunKind, RunState
from services.projects.reading.readers import AnyRule
from shared.web.models import Input, View, old_name_of

MAX_TRIED = 10

Captures = Annotated[list[UUID], Field(max_length=MAX_TRIED)]


class DryRun(Input):
    """试采：用所给规则（缺省为现行规则）读一页，不落库 | Read one page, store nothing."""

    rule: AnyRule | None = None
    list_captures: Captures = Field(
        [],
        description="作为列表页试读的存证；指定存证时不访问网站"
        " | Captures to read as pages of the list; with captures the portal is not asked.",
    )
    page_captures: Captures = Field(
        [],
        description="作为条目网页试读的存证 | Captures to read as pages of items.",
    )


class RunStarted(View):
    run_id: UUID
    state: RunState

    @old_name_of("run_id")
    def run(self) -> UUID:
        return self.run_id


class RunRequest(Input):
    kind: RunKind = RunKind.FULL


class RunView(View):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    portal_id: str
    kind: RunKind
    state: RunState
    requested_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    pages: int = Field(description="读过的列表页数 | List pages read.")
    items: int = Field(description="列表上的条目数 | Entries met on them.")
    new_items: int
    details: int = Field(description="打开过的条目网页数 | Items' own pages asked for.")
    error_count: int
    errors: list[dict[str, Any]] = Field(
        description="前几个错误：网址、原因、说明；"
        "原因为 evidence_not_kept 的，是存证库不可用，运行稍后继续"
        " | The first of them: url, fault, detail; `evidence_not_kept`: the store of evidence could"
        " not be had, and the run goes on later."
    )
    list_complete: bool
    declared_pages: int | None = Field(
        description="列表自称的页数；分页而不标明页数的列表不能证明“未公开”"
        " | How many pages the list says it has; a list of pages that does not say proves nothing."
    )
    is_shifted: bool = Field(
        description="读取期间列表是否变动过 | Whether the list moved while it was read."
    )
    proves_absence: bool = Field(
        description="是否完整；与先前一次相互印证可证明未公开"
        " | Whether the walk was whole: with an earlier one it proves an absence."
    )
    rule_version: int
    version: int
