"""Many items with their guides at once: what is taken, and what becomes of each."""

from datetime import date
from typing import Literal

from pydantic import Field

from services.appointments.guides.schemas import Finding, GuideContent, ItemTerms
from shared.web.models import Input, View


class ImportedTerms(Input, ItemTerms):
    """An item as it shall be."""


class ImportedEntry(Input):
    """An item, and its guide if that is to be published too."""

    code: str = Field(pattern=r"^[A-Z0-9-]{2,64}$", description="事项编码 | The item's code")
    item: ImportedTerms = Field(description="事项要素 | The item's elements")
    guide: GuideContent | None = Field(
        None, description="办事指南，不写则不变 | Its guide; left out, it stays"
    )
    valid_from: date | None = Field(
        None, description="指南的生效日期，不写则立即生效 | When the guide comes into force"
    )


class ItemImport(Input):
    """Items of the implementation list (实施清单), each complete."""

    items: list[ImportedEntry] = Field(
        min_length=1, max_length=200, description="事项，一次至多 200 个 | At most 200 at once"
    )


class ImportedResult(View):
    """What becomes of an entry; with `errors` nothing does."""

    item_code: str
    item: Literal["new", "changed", "unchanged"] = Field(
        description="新增、修改或不变 | New, changed or as it was"
    )
    guide: Literal["published", "waiting", "unchanged", "none"] = Field(
        description="指南：已公布、待生效、不变或没有 | Published, waiting for its day, as it was,"
        " or none"
    )
    errors: list[Finding] = Field(description="须先改正的错误 | What must be corrected first")
    findings: list[Finding] = Field(
        description="不妨碍导入、但应补正之处 | What should be put right, but hinders nothing"
    )


class ItemsImported(View):
    """What an import did, or would do."""

    dry_run: bool = Field(description="只列出影响，没有写入 | Nothing was written")
    new_count: int = Field(description="新增的事项数 | How many items are new")
    changed_count: int = Field(description="修改的事项数 | How many items are changed")
    published_count: int = Field(description="公布的指南数 | How many guides are published")
    error_count: int = Field(description="有错误的事项数 | How many entries have errors")
    items: list[ImportedResult] = Field(description="逐个事项的结果 | The result of each entry")
