"""Departments as an administrator sends them, and as everybody and the office read them."""

from typing import Annotated

from pydantic import ConfigDict, Field

from shared.security.personal import Phone
from shared.web.models import Prose, View, named, old_name_of

CODE = r"^[A-Z0-9-]{1,32}$"
DepartmentCode = Annotated[str, Field(pattern=CODE, examples=["D03"])]
_NAME_EN = named("name_en", formerly="english_name")


class DepartmentInput(Prose):
    """A department; `version` is that of the one to change, null for a new one."""

    name: str = Field(
        min_length=2, max_length=100, description="全称 | Its name.", examples=["住房和城乡建设局"]
    )
    english_name: str = Field(
        "",
        max_length=200,
        validation_alias=_NAME_EN,
        description="英文名称 | Its name in English.",
    )
    is_active: bool = Field(
        True, description="停用后不再接收新的来信 | An inactive one takes no new letters."
    )
    staff_names: list[Annotated[str, Field(min_length=2, max_length=50)]] | None = Field(
        None,
        max_length=2000,
        description="公开答复中可以出现的工作人员姓名；不带则保持不变"
        " | Names of staff that its answers may show; null leaves them as they are.",
        examples=[["沈一鸣"]],
    )
    numbers: list[Phone] | None = Field(
        None,
        max_length=100,
        description="本部门对外公布的电话，公开时不隐去；不带则保持不变"
        " | Its own telephone numbers, which no text hides; null leaves them as they are.",
        examples=[["0772-3812345"]],
    )
    version: int | None = Field(None, ge=1, description="所见的版本 | The version you saw.")


class DepartmentRow(Prose):
    """A line of an import file: an empty cell leaves what is there."""

    code: DepartmentCode
    name: str = Field(min_length=2, max_length=100)
    english_name: str | None = Field(None, max_length=200, validation_alias=_NAME_EN)
    is_active: bool | None = None
    staff_names: list[Annotated[str, Field(min_length=2, max_length=50)]] | None = Field(
        None, max_length=2000
    )
    numbers: list[Phone] | None = Field(None, max_length=100)


class DepartmentView(View):
    """A department that answers letters."""

    model_config = ConfigDict(from_attributes=True)

    code: str = Field(examples=["D03"])
    name: str = Field(examples=["住房和城乡建设局"])
    name_en: str
    is_active: bool
    numbers: list[str] = Field(description="对外公布的电话 | Its own telephone numbers")
    version: int

    @old_name_of("name_en")
    def english_name(self) -> str:
        return self.name_en


class StaffedDepartmentView(DepartmentView):
    """A department with the names of its staff that its answers may show."""

    staff_names: list[str]


class DepartmentImportResult(View):
    """What an import did, or would do."""

    dry_run: bool
    rows: int
    created: int
    updated: int
    unchanged: int
