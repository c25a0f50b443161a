"""Areas, agencies and where things stand, as the API takes and gives them."""

from datetime import date
from typing import Annotated

from fastapi import Path
from pydantic import ConfigDict, Field

from services.appointments.areas.models import PlacedKind
from services.appointments.directory.models import HallLevel
from shared.web.models import Day, Input, View

CODE = r"^[A-Z0-9-]{2,32}$"
AreaCode = Annotated[
    str, Path(pattern=CODE, description="区划代码 | The area's code", examples=["CITY-NJ"])
]
AgencyCode = Annotated[
    str, Path(pattern=CODE, description="部门代码 | The agency's code", examples=["PBOC"])
]


class AreaTerms(View):
    """What is known of an area."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(min_length=1, max_length=200, examples=["南京市"])
    name_en: str | None = Field(None, max_length=200)
    level: HallLevel = Field(description="省、市、县、乡镇 | Province, city, county or town")


class AreaIn(Input, AreaTerms):
    """A new area, or the next state of one."""

    version: int | None = Field(None, ge=1, description="新区划不填 | Leave out for a new one")
    dry_run: bool = Field(False, description="只试算，不写入 | Only say what would change")


class AgencyTerms(View):
    """What an agency is called."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(min_length=1, max_length=200, examples=["中国人民银行"])
    name_en: str | None = Field(None, max_length=200)


class AgencyIn(Input, AgencyTerms):
    """A new agency, or the next name of one."""

    version: int | None = Field(None, ge=1, description="新部门不填 | Leave out for a new one")
    dry_run: bool = Field(False, description="只试算，不写入 | Only say what would change")


class PlaceName(View):
    """An area, agency or hall by its code and its name."""

    code: str
    name: str


class PlaceView(View):
    """Under which area it stood on which days."""

    valid_from: date | None = Field(description="从哪天起；空为一直 | Since when; null: ever")
    valid_to: date | None = Field(
        description="到哪天为止，含当天；空为至今 | The last day, included; null: it goes on"
    )
    parent_code: str | None = Field(description="上级区划；空为没有 | The area; null: none")
    parent_name: str | None
    path: list[PlaceName] = Field(
        description="当日起自上而下的各级区划 | All areas above on the first day, the highest first"
    )


class AreaView(AreaTerms):
    """An area, and under which one it stands on the day."""

    code: str
    version: int
    parent_code: str | None = Field(description="当天的上级区划 | The area above on the day")
    parent_name: str | None


class AreaDetail(AreaView):
    """An area with its past and what stands under it on the day."""

    places: list[PlaceView] = Field(description="历次归属 | Where it stood and stands")
    areas: list[PlaceName] = Field(description="当天的下级区划 | The areas right under it")
    agencies: list[PlaceName] = Field(description="当天所属部门 | The agencies right under it")
    halls: list[PlaceName] = Field(description="当天所属大厅 | The halls right under it")


class AgencyView(AgencyTerms):
    """An agency, and under which area it stands on the day."""

    code: str
    version: int
    parent_code: str | None = Field(description="当天所属区划 | The area on the day")
    parent_name: str | None


class PutAreaView(AreaView):
    """An area as it was put, or would be."""

    changed: list[str] = Field(description="有变化的内容 | What changes", examples=[["name"]])
    dry_run: bool = Field(description="只试算，未写入 | Nothing was written")


class PutAgencyView(AgencyView):
    """An agency as it was put, or would be."""

    changed: list[str] = Field(description="有变化的内容 | What changes", examples=[["name"]])
    dry_run: bool = Field(description="只试算，未写入 | Nothing was written")


class Move(Input):
    """Under which area it stands from a day on, until the day before its next move."""

    parent_code: str | None = Field(
        None, pattern=CODE, description="归属的区划；空为不归属任何区划 | The area; null: none"
    )
    valid_from: Day = Field(description="从这一天起，可以是过去 | From this day on; it may be past")
    version: int | None = Field(None, ge=1, description="所见版本号 | The version that you saw")
    dry_run: bool = Field(False, description="只试算，不写入 | Only say what would change")


class MoveView(View):
    """A move, and all that it changes."""

    kind: PlacedKind = Field(description="区划、部门或大厅 | An area, agency or hall")
    code: str
    name: str
    before: list[PlaceView] = Field(
        description="这些天原来的归属 | Where it stood on these days before"
    )
    after: PlaceView = Field(description="改后的归属 | Where it stands on them now")
    halls: list[PlaceName] = Field(
        description="随之改变归属的大厅 | The halls whose days go along with it"
    )
    counted_days: int = Field(
        description="已统计的大厅日中，改计到新区划的天数"
        " | Days of halls already counted that count for the new area now"
    )
    counted_tickets: int = Field(
        description="这些天的取号数 | How many tickets were taken on these days"
    )
    version: int
    dry_run: bool = Field(description="只试算，未写入 | Nothing was written")
