"""Mergers as people and programs send and read them."""

from datetime import date

from pydantic import Field

from services.projects.register.models import UNIT_CODE
from shared.web.models import Input, View


class MergerInput(Input):
    """A unit becomes part of another one."""

    successor_code: str = Field(
        pattern=UNIT_CODE, description="并入的单位 | The unit that takes over.", examples=["D01"]
    )
    merged_on: date = Field(
        description="并入之日，自当日起由并入的单位公开 | From this day on the other one owes.",
        examples=["2026-03-16"],
    )
    document: str = Field(
        min_length=2,
        max_length=200,
        description="机构改革的文件名或文号 | The document that orders it.",
        examples=["宁编〔2026〕3号"],
    )
    version: int = Field(ge=1, description="所见的版本 | The version you saw.", examples=[1])


class MergerHandover(View):
    """What goes to the other unit besides the duties."""

    portals: int = Field(description="采集栏目数 | How many portals.")
    carriers: int = Field(description="公开载体数 | How many carriers.")
    releases: int = Field(
        description="未批准的发布登记数 | How many entries of the register not yet approved."
    )
    packs: int = Field(description="公开包数 | How many packs.")
    projects: int = Field(description="牵头的项目数 | How many projects that it leads.")


class MergerOpen(View):
    """What somebody has to end before the unit can merge."""

    orders: int = Field(description="未办结的整改数 | Orders that nobody has ended.")
    disputes: int = Field(description="未裁定的异议数 | Disputes that nobody has decided.")
    exemptions: int = Field(description="未决定的豁免数 | Exemptions that nobody has decided.")
    releases: int = Field(
        description="已批准未发布的登记数 | Entries of the register approved and not released."
    )


class MergerView(View):
    """A merger, or what it would do: how many duties were taken over, and what went with them."""

    unit_code: str
    successor_code: str
    merged_on: date
    document: str
    dry_run: bool
    taken_over: int = Field(description="接续的公开义务数 | How many duties were taken over.")
    handed_over: MergerHandover = Field(
        description="一并移交的 | What went to the other unit with them."
    )
    open_cases: MergerOpen = Field(
        description="须先办结的；试运行时列出，有则不能并入"
        " | What has to be ended first: a dry run says it, and nothing merges before."
    )
