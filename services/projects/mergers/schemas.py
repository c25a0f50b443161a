"""Mergers as people and programs send and read them."""

from datetime import date

from pydantic import ConfigDict, Field

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


class MergerView(View):
    """A merger, and how many duties were taken over."""

    model_config = ConfigDict(from_attributes=True)

    unit_code: str
    successor_code: str
    merged_on: date
    document: str
    taken_over: int = Field(description="接续的公开义务数 | How many duties were taken over.")
