"""Devices as the API takes and gives them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, SecretStr

from services.appointments.devices.models import DeviceAccessState, PaperState
from services.appointments.directory.models import DeviceKind
from services.appointments.directory.schemas import Offer
from shared.web.models import Input, View

Fault = Literal["printer", "paper_jam", "card_reader", "camera", "touch_screen", "payment", "other"]
Key = Annotated[
    SecretStr,
    Field(max_length=64, description="登记时得到的密钥 | The key that enrolment gave"),
]
NEXT_SECONDS = 60
"""How often a device reports."""


class DeviceAccessAction(StrEnum):
    INVITE = "invite"
    ENROL = "enrol"
    REVOKE = "revoke"


class Condition(StrEnum):
    """Whether a machine can be used now; `unknown` is one that has never reported."""

    WORKING = "working"
    LIMITED = "limited"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


class EnrolmentCode(View):
    """Type it in at the device. It is shown this once."""

    device_id: UUID
    code: str = Field(description="一次性登记码 | The one-time code", examples=["7K2M9Q4ZB8C1D5E3"])
    expires_at: datetime
    version: int


class EnrolRequest(Input):
    """The code, as somebody typed it in at the device."""

    code: SecretStr = Field(
        max_length=40, description="管理员给出的一次性登记码 | The code that a manager gave out"
    )


class Enrolled(View):
    """Which device this is. The key is shown this once: the device keeps it."""

    device_id: UUID
    hall_code: str
    kind: DeviceKind = Field(description="设备种类 | What kind of device it is")
    name: str = Field(description="设备名称 | The device's name")
    key: str = Field(description="设备密钥，只出现这一次 | The key; it is shown this once")


class Heartbeat(Input):
    """How the device is, by itself."""

    key: Key
    paper: PaperState = Field(
        PaperState.UNKNOWN,
        description="纸张：充足、不足、用完；没有打印机或无法判断为 unknown"
        " | The paper; `unknown` without a printer or where it cannot tell",
    )
    faults: list[Fault] = Field(
        default_factory=list, max_length=7, description="现有的故障 | What does not work"
    )
    software: str | None = Field(
        None, max_length=64, pattern=r"^[\w.+-]+$", description="软件版本 | Version of the software"
    )


class HeartbeatTaken(View):
    """What the device should know: where it stands, what it offers, and the right time."""

    device_id: UUID
    hall_code: str
    name: str = Field(description="设备名称 | The device's name")
    offers: list[Offer]
    at: datetime = Field(description="系统时间，供设备对时 | The time, to set the clock by")
    next_seconds: int = Field(description="多少秒后再报 | Report again after so many seconds")
    renew: bool = Field(
        description="管理员已发新登记码，待输入以更换密钥"
        " | A code was given out: type it in to renew the key"
    )


class DeviceCare(View):
    """What those who look after the machine need to know."""

    state: DeviceAccessState | None = Field(
        description="登记状态，从未登记为空 | Enrolment; null where none was begun"
    )
    version: int = Field(description="登记的版本号 | The version of the enrolment")
    code_expires_at: datetime | None = Field(
        description="未使用的登记码何时失效 | When a code that was not used yet expires"
    )
    enrolled_at: datetime | None = Field(description="登记时间 | When it was enrolled")
    seen_at: datetime | None = Field(description="最后一次心跳 | Its last heartbeat")
    paper: PaperState = Field(description="纸张 | The paper")
    faults: list[str] = Field(description="现有的故障 | What does not work")
    software: str | None = Field(description="软件版本 | Version of the software")


class Machine(View):
    """A device of a hall, where it stands, and what can be done at it."""

    id: UUID
    hall_code: str
    kind: DeviceKind = Field(description="设备种类 | What kind of device it is")
    name: str = Field(description="设备名称 | The device's name")
    location: str
    zone: str | None
    window_no: int | None
    offers: list[Offer]
    available: list[Offer] = Field(
        description="现在能办的，缺纸、故障或离线的除外"
        " | What of it can be done now, by paper, faults and connection"
    )
    condition: Condition = Field(
        description="能用、部分能用、离线，从未报过为 unknown"
        " | In use, in part, offline; `unknown` where it never reported"
    )
    care: DeviceCare | None = Field(description="只有本大厅人员能看 | For the staff of the hall")
