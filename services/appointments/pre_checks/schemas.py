"""Pre-checks as the API takes and gives them."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from services.appointments.pre_checks.files import LARGEST_BODY
from services.appointments.pre_checks.models import FileKind, PreCheckState
from shared.errors import Text
from shared.web.models import Input, View

Numbers = Annotated[list[Annotated[int, Field(ge=1, le=60)]], Field(max_length=60)]
Note = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S")]
READY = (
    "手里已有的材料，按指南中的序号（从 1 起） | What you have, by its number in the guide, from 1"
)


class PreCheckIn(Input):
    """For which matter and hall, or for which appointment, and what is ready."""

    appointment_id: UUID | None = Field(
        None,
        description="已预约的写预约标识，不必再写大厅和事项 | Of an appointment; then no hall"
        " and item",
    )
    hall_code: str | None = Field(None, max_length=32, examples=["H001"])
    item_code: str | None = Field(None, max_length=64, examples=["PBOC-01"])
    ready: Numbers = Field(description=READY)
    note: Note | None = Field(
        None,
        description="想让经办人知道的，加密保存 | What the officer should know; kept encrypted",
    )

    @model_validator(mode="after")
    def _names_one_matter(self) -> Self:
        named = (self.hall_code is not None, self.item_code is not None)
        if named != ((self.appointment_id is None),) * 2:
            raise ValueError(
                Text(
                    "请写预约标识，或写大厅和事项，只用一种方式",
                    "Name the appointment, or hall and item; one way only",
                )
            )
        return self


class PreCheckAgain(Input):
    """What is ready now."""

    ready: Numbers = Field(description=READY)
    note: Note | None = Field(
        None,
        description="想让经办人知道的，加密保存 | What the officer should know; kept encrypted",
    )
    version: int | None = Field(None, ge=1, description="所见版本号 | The version that you saw")


class PreCheckWithdrawal(Input):
    """The version that was seen; not needed."""

    version: int | None = Field(None, ge=1, description="所见版本号 | The version that you saw")


class PreCheckAnswer(Input):
    """Complete; or all that is missing, at once (一次性告知, 行政许可法 art. 32); or where else."""

    outcome: Literal["complete", "missing", "elsewhere"] = Field(
        description="材料齐全、缺材料、不在本处办理 | Complete, something missing, not here"
    )
    missing: list[Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]] = Field(
        default_factory=list,
        max_length=50,
        description="一次列全所缺材料 | All that is missing, at once",
    )
    refer_to: str | None = Field(
        None,
        min_length=1,
        max_length=300,
        pattern=r"\S",
        description="去哪里办理：单位、地址、电话 | Where to go: unit, address, telephone",
    )
    note: Note | None = Field(
        None, description="给本人的说明，加密保存 | A word to the person; kept encrypted"
    )
    version: int | None = Field(None, ge=1, description="所见版本号 | The version that you saw")

    @model_validator(mode="after")
    def _says_what_belongs_to_it(self) -> Self:
        if (self.outcome == "missing") is not bool(self.missing):
            raise ValueError(
                Text(
                    "缺材料的须一次列全；其他答复不列材料",
                    "List all that is missing at once, and only then",
                )
            )
        if (self.outcome == "elsewhere") is not (self.refer_to is not None):
            raise ValueError(
                Text(
                    "不在本处办理的须写明去哪里办；其他答复不写",
                    "Say where it is dealt with, and only then",
                )
            )
        return self


class PreCheckFileIn(Input):
    """A picture or scan of one of the guide's materials."""

    material: int = Field(ge=1, le=60, description="材料在指南中的序号 | The material's number")
    content: str = Field(
        min_length=8,
        max_length=LARGEST_BODY,
        description="文件内容（Base64）：PDF、JPEG 或 PNG，不超过 3 MB | The file in Base64: PDF,"
        " JPEG or PNG, 3 MB at most",
    )


class PreCheckFileView(View):
    """A file that was added; its content is asked for by itself."""

    id: UUID
    number: int = Field(description="第几个文件 | Which file it is")
    material: int = Field(description="材料在指南中的序号 | The material's number")
    kind: FileKind = Field(description="文件种类 | What kind of file it is")
    size_bytes: int = Field(description="字节数 | How many bytes it has")
    added_at: datetime = Field(description="添加时间 | When it was added")


class CheckedMaterial(View):
    """A material of the guide, and whether the person has it."""

    number: int = Field(description="在指南中的序号 | Its number in the guide")
    name: str = Field(description="材料名称 | What it is")
    required: bool = Field(description="是否必要 | Whether it is needed in every case")
    may_follow: bool = Field(description="可容缺后补 | May be handed in later")
    is_ready: bool = Field(description="本人已备好 | The person has it")


class PreCheckView(View):
    """A pre-check as its person, the officer and the staff of the hall see it."""

    id: UUID
    hall_code: str
    item_code: str
    item_name: str = Field(description="事项名称 | What the item is called")
    department_code: str
    appointment_id: UUID | None
    guide_version: int = Field(description="所对照的指南版本 | The version of the guide")
    state: PreCheckState = Field(
        description="待预审、齐全、须补、不在本处、已撤回 | Waiting, complete, something missing,"
        " elsewhere or withdrawn"
    )
    materials: list[CheckedMaterial] = Field(
        description="指南要求的材料 | The materials of the guide"
    )
    files: list[PreCheckFileView] = Field(description="本人上传的文件 | What the person uploaded")
    note: str | None = Field(description="本人的说明 | What the person wrote")
    missing: list[str] = Field(description="还缺的全部材料 | All that is still missing")
    refer_to: str | None = Field(description="去哪里办理 | Where it is dealt with")
    answer_note: str | None = Field(description="经办人的说明 | What the officer wrote")
    submitted_at: datetime = Field(description="提交时间 | When it was submitted last")
    answered_at: datetime | None = Field(description="答复时间 | When it was answered")
    version: int
